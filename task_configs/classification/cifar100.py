_base_ = '_folders.py'
task = dict(
    name='cifar100',
    title='CIFAR-100: 100 kinds of tiny pictures',
    group='semantic',
    classes=100,
    # counts: the data set page; val is every 10th training image
    splits=dict(train=50000, val=5000, test=10000),
    # pictures of 32 px, enlarged whole
    options=dict(test_crop=1.0),
    citation='CIFAR (Krizhevsky: tech report 2009)',
    licence='none stated; research use',
    # unpacked by `tbench data convert cifar100`
    origin='cs.toronto.edu/~kriz/cifar.html: binary version',
)
data = dict(
    root='cifar100',
    type='mmpretrain.CustomDataset',
    tree={
        'train/*/*.png': 50000,
        'test/*/*.png': 10000,
    },
    train=dict(data_prefix='train'),
    val=dict(held_out=10),
    test=dict(data_prefix='test'),
)
