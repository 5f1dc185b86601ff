task = {
    'name': 'depth',
    'kind': 'depth',
    'version': 1,
    'title': 'A small depth estimation',
    'group': 'geometric-motion',
    'input_size': (96, 128),
    'classes': ('depth',),
    'splits': {'train': 8, 'val': 4, 'test': 6},
    'metric': 'rmse',
    'metrics': ('abs_rel',),
    'budget': {'iterations': 1000, 'batch_size': 8},
    'options': {'max_depth': 10, 'mean_depth': 3.5},
    'citation': 'nobody',
    'licence': 'CC0-1.0',
    'origin': 'https://example.org',
}
data = {
    'root': 'depth',
    'type': 'benchmark.DepthFolders',
    'train': {'data_prefix': {'img_path': 'images/train', 'depth_path': 'depth/train'}},
    'val': {'data_prefix': {'img_path': 'images/val', 'depth_path': 'depth/val'}},
    'test': {'data_prefix': {'img_path': 'images/test', 'depth_path': 'depth/test'}},
}
