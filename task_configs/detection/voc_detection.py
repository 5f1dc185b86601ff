task = dict(
    name='voc-detection',
    kind='detection',
    version=1,
    title='VOC 2007 and 2012: boxes of 20 classes',
    group='combined',
    input_size=(800, 1333),
    classes=20,
    # counts: 5,011 + 11,540 training images, 4,952 test images of VOC 2007; val is every 20th
    splits=dict(train=16551, val=828, test=4952),
    metric='VOC_AP50',
    metrics=('VOC_AP', 'VOC_AP75'),
    # as MoCo (arXiv 1911.05722) resizes
    options=dict(
        masks=False, rules='voc',
        short_sides=(480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800),
    ),
    citation='PASCAL VOC (Everingham et al.: IJCV 2010)',
    licence='pictures under the terms of Flickr',
    origin='thor.robots.ox.ac.uk/pascal/VOC: trainval of 2007 and 2012, test of 2007',
)  # fmt: skip
data = dict(
    root='VOCdevkit',
    tree={
        'VOC2007/Annotations/*.xml': 9963,
        'VOC2007/JPEGImages/*.jpg': 9963,
        'VOC2012/ImageSets/Main/trainval.txt': 1,
        'VOC2012/Annotations/*.xml': 17125,
        'VOC2012/JPEGImages/*.jpg': 17125,
    },
    train=dict(
        type='benchmark.Joined',
        of='mmdet.VOCDataset',
        ignore_keys=('dataset_type',),
        filter_cfg=dict(filter_empty_gt=True),
        parts=(
            dict(
                ann_file='VOC2007/ImageSets/Main/trainval.txt',
                data_prefix=dict(sub_data_root='VOC2007/'),
            ),
            dict(
                ann_file='VOC2012/ImageSets/Main/trainval.txt',
                data_prefix=dict(sub_data_root='VOC2012/'),
            ),
        ),
    ),
    val=dict(held_out=20),
    test=dict(
        type='mmdet.VOCDataset',
        ann_file='VOC2007/ImageSets/Main/test.txt',
        data_prefix=dict(sub_data_root='VOC2007/'),
    ),
)
