_base_ = '_k12.py'
task = dict(
    name='caltech101',
    title='Caltech-101: objects, 30 training images per class',
    group='semantic',
    classes=102,
    # counts: Kornblith, Shlens, Le (arXiv 1805.08974), recalled; val is every 10th training image
    splits=dict(train=3060, val=306, test=6084),
    metric='mean_class_accuracy',
    metrics=('accuracy',),
    citation='Caltech-101 (Li, Fergus, Perona: CVIU 2007)',
    licence='CC BY 4.0',
    origin='data.caltech.edu: caltech-101.zip; lists by `tbench data convert caltech101`',
)
data = dict(
    root='caltech-101',
    type='mmpretrain.Caltech101',
    tree={
        'meta/train.txt': 1,
        'meta/test.txt': 1,
        '101_ObjectCategories/*/*.jpg': 9144,
    },
    train=dict(split='train'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
