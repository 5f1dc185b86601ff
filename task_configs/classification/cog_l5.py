_base_ = '_cog.py'
task = dict(
    name='cog-l5',
    title='ImageNet-CoG level 5: concepts farthest from ImageNet-1k',
    group='semantic',
)
data = dict(
    tree={'cog_l5_train.txt': 1, 'cog_l5_test.txt': 1},
    train=dict(ann_file='cog_l5_train.txt'),
    test=dict(ann_file='cog_l5_test.txt'),
)
