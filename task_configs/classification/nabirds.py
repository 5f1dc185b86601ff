_base_ = '_folders.py'
task = dict(
    name='nabirds',
    title='NABirds: birds',
    group='fine-grained',
    classes=555,
    # counts: readme of the release; 48,562 in all; val is every 10th training image
    splits=dict(train=23929, val=2393, test=24633),
    citation='NABirds (Van Horn et al.: CVPR 2015)',
    licence='non-commercial terms of the Cornell Lab of Ornithology',
    origin='dl.allaboutbirds.org/nabirds',
)
data = dict(
    root='nabirds',
    type='benchmark.IndexedImages',
    tree={
        'images.txt': 1,
        'image_class_labels.txt': 1,
        'train_test_split.txt': 1,
        'images/*/*.jpg': 48562,
    },
    train=dict(split='train'),
    val=dict(held_out=10),
    test=dict(split='test'),
)
