_base_ = '_world.py'
task = dict(
    name='world-covered',
    title='World: body plans that pretraining saw',
    group='semantic',
    classes=(
        'strider', 'grazer', 'longneck', 'crawler', 'beetle', 'hopper', 'tusker', 'hound',
    ),
    splits=dict(train=480, val=96, test=800),
)  # fmt: skip
data = dict(root='classification/covered')
