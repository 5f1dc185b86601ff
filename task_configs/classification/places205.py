_base_ = '_folders.py'
task = dict(
    name='places205',
    title='Places205: scenes',
    group='semantic',
    classes=205,
    # counts: Places 205 download page and lists; val is every 100th training image
    splits=dict(train=2448873, val=24489, test=20500),
    citation='Places (Zhou et al.: NIPS 2014)',
    licence='academic use',
    origin='places.csail.mit.edu: imagesPlaces205_resize, trainvalsplit_places205; val is tested',
)
data = dict(
    root='places205',
    type='mmpretrain.Places205',
    tree={
        'train_places205.csv': 1,
        'val_places205.csv': 1,
        'data/vision/torralba/deeplearning/images256/?/**/*.jpg': 2469371,
    },
    data_prefix='data/vision/torralba/deeplearning/images256',
    train=dict(ann_file='train_places205.csv'),
    val=dict(held_out=100),
    test=dict(ann_file='val_places205.csv'),
)
