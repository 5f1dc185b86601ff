_base_ = '_persons.py'
task = dict(
    name='mot17',
    title='MOT17: following pedestrians, second halves of the training films',
    # counts of frames: lengths of the seven films, halved as ByteTrack does; the labels of the
    # test films are withheld
    splits=dict(train=2664, test=2652),
    options=dict(benchmark='MOT17'),
    citation='MOT17 (Milan et al.: arXiv 1603.00831)',
    licence='CC BY-NC-SA 3.0',
    origin='motchallenge.net/data/MOT17: MOT17.zip',
)
data = dict(
    root='MOT17',
    detector='-FRCNN',
    data_prefix=dict(img_path='train'),
    tree={
        'train/*-FRCNN/seqinfo.ini': 7,
        'train/*-FRCNN/gt/gt.txt': 7,
        'train/*-FRCNN/img1/*.jpg': 5316,
    },
    train=dict(part='first'),
    test=dict(part='second'),
)
