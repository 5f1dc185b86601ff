_base_ = '_world.py'
task = dict(
    name='world-fine',
    title='World: species that pretraining never saw',
    group='fine-grained',
    classes=(
        'grazer_stripes_collared_tufted', 'grazer_stripes_socked_thin',
        'grazer_spots_collared_tufted', 'grazer_spots_socked_thin',
        'grazer_blotches_collared_tufted', 'grazer_blotches_socked_thin',
        'hopper_stripes_collared_tufted', 'hopper_stripes_socked_thin',
        'hopper_spots_collared_tufted', 'hopper_spots_socked_thin',
        'hopper_blotches_collared_tufted', 'hopper_blotches_socked_thin',
    ),
    splits=dict(train=480, val=96, test=792),
)  # fmt: skip
data = dict(root='classification/fine')
