# What tasks on the boxes and masks of COCO 2017 share.
task = dict(
    kind='detection',
    version=1,
    group='combined',
    classes=80,
    # counts: 118,287 training images less 1,021 without objects; val is every 50th of them
    splits=dict(train=117266, val=2346, test=5000),
    metric='box_AP',
    metrics=('mask_AP', 'box_AP50', 'box_AP75', 'mask_AP50', 'mask_AP75'),
    citation='COCO (Lin et al.: ECCV 2014), 2017 splits',
    licence='CC BY 4.0 (annotations); pictures under the terms of Flickr',
    origin='cocodataset.org: train2017, val2017, annotations_trainval2017; val2017 is tested',
)
data = dict(
    root='coco',
    type='mmdet.CocoDataset',
    tree={
        'annotations/instances_train2017.json': 1,
        'annotations/instances_val2017.json': 1,
        'train2017/*.jpg': 118287,
        'val2017/*.jpg': 5000,
    },
    train=dict(
        ann_file='annotations/instances_train2017.json',
        data_prefix=dict(img='train2017/'),
        filter_cfg=dict(filter_empty_gt=True),
    ),
    val=dict(held_out=50),
    test=dict(ann_file='annotations/instances_val2017.json', data_prefix=dict(img='val2017/')),
)
