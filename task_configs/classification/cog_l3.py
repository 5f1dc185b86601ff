_base_ = '_cog.py'
task = dict(
    name='cog-l3',
    title='ImageNet-CoG level 3: concepts of medium distance to ImageNet-1k',
    group='semantic',
)
data = dict(
    tree={'cog_l3_train.txt': 1, 'cog_l3_test.txt': 1},
    train=dict(ann_file='cog_l3_train.txt'),
    test=dict(ann_file='cog_l3_test.txt'),
)
