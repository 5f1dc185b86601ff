_base_ = '_indoor.py'
task = dict(
    name='nyuv2',
    title='NYUv2: depth of rooms',
    # counts: lines of the lists of the official code of arXiv 2205.13543; val is every 20th pair
    splits=dict(train=24231, val=1212, test=654),
    # Eigen's window
    options=dict(eval_crop=(45, 471, 41, 601)),
    citation='NYU Depth v2 (Silberman et al.: ECCV 2012)',
    licence='none stated; research use',
    # prepared as BTS (arXiv 1907.10326) does; lists of SwinTransformer/MIM-Depth-Estimation
    origin='cs.nyu.edu/~silberman/datasets/nyu_depth_v2.html: raw and labelled sets',
)
data = dict(
    root='nyu_depth_v2',
    type='benchmark.DepthPairs',
    tree={
        'train_list.txt': 1,
        'test_list.txt': 1,
        'sync/*/rgb_*.jpg': 24231,
        'sync/*/sync_depth_*.png': 24231,
        'official_splits/test/*/rgb_*.jpg': 654,
        'official_splits/test/*/sync_depth_*.png': 654,
    },
    train=dict(ann_file='train_list.txt', data_prefix=dict(img_path='sync', depth_path='sync')),
    val=dict(held_out=20),
    test=dict(
        ann_file='test_list.txt',
        data_prefix=dict(img_path='official_splits/test', depth_path='official_splits/test'),
    ),
)
