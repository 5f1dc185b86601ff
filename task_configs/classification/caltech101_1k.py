_base_ = 'caltech101.py'
# A thousand training pictures, chosen by the hash of their names; the whole test split.
task = dict(
    name='caltech101-1k',
    title='Caltech-101: 1,000 training pictures',
    # val is every 5th of them
    splits=dict(train=1000, val=200, test=6084),
)
data = dict(train=dict(chosen=1000), val=dict(_delete_=True, held_out=5))
