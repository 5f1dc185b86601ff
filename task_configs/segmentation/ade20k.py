_base_ = '_natural.py'
task = dict(
    name='ade20k',
    title='ADE20K: scenes, 150 classes',
    classes=150,
    # counts: documentation of mmseg; val is every 20th training image
    splits=dict(train=20210, val=1011, test=2000),
    citation='ADE20K (Zhou et al.: CVPR 2017), as the scene parsing challenge of 2016 has it',
    licence='BSD 3-clause (annotations); pictures for non-commercial research',
    origin='data.csail.mit.edu/places/ADEchallenge: ADEChallengeData2016.zip; validation is tested',
)
data = dict(
    root='ADEChallengeData2016',
    type='mmseg.ADE20KDataset',
    tree={
        'images/training/*.jpg': 20210,
        'annotations/training/*.png': 20210,
        'images/validation/*.jpg': 2000,
        'annotations/validation/*.png': 2000,
    },
    train=dict(data_prefix=dict(img_path='images/training', seg_map_path='annotations/training')),
    val=dict(held_out=20),
    test=dict(
        data_prefix=dict(img_path='images/validation', seg_map_path='annotations/validation')
    ),
)
