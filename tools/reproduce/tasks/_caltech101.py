# 30 training pictures per class, drawn by number; `python tools/reproduce/run.py caltech101` writes
# the lists.
task = dict(
    kind='classification',
    version=1,
    group='semantic',
    input_size=(224, 224),
    classes=102,
    splits=dict(train=3060, test=6084),
    metric='mean_class_accuracy',
    metrics=('accuracy',),
    # DINOv2's evaluation resizes the short side to 224 px and crops the middle
    options=dict(test_crop=1.0, keep_ratio=True, pool='draws/all.txt'),
    citation='Caltech-101 (Li, Fergus, Perona: CVIU 2007)',
    licence='CC BY 4.0',
    origin='github.com/MachineLearning2020/Homework2-Caltech101, its folder of pictures alone',
)
data = dict(
    root='caltech101',
    type='mmpretrain.CustomDataset',
    data_prefix='101_ObjectCategories',
    tree={
        'draws/*.txt': 11,
        '101_ObjectCategories/*/*.jpg': 9144,
    },
)
