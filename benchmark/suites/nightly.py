_base_ = 'quick.py'
# What a nightly regression test runs: the tasks and budgets of `quick`, so every kind, with one
# network of each architecture.
suite = dict(
    name='nightly',
    title='Nightly: every kind, two networks',
    protocols=('finetune', 'trivial'),
    seeds=(0, 1),
    reuses=(),
    backbones=('world-vit-mae', 'world-swin-simmim'),
    cost=dict(),
)
