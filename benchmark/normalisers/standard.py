# Where every task's scale begins and ends, so that tasks of different units can be averaged.
# 0 is what the task's trivial predictor scores, 100 the best value that the metric can take.
# Floors are frozen here for task versions whose trivial predictor was run; elsewhere the
# suite's own record of it is taken, which the report says. Raise the version with any change.
normaliser = dict(
    name='standard',
    version=1,
    title='0 is the trivial predictor, 100 the best value that the metric can take',
    others='bounds',
    tasks={
        # results/runs/real-mini
        'flowers5': dict(version=1, metric='accuracy', floor=20.0, reference=100.0),
        'elpv2': dict(version=1, metric='accuracy', floor=50.0, reference=100.0),
        'bccd': dict(version=1, metric='box_AP', floor=0.03097121901113123, reference=100.0),
        'hela-tiles': dict(version=1, metric='mask_AP', floor=0.0, reference=100.0),
        'camvid': dict(version=1, metric='mIoU', floor=2.43746028592858, reference=100.0),
    },
)
