task = dict(
    name='kitti-depth',
    kind='depth',
    version=3,
    title='KITTI: depth of streets, Eigen split',
    group='geometric-motion',
    input_size=(352, 1216),
    classes=('depth',),
    # counts: lines of the lists of the official code of arXiv 2205.13543; val is every 20th pair
    splits=dict(train=23158, val=1158, test=652),
    film=r'(\d{4}_\d\d_\d\d_drive_\d+)_sync',
    metric='rmse',
    metrics=(
        'abs_rel', 'sq_rel', 'rmse_log', 'silog', 'log10', 'delta1', 'delta2', 'delta3',
        'rmse_pooled',
    ),
    # Garg's window; depth files count 1/256 m; 16 windows at test
    options=dict(
        max_depth=80, depth_scale=0.00390625, kb_crop=True, crop=(352, 352),
        eval_crop=(0.40810811, 0.99189189, 0.03594771, 0.96405229),
        flip_test=True, test_window=(352, 352), window_stride=(352, 57),
        cut_depth=True, tones=True, label_limit=False, small_start=True,
    ),
    citation='KITTI (Geiger et al.: CVPR 2012; Uhrig et al.: 3DV 2017), split of Eigen et al. 2014',
    licence='CC BY-NC-SA 3.0',
    origin='cvlibs.net/datasets/kitti: raw data, data_depth_annotated; `tbench data convert kitti`',
)  # fmt: skip
data = dict(
    root='kitti',
    type='benchmark.DepthPairs',
    data_prefix=dict(img_path='.', depth_path='.'),
    tree={
        'eigen_train.txt': 1,
        'eigen_test.txt': 1,
        'data_depth_annotated/*/*/proj_depth/groundtruth/image_0[23]/*.png': 92750,
    },
    train=dict(ann_file='eigen_train.txt'),
    val=dict(held_out=20),
    test=dict(ann_file='eigen_test.txt'),
)
