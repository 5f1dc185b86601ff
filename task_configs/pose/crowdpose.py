_base_ = '_person.py'
task = dict(
    name='crowdpose',
    title='CrowdPose: key points of persons in crowds, boxes of a detector',
    # counts: some 80,000 persons in 20,000 images (paper), 12,000 of which train; the boxes of the
    # 8,000 test images are of no known number; val is every 20th training person
    splits=dict(train=48000, val=2400, test=30000),
    estimated=('train', 'val', 'test'),
    metric='keypoint_AP',
    metrics=(
        'keypoint_AP50',
        'keypoint_AP75',
        'crowd_AP_easy',
        'crowd_AP_medium',
        'crowd_AP_hard',
    ),
    options=dict(rules='crowdpose'),
    citation='CrowdPose (Li et al.: CVPR 2019, arXiv 1812.00324)',
    licence='none stated; research use',
    # sizes by `tbench data convert crowdpose`; the boxes come with mmpose's annotations
    origin='github.com/Jeff-sjtu/CrowdPose: images, crowdpose_trainval.json, crowdpose_test.json',
)
data = dict(
    root='crowdpose',
    data_prefix=dict(img='images/'),
    metainfo=dict(
        keypoints=(
            'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist',
            'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle',
            'right_ankle', 'top_head', 'neck',
        ),
        skeleton=(
            (10, 8), (8, 6), (11, 9), (9, 7), (6, 7), (0, 6), (1, 7), (0, 1), (0, 2), (1, 3),
            (2, 4), (3, 5), (12, 13), (1, 13), (0, 13),
        ),
        flip_pairs=((0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)),
        upper_body=(0, 1, 2, 3, 4, 5, 12, 13),
        sigmas=(
            0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
            0.079, 0.079,
        ),
    ),
    tree={
        'annotations/trainval.json': 1,
        'annotations/test.json': 1,
        'annotations/det_for_crowd_test_0.1_0.5.json': 1,
        'images/*.jpg': 20000,
    },
    train=dict(ann_file='annotations/trainval.json'),
    val=dict(held_out=20),
    test=dict(
        ann_file='annotations/test.json',
        bbox_file='{data}/annotations/det_for_crowd_test_0.1_0.5.json',
    ),
)  # fmt: skip
