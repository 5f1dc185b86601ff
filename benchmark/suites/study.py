# What masked and supervised pretraining do to small networks, with every way in which they were
# pretrained: a second seed, the time that masking takes, labels within a hue. Tasks and recipe are
# those of quick, whose records count here.
_base_ = 'quick.py'
suite = dict(
    name='study',
    title='Study: masked, supervised and no pretraining on the procedural world',
    protocols=('finetune', 'trivial'),
    seeds=(0, 1, 2),
    one_seed=(),
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
)
