_base_ = '_k12.py'
task = dict(
    name='sun397',
    title='SUN397: scenes',
    group='semantic',
    classes=397,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=19850, val=1985, test=19850),
    # some files are called .jpg and are not
    options=dict(decoder='pillow'),
    citation='SUN database (Xiao et al.: CVPR 2010), first partition',
    licence='none stated; research use',
    origin='vision.princeton.edu/projects/2010/SUN: SUN397.tar.gz and Partitions.zip',
)
data = dict(
    root='SUN397',
    type='mmpretrain.SUN397',
    tree={
        'Partitions/Training_01.txt': 1,
        'Partitions/Testing_01.txt': 1,
        'SUN397/?/**/*.jpg': 108754,
    },
    train=dict(split='train'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
