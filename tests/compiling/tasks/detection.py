task = {
    'name': 'detection',
    'kind': 'detection',
    'version': 2,
    'title': 'A small detection',
    'group': 'combined',
    'input_size': (96, 128),
    'classes': ('rock', 'plant', 'crate'),
    'splits': {'train': 8, 'test': 6},
    'metric': 'mask_AP',
    'metrics': ('box_AP',),
    'budget': {'iterations': 1000, 'batch_size': 2},
    'options': {'width': 64, 'anchor_scale': 4},
    'citation': 'nobody',
    'licence': 'CC0-1.0',
    'origin': 'https://example.org',
}
data = {
    'root': 'detection',
    'type': 'mmdet.CocoDataset',
    'data_prefix': {'img': 'images/'},
    'train': {'ann_file': 'train.json'},
    'test': {'ann_file': 'test.json'},
}
