_base_ = 'coco_pose.py'
# COCO's val2017 alone, split by the hash of its pictures' names, so that a gigabyte is enough.
task = dict(
    name='coco-val-pose',
    title='COCO val2017: key points of persons in annotated boxes, two fifths for training',
    # persons: estimated from 6,352 with key points in 2,346 pictures (recalled)
    splits=dict(train=2540, val=51, test=3810),
    estimated=('train', 'val', 'test'),
    citation='COCO (Lin et al.: ECCV 2014), val2017; not comparable with published scores',
    origin='cocodataset.org: val2017, annotations; `tbench data convert coco-val-pose`',
)
data = dict(
    tree={
        '_delete_': True,
        'annotations/person_keypoints_val2017_train.json': 1,
        'annotations/person_keypoints_val2017_test.json': 1,
        'val2017/*.jpg': 5000,
    },
    train=dict(
        ann_file='annotations/person_keypoints_val2017_train.json',
        data_prefix=dict(img='val2017/'),
    ),
    test=dict(
        _delete_=True,
        ann_file='annotations/person_keypoints_val2017_test.json',
        data_prefix=dict(img='val2017/'),
    ),
)
