_base_ = '_k12.py'
task = dict(
    name='cub200',
    title='CUB-200-2011: birds',
    group='fine-grained',
    classes=200,
    # counts: documentation of the mmpretrain data set; val is every 10th training image
    splits=dict(train=5994, val=600, test=5794),
    citation='CUB-200-2011 (Wah et al.: CNS-TR-2011-001)',
    licence='non-commercial research',
    origin='vision.caltech.edu/datasets/cub_200_2011: CUB_200_2011.tgz',
)
data = dict(
    root='CUB_200_2011',
    type='mmpretrain.CUB',
    tree={
        'images.txt': 1,
        'image_class_labels.txt': 1,
        'train_test_split.txt': 1,
        'images/*/*.jpg': 11788,
    },
    train=dict(split='train'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
