task = dict(
    name='jogging',
    kind='tracking',
    version=1,
    title='Jogging (OTB), chunks of one film',
    group='geometric-motion',
    input_size=(128, 128),
    classes=('target',),
    splits=dict(train=3, test=1),
    metric='AO',
    metrics=('SR50', 'SR75', 'success_AUC', 'precision', 'norm_precision'),
    budget=dict(iterations=200, batch_size=8),
    options=dict(
        template_size=64, template_factor=1.5, search_factor=3.0, width=64, heads=4,
        encoder_layers=2, max_gap=30, shift_jitter=1.5, scale_jitter=0.1,
    ),
    citation='OTB (Wu, Lim, Yang: CVPR 2013), sequence Jogging, target 1',
    licence='none stated by the source',
    origin='development pack: tracking/got10k_style',
)  # fmt: skip
data = dict(
    variable='TBENCH_REAL_MINI',
    root='tracking/got10k_style',
    type='benchmark.GOT10k',
    train=dict(ann_file='train/list.txt'),
    test=dict(ann_file='test/list.txt'),
)
