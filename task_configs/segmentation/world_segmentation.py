task = dict(
    name='world-segmentation',
    kind='segmentation',
    version=2,
    title='World: stuff, objects and body parts',
    group='semantic',
    input_size=(128, 128),
    classes=(
        'sky', 'wall', 'ground', 'hill', 'table', 'body', 'head', 'limb', 'rock', 'plant', 'crate',
    ),
    splits=dict(train=400, val=80, test=400),
    metric='mIoU',
    metrics=('mAcc', 'aAcc'),
    head='linear',
    budget=dict(iterations=140, batch_size=4),
    citation='procedural world, rendered by this project',
    licence='Apache-2.0',
    origin='rendered on first use',
)  # fmt: skip
data = dict(
    provider='world',
    root='scenes',
    type='mmseg.BaseSegDataset',
    img_suffix='.jpg',
    seg_map_suffix='.png',
    train=dict(data_prefix=dict(img_path='images/train', seg_map_path='semantic/train')),
    val=dict(data_prefix=dict(img_path='images/val', seg_map_path='semantic/val')),
    test=dict(data_prefix=dict(img_path='images/test', seg_map_path='semantic/test')),
)
