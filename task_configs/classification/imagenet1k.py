_base_ = '_folders.py'
task = dict(
    name='imagenet1k',
    title='ImageNet-1k',
    group='semantic',
    classes=1000,
    # counts: documentation of the mmpretrain data set; val is every 50th training image
    splits=dict(train=1281167, val=25624, test=50000),
    citation='ILSVRC 2012 (Russakovsky et al.: IJCV 2015)',
    licence='non-commercial research',
    origin='image-net.org: ILSVRC2012; val sorted into one folder per class; it is the test split',
)
data = dict(
    root='imagenet',
    type='mmpretrain.ImageNet',
    tree={
        'train/*/*.JPEG': 1281167,
        'val/*/*.JPEG': 50000,
    },
    train=dict(split='train'),
    val=dict(held_out=50),
    test=dict(split='val'),
)
