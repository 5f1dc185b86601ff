_base_ = '_caltech101.py'
task = dict(name='caltech101-draw0', title='Caltech-101, 30 per class, draw 0')
data = dict(
    train=dict(ann_file='draws/train0.txt'),
    test=dict(ann_file='draws/test0.txt'),
)
