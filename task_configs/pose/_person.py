# What the tasks on key points of boxed persons share; crop and augmentation are ViTPose's.
task = dict(
    kind='pose',
    version=1,
    group='geometric-motion',
    input_size=(256, 192),
    classes=('person',),
    options=dict(udp=True, flip_test=True),
)
data = dict(type='benchmark.KeypointDataset')
