_base_ = '_caltech101.py'
task = dict(name='caltech101-draw3', title='Caltech-101, 30 per class, draw 3')
data = dict(
    train=dict(ann_file='draws/train3.txt'),
    test=dict(ann_file='draws/test3.txt'),
)
