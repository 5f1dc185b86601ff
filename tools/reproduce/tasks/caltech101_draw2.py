_base_ = '_caltech101.py'
task = dict(name='caltech101-draw2', title='Caltech-101, 30 per class, draw 2')
data = dict(
    train=dict(ann_file='draws/train2.txt'),
    test=dict(ann_file='draws/test2.txt'),
)
