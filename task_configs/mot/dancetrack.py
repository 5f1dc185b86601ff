_base_ = '_persons.py'
task = dict(
    name='dancetrack',
    title='DanceTrack: following dancers who look alike',
    # counts of frames in 40 training and 25 validation films: paper, recalled; the labels of the
    # test films are withheld
    splits=dict(train=41796, test=25508),
    options=dict(benchmark='DanceTrack'),
    citation='DanceTrack (Sun et al.: CVPR 2022, arXiv 2111.14690)',
    licence='non-commercial research; annotations CC BY 4.0',
    origin='github.com/DanceTrack/DanceTrack: train and val',
)
data = dict(
    root='DanceTrack',
    tree={
        'train/*/seqinfo.ini': 40,
        'train/*/img1/*.jpg': 41796,
        'val/*/seqinfo.ini': 25,
        'val/*/gt/gt.txt': 25,
        'val/*/img1/*.jpg': 25508,
    },
    train=dict(data_prefix=dict(img_path='train')),
    test=dict(data_prefix=dict(img_path='val')),
)
