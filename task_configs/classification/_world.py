# What the two classification tasks on the procedural world share.
task = dict(
    kind='classification',
    version=2,
    input_size=(128, 128),
    metric='accuracy',
    metrics=('mean_class_accuracy',),
    budget=dict(iterations=60, batch_size=16),
    options=dict(crop_range=(0.6, 1.0)),
    citation='procedural world, rendered by this project',
    licence='Apache-2.0',
    origin='rendered on first use',
)
data = dict(
    provider='world',
    type='benchmark.ImageFolders',
    train=dict(data_prefix='train'),
    val=dict(data_prefix='val'),
    test=dict(data_prefix='test'),
)
