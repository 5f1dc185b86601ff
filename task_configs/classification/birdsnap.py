_base_ = '_folders.py'
task = dict(
    name='birdsnap',
    title='Birdsnap: birds',
    group='fine-grained',
    classes=500,
    # counts: Kornblith, Shlens, Le (arXiv 1805.08974), recalled; their sum is the release's 49,829
    # (read); val is every 10th training image
    splits=dict(train=47386, val=4739, test=2443),
    citation='Birdsnap (Berg et al.: CVPR 2014)',
    licence='research use; pictures by their owners on Flickr',
    # some pictures are gone; then `tbench data convert birdsnap`
    origin='thomasberg.org: Birdsnap lists and get_birdsnap.py',
)
data = dict(
    root='birdsnap',
    type='mmpretrain.CustomDataset',
    tree={
        'train.txt': 1,
        'test.txt': 1,
        'images/*/*': 49829,
    },
    data_prefix='images',
    train=dict(ann_file='train.txt'),
    val=dict(held_out=10),
    test=dict(ann_file='test.txt'),
)
