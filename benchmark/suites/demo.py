# What `make demo` runs first: a part of `quick`, sixteen minutes of one core.
# `make demo SIZE=full` runs all of `quick`, and what was run here counts.
_base_ = 'quick.py'
suite = dict(
    name='demo',
    title='Demo: masked, supervised and no pretraining of one small ViT',
    seeds=(0, 1),
    reuses=('quick',),
    backbones=('world-vit-mae', 'world-vit-supervised', 'world-vit-random'),
)
