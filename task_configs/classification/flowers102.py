_base_ = '_k12.py'
task = dict(
    name='flowers102',
    title='Oxford Flowers-102',
    group='fine-grained',
    classes=102,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=2040, val=204, test=6149),
    metric='mean_class_accuracy',
    metrics=('accuracy',),
    citation='Flowers-102 (Nilsback, Zisserman: ICVGIP 2008)',
    licence='none stated; research use',
    origin='robots.ox.ac.uk/~vgg/data/flowers/102: 102flowers.tgz, imagelabels.mat, setid.mat',
)
data = dict(
    root='flowers102',
    type='mmpretrain.Flowers102',
    tree={
        'imagelabels.mat': 1,
        'setid.mat': 1,
        'jpg/*.jpg': 8189,
    },
    train=dict(split='trainval'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
