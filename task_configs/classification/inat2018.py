_base_ = '_folders.py'
task = dict(
    name='inat2018',
    title='iNaturalist 2018: species',
    group='fine-grained',
    classes=8142,
    # counts: readme of the competition; val is every 20th training image
    splits=dict(train=437513, val=21876, test=24426),
    citation='iNaturalist 2018 (Van Horn et al.: CVPR 2018)',
    licence='non-commercial research; per-picture Creative Commons licences',
    origin='github.com/visipedia/inat_comp/tree/master/2018; the official val is the test split',
)
data = dict(
    root='inat2018',
    type='benchmark.INaturalist',
    tree={
        'train2018.json': 1,
        'val2018.json': 1,
        'train_val2018/*/*/*.jpg': 461939,
    },
    train=dict(ann_file='train2018.json'),
    val=dict(held_out=20),
    test=dict(ann_file='val2018.json'),
)
