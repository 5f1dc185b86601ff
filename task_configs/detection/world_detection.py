task = dict(
    name='world-detection',
    kind='detection',
    version=2,
    title='World: creatures, boxes and masks',
    group='combined',
    input_size=(128, 128),
    # eleven classes, as in instances_*.json, are too many for this budget
    classes=('creature',),
    splits=dict(train=400, val=80, test=400),
    # in so few steps boxes are found but not yet tight: AP at stricter overlaps lies near its floor
    metric='box_AP50',
    metrics=('box_AP', 'mask_AP', 'mask_AP50'),
    budget=dict(iterations=130, batch_size=4),
    options=dict(
        width=64, anchor_scale=4, finest_scale=28, mask_convs=1, proposals=100, regions=64
    ),
    citation='procedural world, rendered by this project',
    licence='Apache-2.0',
    origin='rendered on first use',
)  # fmt: skip
data = dict(
    provider='world',
    root='scenes',
    type='mmdet.CocoDataset',
    train=dict(
        ann_file='keypoints_train.json',
        data_prefix=dict(img='images/train/'),
        filter_cfg=dict(filter_empty_gt=True),
    ),
    val=dict(ann_file='keypoints_val.json', data_prefix=dict(img='images/val/')),
    test=dict(ann_file='keypoints_test.json', data_prefix=dict(img='images/test/')),
)
