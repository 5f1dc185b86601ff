_base_ = '_person.py'
task = dict(
    name='mpii',
    title='MPII: key points of persons',
    input_size=(256, 256),
    # counts: bearpaw/pytorch-pose, issue 25; val is every 20th training person, and the usual
    # validation persons (Tompson et al.) are tested
    splits=dict(train=22246, val=1113, test=2958),
    metric='PCKh',
    # boxes have sides of 200 times the annotated scale, and are padded by 1.25 as those of other
    # tasks; mmpose shifts no boxes and cuts no bodies here
    options=dict(rules='mpii', shift_prob=0, half_body=False),
    citation='MPII Human Pose (Andriluka et al.: CVPR 2014)',
    licence='simplified BSD (annotations)',
    # lists mpii_train.json, mpii_val.json, mpii_gt_val.mat of HRNet; `tbench data convert mpii`
    origin='human-pose.mpi-inf.mpg.de: mpii_human_pose_v1.tar.gz',
)
data = dict(
    root='mpii',
    data_prefix=dict(img='images/'),
    metainfo=dict(
        keypoints=(
            'right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle',
            'pelvis', 'thorax', 'upper_neck', 'head_top', 'right_wrist', 'right_elbow',
            'right_shoulder', 'left_shoulder', 'left_elbow', 'left_wrist',
        ),
        skeleton=(
            (0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9), (8, 12),
            (12, 11), (11, 10), (8, 13), (13, 14), (14, 15),
        ),
        flip_pairs=((0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13)),
        upper_body=(7, 8, 9, 10, 11, 12, 13, 14, 15),
        # unused by PCKh; mmpose's
        sigmas=(
            0.089, 0.083, 0.107, 0.107, 0.083, 0.089, 0.026, 0.026, 0.026, 0.026, 0.062, 0.072,
            0.179, 0.179, 0.072, 0.062,
        ),
    ),
    tree={
        'annotations/train.json': 1,
        'annotations/val.json': 1,
        'images/*.jpg': 24984,
    },
    train=dict(ann_file='annotations/train.json'),
    val=dict(held_out=20),
    test=dict(ann_file='annotations/val.json'),
)  # fmt: skip
