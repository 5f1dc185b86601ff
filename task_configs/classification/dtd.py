_base_ = '_k12.py'
task = dict(
    name='dtd',
    title='DTD: textures, first partition',
    group='semantic',
    classes=47,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=3760, val=376, test=1880),
    citation='Describable Textures (Cimpoi et al.: CVPR 2014)',
    licence='research use',
    origin='robots.ox.ac.uk/~vgg/data/dtd: dtd-r1.0.1.tar.gz',
)
data = dict(
    root='dtd',
    type='mmpretrain.DTD',
    tree={
        'imdb/imdb.mat': 1,
        'images/*/*.jpg': 5640,
    },
    train=dict(split='trainval'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
