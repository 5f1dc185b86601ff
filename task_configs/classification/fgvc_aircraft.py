_base_ = '_k12.py'
task = dict(
    name='fgvc-aircraft',
    title='FGVC-Aircraft: variants',
    group='fine-grained',
    classes=100,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=6667, val=667, test=3333),
    metric='mean_class_accuracy',
    metrics=('accuracy',),
    citation='FGVC-Aircraft (Maji et al.: arXiv 1306.5151)',
    licence='non-commercial research',
    origin='robots.ox.ac.uk/~vgg/data/fgvc-aircraft: fgvc-aircraft-2013b.tar.gz',
)
data = dict(
    root='fgvc-aircraft-2013b',
    type='mmpretrain.FGVCAircraft',
    tree={
        'data/images_variant_trainval.txt': 1,
        'data/images_variant_test.txt': 1,
        'data/images/*.jpg': 10000,
    },
    train=dict(split='trainval'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
