_base_ = '_coco.py'
task = dict(
    name='lvis',
    title='LVIS v1: 1,203 classes with a long tail',
    version=2,
    input_size=(1024, 1024),
    classes=1203,
    # counts: documentation of LVIS v1, recalled; val is every 50th training image
    splits=dict(train=100170, val=2004, test=19809),
    metric='mask_AP',
    metrics=('mask_APr', 'mask_APc', 'mask_APf', 'box_AP', 'box_APr'),
    options=dict(
        rules='lvis', max_detections=300, score_threshold=0.02, large_scale_jitter=(0.1, 2.0),
        repeat_threshold=0.001, federated=True,
    ),
    citation='LVIS (Gupta, Dollár, Girshick: CVPR 2019), version 1.0',
    origin='lvisdataset.org: lvis_v1_train.json, lvis_v1_val.json; pictures of COCO; val is tested',
)  # fmt: skip
data = dict(
    type='benchmark.LvisDataset',
    tree={
        '_delete_': 1,
        'annotations/lvis_v1_train.json': 1,
        'annotations/lvis_v1_val.json': 1,
        'train2017/*.jpg': 118287,
        'val2017/*.jpg': 5000,
    },
    train=dict(
        ann_file='annotations/lvis_v1_train.json',
        data_prefix=dict(img=''),
        filter_cfg=dict(filter_empty_gt=False),
    ),
    test=dict(ann_file='annotations/lvis_v1_val.json', data_prefix=dict(img='')),
)
