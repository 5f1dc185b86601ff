# What the segmentation tasks on photographs share; crop and scales are mmseg's.
task = dict(
    kind='segmentation',
    version=1,
    group='semantic',
    input_size=(512, 512),
    metric='mIoU',
    metrics=('mAcc', 'aAcc'),
    options=dict(resize=(512, 2048), scale_jitter=(0.5, 2.0), photometric=True),
)
