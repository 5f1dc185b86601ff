_base_ = '_natural.py'
task = dict(
    name='voc2012-aug',
    title='VOC 2012 with extra annotations: 20 classes and background',
    classes=21,
    # counts: 1,464 images of VOC's train and the extra ones; val is every 20th of each
    splits=dict(train=10582, val=530, test=1449),
    citation='PASCAL VOC 2012; extra annotations by Hariharan et al.: ICCV 2011',
    licence='pictures under the terms of Flickr',
    # label maps and aug.txt by `tbench data convert sbd`
    origin='thor.robots.ox.ac.uk/pascal/VOC/voc2012; SBD: www2.eecs.berkeley.edu; val is tested',
)
data = dict(
    root='VOCdevkit/VOC2012',
    tree={
        'ImageSets/Segmentation/train.txt': 1,
        'ImageSets/Segmentation/aug.txt': 1,
        'ImageSets/Segmentation/val.txt': 1,
        'SegmentationClass/*.png': 2913,
        'JPEGImages/*.jpg': 17125,
    },
    train=dict(
        type='benchmark.Joined',
        of='mmseg.PascalVOCDataset',
        parts=(
            dict(
                ann_file='ImageSets/Segmentation/train.txt',
                data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
            ),
            dict(
                ann_file='ImageSets/Segmentation/aug.txt',
                data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
            ),
        ),
    ),
    val=dict(held_out=20),
    test=dict(
        type='mmseg.PascalVOCDataset',
        ann_file='ImageSets/Segmentation/val.txt',
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
    ),
)
