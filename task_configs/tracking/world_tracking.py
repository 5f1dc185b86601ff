task = dict(
    name='world-tracking',
    kind='tracking',
    version=2,
    title='World: following one creature',
    group='geometric-motion',
    input_size=(128, 128),
    classes=('creature',),
    splits=dict(train=32, val=4, test=48),
    metric='AO',
    metrics=('SR50', 'SR75', 'success_AUC', 'precision', 'norm_precision'),
    budget=dict(iterations=80, batch_size=8),
    options=dict(
        toolkit='got10k', template_size=64, template_factor=1.5, search_factor=3.0, width=64,
        heads=4, encoder_layers=2, max_gap=24, shift_jitter=1.5, scale_jitter=0.1, min_side=4,
    ),
    citation='procedural world, rendered by this project',
    licence='Apache-2.0',
    origin='rendered on first use',
)  # fmt: skip
data = dict(
    provider='world',
    root='tracking',
    type='benchmark.GOT10k',
    train=dict(ann_file='train/list.txt'),
    val=dict(ann_file='val/list.txt'),
    test=dict(ann_file='test/list.txt'),
)
