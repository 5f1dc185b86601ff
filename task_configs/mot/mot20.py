_base_ = '_persons.py'
task = dict(
    name='mot20',
    version=2,
    title='MOT20: following pedestrians in crowds, second halves of the training films',
    # counts of frames: lengths of the four films, halved as for MOT17; the labels of the test films
    # are withheld
    splits=dict(train=4468, test=4463),
    options=dict(benchmark='MOT20', max_detections=300),
    citation='MOT20 (Dendorfer et al.: arXiv 2003.09003)',
    licence='CC BY-NC-SA 3.0',
    origin='motchallenge.net/data/MOT20: MOT20.zip',
)
data = dict(
    root='MOT20',
    data_prefix=dict(img_path='train'),
    tree={
        'train/*/seqinfo.ini': 4,
        'train/*/gt/gt.txt': 4,
        'train/*/img1/*.jpg': 8931,
    },
    train=dict(part='first'),
    test=dict(part='second'),
)
