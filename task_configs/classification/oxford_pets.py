_base_ = '_k12.py'
task = dict(
    name='oxford-pets',
    title='Oxford-IIIT Pets: breeds',
    group='fine-grained',
    classes=37,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=3680, val=368, test=3669),
    metric='mean_class_accuracy',
    metrics=('accuracy',),
    citation='Oxford-IIIT Pets (Parkhi et al.: CVPR 2012)',
    licence='CC BY-SA 4.0',
    origin='robots.ox.ac.uk/~vgg/data/pets: images.tar.gz and annotations.tar.gz',
)
data = dict(
    root='oxford-iiit-pet',
    type='mmpretrain.OxfordIIITPet',
    tree={
        'annotations/trainval.txt': 1,
        'annotations/test.txt': 1,
        'images/*.jpg': 7390,
    },
    train=dict(split='trainval'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
