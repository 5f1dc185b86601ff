_base_ = 'quick.py'
# What a nightly regression test runs: the tasks and budgets of `quick`, so every kind, with one
# network of each architecture.
suite = dict(
    name='nightly',
    title='Nightly: every kind, two networks',
    backbones=('timm:test_vit+random', 'timm:test_resnet+random'),
    cost=dict(),
)
