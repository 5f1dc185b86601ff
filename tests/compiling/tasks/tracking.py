task = {
    'name': 'tracking',
    'kind': 'tracking',
    'version': 1,
    'title': 'A small tracking',
    'group': 'geometric-motion',
    'input_size': (128, 128),
    'classes': ('creature',),
    'splits': {'train': 8, 'val': 4, 'test': 6},
    'metric': 'AO',
    'metrics': ('SR50',),
    'budget': {'iterations': 1000, 'batch_size': 8},
    'options': {'template_size': 64, 'width': 64, 'heads': 4, 'encoder_layers': 2, 'max_gap': 24},
    'citation': 'nobody',
    'licence': 'CC0-1.0',
    'origin': 'https://example.org',
}
data = {
    'root': 'tracking',
    'type': 'GOT10k',
    'train': {'ann_file': 'train/list.txt'},
    'val': {'ann_file': 'val/list.txt'},
    'test': {'ann_file': 'test/list.txt'},
}
