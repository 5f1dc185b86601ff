_base_ = '_natural.py'
task = dict(
    name='cityscapes',
    title='Cityscapes: streets, 19 classes',
    input_size=(512, 1024),
    classes=19,
    # counts: documentation of mmseg; val is every 20th training image
    splits=dict(train=2975, val=149, test=500),
    options=dict(resize=(1024, 2048)),
    citation='Cityscapes (Cordts et al.: CVPR 2016)',
    licence='non-commercial research',
    # label maps by `tbench data convert cityscapes`
    origin='cityscapes-dataset.com: leftImg8bit_trainvaltest, gtFine_trainvaltest; val is tested',
)
data = dict(
    root='cityscapes',
    type='mmseg.CityscapesDataset',
    tree={
        'leftImg8bit/train/*/*_leftImg8bit.png': 2975,
        'gtFine/train/*/*_gtFine_labelTrainIds.png': 2975,
        'leftImg8bit/val/*/*_leftImg8bit.png': 500,
        'gtFine/val/*/*_gtFine_labelTrainIds.png': 500,
    },
    train=dict(data_prefix=dict(img_path='leftImg8bit/train', seg_map_path='gtFine/train')),
    val=dict(held_out=20),
    test=dict(data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val')),
)
