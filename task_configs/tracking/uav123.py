_base_ = '_union.py'
task = dict(
    name='uav123',
    version=2,
    title='UAV123: following an object from the air',
    # UAV123 (paper): 123 sequences
    splits=dict(test=123),
    metrics=('precision', 'norm_precision'),
    options=dict(toolkit='uav123'),
    citation='UAV123 (Mueller, Smith, Ghanem: ECCV 2016)',
    licence='none stated; research use',
    origin='cemse.kaust.edu.sa/ivul/uav123; `tbench data convert uav123`',
)
data = dict(
    tree={'uav123/test/list.txt': 1, 'uav123/test/*/groundtruth.txt': 123},
    test=dict(ann_file='uav123/test/list.txt'),
)
