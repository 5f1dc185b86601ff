_base_ = '_natural.py'
task = dict(
    name='coco-stuff164k',
    title='COCO-Stuff: things and stuff, 171 classes',
    classes=171,
    # counts: COCO 2017; val is every 50th training image
    splits=dict(train=118287, val=2366, test=5000),
    citation='COCO-Stuff (Caesar, Uijlings, Ferrari: CVPR 2018)',
    licence='CC BY 4.0 (annotations); pictures under the terms of Flickr',
    # label maps *_labelTrainIds.png by `tbench data convert coco-stuff`
    origin='cocodataset.org and github.com/nightrome/cocostuff: stuffthingmaps_trainval2017.zip',
)
data = dict(
    root='coco_stuff164k',
    type='mmseg.COCOStuffDataset',
    tree={
        'images/train2017/*.jpg': 118287,
        'annotations/train2017/*_labelTrainIds.png': 118287,
        'images/val2017/*.jpg': 5000,
        'annotations/val2017/*_labelTrainIds.png': 5000,
    },
    train=dict(data_prefix=dict(img_path='images/train2017', seg_map_path='annotations/train2017')),
    val=dict(held_out=50),
    test=dict(data_prefix=dict(img_path='images/val2017', seg_map_path='annotations/val2017')),
)
