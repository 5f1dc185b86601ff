_base_ = '_natural.py'
task = dict(
    name='pascal-context',
    title='Pascal Context: 59 classes, no background',
    input_size=(480, 480),
    classes=59,
    # counts: documentation of mmseg; val is every 20th training image
    splits=dict(train=4998, val=250, test=5105),
    options=dict(resize=(520, 520)),
    citation='Pascal Context (Mottaghi et al.: CVPR 2014)',
    licence='none stated; pictures under the terms of Flickr',
    # label maps and lists by mmseg's converter pascal_context.py
    origin='VOC 2010 and cs.stanford.edu/~roozbeh/pascal-context: trainval_merged.json',
)
data = dict(
    root='VOCdevkit/VOC2010',
    type='mmseg.PascalContextDataset59',
    data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassContext'),
    tree={
        'ImageSets/SegmentationContext/train.txt': 1,
        'ImageSets/SegmentationContext/val.txt': 1,
        'SegmentationClassContext/*.png': 10103,
        'JPEGImages/*.jpg': 11321,
    },
    train=dict(ann_file='ImageSets/SegmentationContext/train.txt'),
    val=dict(held_out=20),
    test=dict(ann_file='ImageSets/SegmentationContext/val.txt'),
)
