_base_ = '_person.py'
task = dict(
    name='coco-pose',
    title='COCO: key points of persons, boxes of a detector',
    # counts: 149,813 annotated persons, 104,125 detected boxes (logs of HRNet, recalled); val is
    # every 50th training person
    splits=dict(train=149813, val=2997, test=104125),
    metric='keypoint_AP',
    metrics=('keypoint_AP50', 'keypoint_AP75'),
    citation='COCO (Lin et al.: ECCV 2014), 2017 splits; boxes of Xiao et al.: ECCV 2018',
    licence='CC BY 4.0 (annotations); pictures under the terms of Flickr',
    # the boxes come with github.com/leoxiaobo/deep-high-resolution-net.pytorch
    origin='cocodataset.org: train2017, val2017, annotations_trainval2017; val2017 is tested',
)
data = dict(
    root='coco',
    metainfo=dict(
        keypoints=(
            'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder',
            'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip',
            'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
        ),
        skeleton=(
            (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7),
            (6, 8), (7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
        ),
        flip_pairs=((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)),
        upper_body=(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        sigmas=(
            0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107,
            0.107, 0.087, 0.087, 0.089, 0.089,
        ),
    ),
    tree={
        'annotations/person_keypoints_train2017.json': 1,
        'annotations/person_keypoints_val2017.json': 1,
        'person_detection_results/COCO_val2017_detections_AP_H_56_person.json': 1,
        'train2017/*.jpg': 118287,
        'val2017/*.jpg': 5000,
    },
    train=dict(
        ann_file='annotations/person_keypoints_train2017.json', data_prefix=dict(img='train2017/')
    ),
    val=dict(held_out=50),
    test=dict(
        ann_file='annotations/person_keypoints_val2017.json',
        bbox_file='{data}/person_detection_results/COCO_val2017_detections_AP_H_56_person.json',
        data_prefix=dict(img='val2017/'),
    ),
)  # fmt: skip
