# What the tasks on key points of boxed persons share; crop and augmentation are mmpose's, where
# rotation=80 stands for the 40 of older recipes. How heat maps are coded is a matter of the recipe.
task = dict(
    kind='pose',
    version=2,
    group='geometric-motion',
    input_size=(256, 192),
    classes=('person',),
    options=dict(flip_test=True, rotation=80, loss_weight=1),
)
data = dict(type='benchmark.KeypointDataset')
