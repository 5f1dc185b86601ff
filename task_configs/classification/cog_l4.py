_base_ = '_cog.py'
task = dict(
    name='cog-l4',
    title='ImageNet-CoG level 4: concepts far from ImageNet-1k',
    group='semantic',
)
data = dict(
    tree={'cog_l4_train.txt': 1, 'cog_l4_test.txt': 1},
    train=dict(ann_file='cog_l4_train.txt'),
    test=dict(ann_file='cog_l4_test.txt'),
)
