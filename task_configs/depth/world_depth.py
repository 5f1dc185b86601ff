task = dict(
    name='world-depth',
    kind='depth',
    version=2,
    title='World: depth of scenes',
    group='geometric-motion',
    input_size=(128, 128),
    classes=('depth',),
    splits=dict(train=400, val=80, test=400),
    metric='rmse',
    metrics=('abs_rel', 'log10', 'delta1', 'rmse_pooled'),
    budget=dict(iterations=100, batch_size=4),
    # metres; the mean is that of the training split, the sky has no depth
    options=dict(max_depth=10, mean_depth=3.2),
    citation='procedural world, rendered by this project',
    licence='Apache-2.0',
    origin='rendered on first use',
)
data = dict(
    provider='world',
    root='scenes',
    type='benchmark.DepthFolders',
    train=dict(data_prefix=dict(img_path='images/train', depth_path='depth/train')),
    val=dict(data_prefix=dict(img_path='images/val', depth_path='depth/val')),
    test=dict(data_prefix=dict(img_path='images/test', depth_path='depth/test')),
)
