_base_ = '_k12.py'
task = dict(
    name='stanford-cars',
    title='Stanford Cars: makes and models',
    group='fine-grained',
    classes=196,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=8144, val=815, test=8041),
    citation='Stanford Cars (Krause et al.: 3dRR 2013)',
    licence='non-commercial research',
    origin='`tbench data get stanford-cars`; the address of its authors is gone since 2023',
)
data = dict(
    root='stanford_cars',
    type='mmpretrain.StanfordCars',
    tree={
        'devkit/cars_train_annos.mat': 1,
        'devkit/cars_test_annos_withlabels.mat': 1,
        'cars_train/*.jpg': 8144,
        'cars_test/*.jpg': 8041,
    },
    train=dict(split='train'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
