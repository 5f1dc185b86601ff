_base_ = '_caltech101.py'
task = dict(name='caltech101-draw1', title='Caltech-101, 30 per class, draw 1')
data = dict(
    train=dict(ann_file='draws/train1.txt'),
    test=dict(ann_file='draws/test1.txt'),
)
