_base_ = '_k12.py'
task = dict(
    name='voc2007',
    title='VOC 2007: objects, several per image',
    group='semantic',
    classes=20,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=5011, val=502, test=4952),
    metric='mAP11',
    metrics=('mAP',),
    options=dict(multi_label=True),
    citation='PASCAL VOC 2007 (Everingham et al.: IJCV 2010)',
    licence='terms of Flickr; research use',
    origin='thor.robots.ox.ac.uk/pascal/VOC/voc2007: trainval, test',
)
data = dict(
    root='VOCdevkit/VOC2007',
    type='mmpretrain.VOC',
    # its images are shared with the detection task
    test_mode=False,
    tree={
        'ImageSets/Main/trainval.txt': 1,
        'ImageSets/Main/test.txt': 1,
        'JPEGImages/*.jpg': 9963,
        'Annotations/*.xml': 9963,
    },
    train=dict(split='trainval'),
    val=dict(held_out=10),
    test=dict(split='test', test_mode=True),
)
