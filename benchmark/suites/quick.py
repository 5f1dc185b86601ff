# Every kind in miniature, on the procedural world: runs on a CPU in minutes. Budgets are ours; the
# learning rate is the best of one sweep over all arms (results/sweeps), the same for every cell.
suite = dict(
    name='quick',
    title='Quick: every kind on the procedural world',
    tasks=(
        'world-covered',
        'world-fine',
        'world-segmentation',
        'world-detection',
        'world-pose',
        'world-depth',
        'world-tracking',
    ),
    protocols=('finetune', 'trivial'),
    seeds=(0, 1),
    one_seed=('world-detection', 'world-tracking'),
    backbones=(
        'world-vit-mae',
        'world-vit-supervised',
        'world-vit-random',
        'world-swin-simmim',
        'world-swin-supervised',
        'world-swin-random',
    ),
    recipes={
        '*/finetune': dict(
            lr=1e-3,
            weight_decay=0.05,
            layer_decay=1.0,
            drop_path=0.0,
            clip_norm=5.0,
            schedule='cosine',
            warmup=0.1,
        ),
    },
)
