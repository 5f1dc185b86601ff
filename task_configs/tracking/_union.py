# Training on GOT-10k, TrackingNet and LaSOT together, about a third each, as SwinTrack and OSTrack
# do (who add COCO); GOT-10k's val selects.
_base_ = '_films.py'
task = dict(
    # counts of sequences: 27,621 + 3 x 9,335 + 25 x 1,120
    splits=dict(train=83626, val=180),
    metric='success_AUC',
    metrics=('precision', 'norm_precision'),
)
data = dict(
    tree={
        'got10k/train/*/groundtruth.txt': 9335,
        'got10k/val/*/groundtruth.txt': 180,
        'lasot/train/*/groundtruth.txt': 1120,
        'trackingnet/train/*/groundtruth.txt': 27621,
    },
    train=dict(
        type='benchmark.Joined',
        of='benchmark.GOT10k',
        parts=(
            dict(ann_file='trackingnet/train/list.txt'),
            dict(ann_file='got10k/train/list.txt', times=3),
            dict(ann_file='lasot/train/list.txt', times=25),
        ),
    ),
)
