_base_ = '_films.py'
task = dict(
    name='got10k',
    title='GOT-10k: following any object, trained on its own films',
    # counts: GOT-10k's paper, recalled, train 9,335 and val 180 sequences; the labels of its test
    # split are withheld, so val is tested, and val is every 50th training sequence
    splits=dict(train=9335, val=187, test=180),
    metric='AO',
    metrics=('SR50', 'SR75'),
    options=dict(toolkit='got10k', submission='got10k/test/list.txt'),
    citation='GOT-10k (Huang, Zhao, Huang: TPAMI 2019, arXiv 1810.11981)',
    licence='CC BY-NC-SA 4.0',
    origin='got-10k.aitestunion.com/downloads (registration): train and val',
)
data = dict(
    tree={
        'got10k/train/list.txt': 1,
        'got10k/train/*/groundtruth.txt': 9335,
        'got10k/val/list.txt': 1,
        'got10k/val/*/groundtruth.txt': 180,
    },
    train=dict(ann_file='got10k/train/list.txt'),
    val=dict(_delete_=1, held_out=50),
    test=dict(ann_file='got10k/val/list.txt'),
)
