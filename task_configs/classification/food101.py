_base_ = '_k12.py'
task = dict(
    name='food101',
    title='Food-101: dishes',
    group='fine-grained',
    classes=101,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=75750, val=7575, test=25250),
    citation='Food-101 (Bossard, Guillaumin, Van Gool: ECCV 2014)',
    licence='none stated; pictures from Foodspotting, research use',
    origin='data.vision.ee.ethz.ch/cvl/datasets_extra/food-101: food-101.tar.gz',
)
data = dict(
    root='food-101',
    type='mmpretrain.Food101',
    tree={
        'meta/train.txt': 1,
        'meta/test.txt': 1,
        'images/*/*.jpg': 101000,
    },
    train=dict(split='train'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
