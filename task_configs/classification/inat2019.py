_base_ = '_folders.py'
task = dict(
    name='inat2019',
    title='iNaturalist 2019: species',
    group='fine-grained',
    classes=1010,
    # counts: readme of the competition; val is every 20th training image
    splits=dict(train=265213, val=13261, test=3030),
    citation='iNaturalist 2019 (FGVC6 competition)',
    licence='non-commercial research; per-picture Creative Commons licences',
    origin='github.com/visipedia/inat_comp/tree/master/2019; the official val is the test split',
)
data = dict(
    root='inat2019',
    type='benchmark.INaturalist',
    tree={
        'train2019.json': 1,
        'val2019.json': 1,
        'train_val2019/*/*/*.jpg': 268243,
    },
    train=dict(ann_file='train2019.json'),
    val=dict(held_out=20),
    test=dict(ann_file='val2019.json'),
)
