_base_ = 'oxford_pets.py'
# A thousand training pictures, chosen by the hash of their names; the whole test split.
task = dict(
    name='oxford-pets-1k',
    title='Oxford-IIIT Pets: 1,000 training pictures',
    # val is every 5th of them
    splits=dict(train=1000, val=200, test=3669),
)
data = dict(train=dict(chosen=1000), val=dict(_delete_=True, held_out=5))
