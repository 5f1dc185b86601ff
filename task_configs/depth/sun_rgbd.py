_base_ = '_indoor.py'
task = dict(
    name='sun-rgbd',
    title='SUN RGB-D: depth of rooms, trained on NYUv2 (zero-shot)',
    # counts: as nyuv2; the official test split of SUN RGB-D, which has pictures of NYUv2 too
    splits=dict(train=24231, val=1212, test=5050),
    # sensors that reach 8 m: depths of 8 m and more are not scored (the toolbox, as recalled, cuts
    # them down to 8 m); pictures of several sizes: seen whole and flipped
    options=dict(max_depth=8, test_window=(480, 640), window_stride=(480, 640)),
    citation='SUN RGB-D (Song, Lichtenberg, Xiao: CVPR 2015)',
    licence='none stated; research use',
    origin='rgbd.cs.princeton.edu: SUNRGBD.zip, SUNRGBDtoolbox.zip; `tbench data convert sun-rgbd`',
)
data = dict(
    root='.',
    type='benchmark.DepthPairs',
    tree={
        'nyu_depth_v2/train_list.txt': 1,
        'nyu_depth_v2/sync/*/rgb_*.jpg': 24231,
        'nyu_depth_v2/sync/*/sync_depth_*.png': 24231,
        'sunrgbd/test_list.txt': 1,
        'sunrgbd/depth/*.png': 5050,
    },
    train=dict(
        ann_file='nyu_depth_v2/train_list.txt',
        data_prefix=dict(img_path='nyu_depth_v2/sync', depth_path='nyu_depth_v2/sync'),
    ),
    val=dict(held_out=20),
    test=dict(
        ann_file='sunrgbd/test_list.txt',
        data_prefix=dict(img_path='sunrgbd', depth_path='sunrgbd'),
    ),
)
