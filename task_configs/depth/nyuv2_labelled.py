_base_ = '_indoor.py'
# The 1,449 labelled pairs of one file, in their official split.
task = dict(
    name='nyuv2-labelled',
    title='NYUv2: depth of rooms, the labelled pairs alone',
    # counts: splits.mat of the release; val is every 10th pair
    splits=dict(train=795, val=80, test=654),
    # Eigen's window
    options=dict(eval_crop=(45, 471, 41, 601)),
    citation='NYU Depth v2 (Silberman et al.: ECCV 2012)',
    licence='none stated; research use',
    origin='cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html: labelled set; raw depth, not filled in',
)
data = dict(
    root='nyu_depth_v2_labelled',
    type='benchmark.DepthPairs',
    tree={
        'train_list.txt': 1,
        'test_list.txt': 1,
        'pictures/*.png': 1449,
        'depth/*.png': 1449,
    },
    data_prefix=dict(img_path='', depth_path=''),
    train=dict(ann_file='train_list.txt'),
    val=dict(held_out=10),
    test=dict(ann_file='test_list.txt'),
)
