# What the indoor depth tasks share: training on NYUv2 as arXiv 2205.13543 (official code) does.
task = dict(
    kind='depth',
    version=3,
    group='geometric-motion',
    input_size=(480, 640),
    classes=('depth',),
    metric='rmse',
    metrics=('abs_rel', 'log10', 'delta1', 'delta2', 'delta3', 'rmse_log', 'rmse_pooled'),
    options=dict(
        max_depth=10, crop=(480, 480), flip_test=True, test_window=(480, 480),
        window_stride=(480, 160), cut_depth=True, tones=True, label_limit=False, small_start=True,
    ),
)  # fmt: skip
