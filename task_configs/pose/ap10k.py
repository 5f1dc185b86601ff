_base_ = '_person.py'
task = dict(
    name='ap10k',
    title='AP-10K: key points of 54 animal species',
    input_size=(256, 256),
    classes=('animal',),
    # counts: animals of split 1, data card of tlpss/ap10k-cropped-512x512
    splits=dict(train=9122, val=1272, test=2634),
    metric='keypoint_AP',
    metrics=('keypoint_AP50', 'keypoint_AP75', 'PCK'),
    citation='AP-10K (Yu et al.: NeurIPS 2021, arXiv 2108.12617), split 1',
    licence='CC BY 4.0',
    origin='github.com/AlexTheBad/AP-10K: annotations and data',
)
data = dict(
    root='ap-10k',
    data_prefix=dict(img='data/'),
    metainfo=dict(
        keypoints=(
            'left_eye', 'right_eye', 'nose', 'neck', 'tail_root', 'left_shoulder', 'left_elbow',
            'left_fore_paw', 'right_shoulder', 'right_elbow', 'right_fore_paw', 'left_hip',
            'left_knee', 'left_hind_paw', 'right_hip', 'right_knee', 'right_hind_paw',
        ),
        skeleton=(
            (0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (5, 6), (6, 7), (3, 8), (8, 9),
            (9, 10), (4, 11), (11, 12), (12, 13), (4, 14), (14, 15), (15, 16),
        ),
        flip_pairs=((0, 1), (5, 8), (6, 9), (7, 10), (11, 14), (12, 15), (13, 16)),
        upper_body=(0, 1, 2, 3, 5, 6, 7, 8, 9, 10),
        sigmas=(
            0.025, 0.025, 0.026, 0.035, 0.035, 0.079, 0.072, 0.062, 0.079, 0.072, 0.062, 0.107,
            0.087, 0.089, 0.107, 0.087, 0.089,
        ),
    ),
    tree={'annotations/ap10k-*-split1.json': 3, 'data/*.jpg': 10015},
    train=dict(ann_file='annotations/ap10k-train-split1.json'),
    val=dict(ann_file='annotations/ap10k-val-split1.json'),
    test=dict(ann_file='annotations/ap10k-test-split1.json'),
)  # fmt: skip
