_base_ = 'voc_detection.py'
# A thousand pictures of VOC 2007's trainval, chosen by the hash of their names; its whole test.
task = dict(
    name='voc-detection-1k',
    title='VOC 2007: boxes of 20 classes, 1,000 training pictures',
    input_size=(416, 672),
    # val is every 10th of them
    splits=dict(train=1000, val=100, test=4952),
    options=dict(short_sides=(320, 352, 384, 416, 448, 480)),
    origin='thor.robots.ox.ac.uk/pascal/VOC: trainval and test of 2007',
)
data = dict(
    tree={
        '_delete_': True,
        'VOC2007/Annotations/*.xml': 9963,
        'VOC2007/JPEGImages/*.jpg': 9963,
    },
    train=dict(
        _delete_=True,
        type='mmdet.VOCDataset',
        ann_file='VOC2007/ImageSets/Main/trainval.txt',
        data_prefix=dict(sub_data_root='VOC2007/'),
        filter_cfg=dict(filter_empty_gt=True),
        chosen=1000,
    ),
    val=dict(_delete_=True, held_out=10),
)
