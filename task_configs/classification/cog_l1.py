_base_ = '_cog.py'
task = dict(
    name='cog-l1',
    title='ImageNet-CoG level 1: concepts nearest to ImageNet-1k',
    group='semantic',
)
data = dict(
    tree={'cog_l1_train.txt': 1, 'cog_l1_test.txt': 1},
    train=dict(ann_file='cog_l1_train.txt'),
    test=dict(ann_file='cog_l1_test.txt'),
)
