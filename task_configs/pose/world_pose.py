task = dict(
    name='world-pose',
    kind='pose',
    version=2,
    title='World: key points of creatures',
    group='geometric-motion',
    input_size=(128, 128),
    classes=('creature',),
    splits=dict(train=400, val=80, test=400),
    metric='PCK',
    metrics=('keypoint_AP', 'keypoint_AP50'),
    budget=dict(iterations=160, batch_size=8),
    options=dict(width=64, scale_jitter=(0.8, 1.25), rotation=20, pck_threshold=0.1),
    citation='procedural world, rendered by this project',
    licence='Apache-2.0',
    origin='rendered on first use',
)
data = dict(
    provider='world',
    root='scenes',
    type='benchmark.KeypointDataset',
    metainfo=dict(
        keypoints=(
            'nose', 'eye', 'neck', 'hip', 'tail_tip',
            'left_fore_knee', 'right_fore_knee', 'left_hind_knee', 'right_hind_knee',
            'left_fore_foot', 'right_fore_foot', 'left_hind_foot', 'right_hind_foot',
        ),
        skeleton=(
            (0, 1), (1, 2), (2, 3), (3, 4), (2, 5), (2, 6), (3, 7), (3, 8), (5, 9), (6, 10),
            (7, 11), (8, 12),
        ),
        flip_pairs=((5, 6), (7, 8), (9, 10), (11, 12)),
        sigmas=(0.05, 0.035, 0.08, 0.08, 0.07, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06),
    ),
    train=dict(ann_file='keypoints_train.json', data_prefix=dict(img='images/train/')),
    val=dict(ann_file='keypoints_val.json', data_prefix=dict(img='images/val/')),
    test=dict(ann_file='keypoints_test.json', data_prefix=dict(img='images/test/')),
)  # fmt: skip
