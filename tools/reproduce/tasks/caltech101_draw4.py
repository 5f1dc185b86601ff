_base_ = '_caltech101.py'
task = dict(name='caltech101-draw4', title='Caltech-101, 30 per class, draw 4')
data = dict(
    train=dict(ann_file='draws/train4.txt'),
    test=dict(ann_file='draws/test4.txt'),
)
