# Where every task's scale begins and ends, so that tasks of different units can be averaged.
# 0 is what the task's trivial predictor scores, 100 the best value that the metric can take.
# Floors are frozen here for task versions whose trivial predictor was run; elsewhere the
# suite's own record of it is taken, which the report says. Raise the version with any change.
normaliser = dict(
    name='standard',
    version=3,
    title='0 is the trivial predictor, 100 the best value that the metric can take',
    others='bounds',
    tasks={
        # results/runs/real-mini
        'flowers5': dict(version=1, metric='accuracy', floor=20.0, reference=100.0),
        'elpv2': dict(version=1, metric='accuracy', floor=50.0, reference=100.0),
        'bccd': dict(version=1, metric='box_AP', floor=0.03097121901113123, reference=100.0),
        'hela-tiles': dict(version=1, metric='mask_AP', floor=0.0, reference=100.0),
        'camvid': dict(version=1, metric='mIoU', floor=2.43746028592858, reference=100.0),
        'openfield': dict(
            version=1, metric='keypoint_AP', floor=0.17916077322017915, reference=100.0
        ),
        'rgbd': dict(version=1, metric='rmse', floor=0.7338549289042013, reference=0.0),
        'jogging': dict(version=1, metric='AO', floor=49.2072598350464, reference=100.0),
        # results/runs/quick
        'world-covered': dict(version=2, metric='accuracy', floor=12.5, reference=100.0),
        'world-fine': dict(version=2, metric='accuracy', floor=8.333333333333332, reference=100.0),
        'world-segmentation': dict(
            version=2, metric='mIoU', floor=3.524968927556818, reference=100.0
        ),
        'world-detection': dict(
            version=2, metric='box_AP50', floor=0.3968751305510298, reference=100.0
        ),
        'world-pose': dict(version=2, metric='PCK', floor=13.69453927043188, reference=100.0),
        'world-depth': dict(version=2, metric='rmse', floor=1.3647582133037843, reference=0.0),
        'world-tracking': dict(version=2, metric='AO', floor=29.19011206399699, reference=100.0),
    },
)
