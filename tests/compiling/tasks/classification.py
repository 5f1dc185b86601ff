task = {
    'name': 'classification',
    'kind': 'classification',
    'version': 1,
    'title': 'A small classification',
    'group': 'fine-grained',
    'input_size': (96, 128),
    'classes': ('left', 'right'),
    'splits': {'train': 8, 'val': 4, 'test': 6},
    'metric': 'accuracy',
    'metrics': ('mean_class_accuracy',),
    'budget': {'iterations': 1000, 'batch_size': 16},
    'options': {'flip': False, 'crop_range': (0.5, 1.0), 'test_crop': 0.5},
    'citation': 'nobody',
    'licence': 'CC0-1.0',
    'origin': 'https://example.org',
}
data = {
    'root': 'classification',
    'type': 'mmpretrain.CustomDataset',
    'train': {'data_prefix': 'train'},
    'val': {'data_prefix': 'val'},
    'test': {'data_prefix': 'test'},
}
