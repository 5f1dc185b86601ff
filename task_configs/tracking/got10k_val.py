_base_ = '_films.py'
# GOT-10k's 180 films of val alone, split by the hash of their names.
task = dict(
    name='got10k-val',
    title='GOT-10k val: following any object, trained on 120 of its films',
    # val is every 12th training film
    splits=dict(train=120, val=10, test=60),
    metric='AO',
    metrics=('SR50', 'SR75'),
    options=dict(toolkit='got10k'),
    citation='GOT-10k val (Huang, Zhao, Huang: TPAMI 2019); not comparable with published scores',
    licence='CC BY-NC-SA 4.0',
    origin='got-10k.aitestunion.com/downloads (registration); `tbench data convert got10k-val`',
)
data = dict(
    tree={
        'got10k/val/train.txt': 1,
        'got10k/val/test.txt': 1,
        'got10k/val/*/groundtruth.txt': 180,
    },
    train=dict(ann_file='got10k/val/train.txt'),
    val=dict(_delete_=True, held_out=12),
    test=dict(ann_file='got10k/val/test.txt'),
)
