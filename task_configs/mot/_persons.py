# What the tasks on following many persons share; size and crops are mmdet's.
task = dict(
    kind='mot',
    version=1,
    group='geometric-motion',
    input_size=(1088, 1088),
    classes=('pedestrian',),
    metric='HOTA',
    metrics=('IDF1', 'MOTA', 'DetA', 'AssA'),
)
data = dict(type='benchmark.MotFrames')
