# What masked and supervised pretraining do to small networks, with every way in which they were
# pretrained: a second seed, the time that masking takes, labels within a hue. Tasks and recipe are
# those of quick, whose records count here.
suite = dict(
    name='study',
    title='Study: masked, supervised and no pretraining on the procedural world',
    tasks=('suite:quick.py',),
    protocols=('finetune', 'trivial'),
    seeds=(0, 1, 2),
    reuses=('quick',),
    backbones=(
        'world-vit-mae',
        'world-vit-supervised',
        'world-vit-random',
        'world-swin-simmim',
        'world-swin-supervised',
        'world-swin-random',
        'world-vit-mae-seed1',
        'world-vit-supervised-seed1',
        'world-vit-supervised-equal-time',
        'world-vit-supervised-species',
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
