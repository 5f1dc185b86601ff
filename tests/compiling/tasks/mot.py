task = {
    'name': 'crossing',
    'kind': 'mot',
    'version': 1,
    'title': 'Persons at a crossing',
    'group': 'geometric-motion',
    'input_size': (320, 320),
    'classes': ('pedestrian',),
    'splits': {'train': 80, 'test': 40},
    'metric': 'HOTA',
    'metrics': ('IDF1', 'MOTA'),
    'budget': {'iterations': 100, 'batch_size': 4},
    'citation': 'nobody, nowhere',
    'licence': 'CC0-1.0',
    'origin': 'https://example.org/crossing',
}
data = {
    'root': 'crossing',
    'type': 'benchmark.MotFrames',
    'data_prefix': {'img_path': 'train'},
    'train': {'part': 'first'},
    'test': {'part': 'second'},
}
