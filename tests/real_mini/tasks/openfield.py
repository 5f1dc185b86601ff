task = dict(
    name='openfield',
    kind='pose',
    version=1,
    title='Open-field mouse, 4 key points',
    group='geometric-motion',
    input_size=(128, 128),
    classes=('mouse',),
    splits=dict(train=80, val=12, test=24),
    metric='keypoint_AP',
    metrics=('keypoint_AP50', 'keypoint_AP75', 'PCK'),
    film=r'^(img)\d',
    budget=dict(iterations=150, batch_size=8),
    options=dict(width=64, scale_jitter=(0.75, 1.25)),
    citation='DeepLabCut open-field example (Pranav Mamidanna, 2018)',
    licence='LGPL-3.0 (repository)',
    origin='development pack: pose/openfield',
)
data = dict(
    variable='TBENCH_REAL_MINI',
    root='pose/openfield',
    type='benchmark.KeypointDataset',
    data_prefix=dict(img='images/'),
    # no sigmas are published for this set: 0.05 for each is our choice
    metainfo=dict(
        keypoints=('snout', 'leftear', 'rightear', 'tailbase'),
        skeleton=((0, 1), (0, 2), (1, 2), (1, 3), (2, 3)),
        flip_pairs=((1, 2),),
        sigmas=0.05,
    ),
    train=dict(ann_file='annotations/train.json'),
    val=dict(ann_file='annotations/val.json'),
    test=dict(ann_file='annotations/test.json'),
)
