_base_ = '_cog.py'
task = dict(
    name='cog-l2',
    title='ImageNet-CoG level 2: concepts near ImageNet-1k',
    group='semantic',
)
data = dict(
    tree={'cog_l2_train.txt': 1, 'cog_l2_test.txt': 1},
    train=dict(ann_file='cog_l2_train.txt'),
    test=dict(ann_file='cog_l2_test.txt'),
)
