task = dict(
    name='world-mot',
    kind='mot',
    version=1,
    title='World: following all creatures',
    group='combined',
    input_size=(128, 128),
    classes=('creature',),
    # frames of the sequences of world-tracking
    splits=dict(train=768, val=96, test=1152),
    metric='HOTA',
    metrics=('IDF1', 'MOTA', 'DetA', 'AssA'),
    budget=dict(iterations=170, batch_size=4),
    # DanceTrack's rules: nothing is taken out before scoring
    options=dict(
        benchmark='DanceTrack', width=64, anchor_scale=4, finest_scale=28, proposals=100,
        regions=64, start_score=0.5,
    ),
    citation='procedural world, rendered by this project',
    licence='Apache-2.0',
    origin='rendered on first use',
)  # fmt: skip
data = dict(
    provider='world',
    root='tracking',
    type='benchmark.MotFrames',
    train=dict(data_prefix=dict(img_path='train')),
    val=dict(data_prefix=dict(img_path='val')),
    test=dict(data_prefix=dict(img_path='test')),
)
