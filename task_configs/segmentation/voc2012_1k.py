_base_ = 'voc2012_aug.py'
# A thousand pictures of VOC 2012's train, chosen by the hash of their names; its whole val.
task = dict(
    name='voc2012-1k',
    title='VOC 2012: 20 classes and background, 1,000 training pictures',
    # val is every 10th of them
    splits=dict(train=1000, val=100, test=1449),
    citation='PASCAL VOC 2012 (Everingham et al.: IJCV 2015)',
    origin='thor.robots.ox.ac.uk/pascal/VOC/voc2012: train and val; val is tested',
)
data = dict(
    tree={
        '_delete_': True,
        'ImageSets/Segmentation/train.txt': 1,
        'ImageSets/Segmentation/val.txt': 1,
        'SegmentationClass/*.png': 2913,
        'JPEGImages/*.jpg': 17125,
    },
    train=dict(
        _delete_=True,
        type='mmseg.PascalVOCDataset',
        ann_file='ImageSets/Segmentation/train.txt',
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        chosen=1000,
    ),
    val=dict(_delete_=True, held_out=10),
)
