_base_ = '_union.py'
task = dict(
    name='trackingnet',
    version=2,
    title='TrackingNet: following any object, last twelfth of its training films',
    # the labels of the test split are withheld: TRAIN_11 is tested instead (ours), a twelfth of
    # the 30,132 training sequences
    splits=dict(test=2511),
    metric='success_area',
    metrics=('precision_area', 'norm_precision_area'),
    options=dict(toolkit='trackingnet', submission='trackingnet/official_test/list.txt'),
    citation='TrackingNet (Müller et al.: ECCV 2018, arXiv 1803.10794)',
    licence='none stated; films by their owners',
    origin='tracking-net.org: TRAIN_0 to TRAIN_11; `tbench data convert trackingnet`',
)
data = dict(
    tree={'trackingnet/test/list.txt': 1, 'trackingnet/test/*/groundtruth.txt': 2511},
    test=dict(ann_file='trackingnet/test/list.txt'),
)
