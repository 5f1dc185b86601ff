# Following one object, and many. Training follows each benchmark's protocol: GOT-10k on its own
# training split only, the others on their union.
suite = dict(
    name='tracking',
    title='Tracking: one object and many',
    tasks=(
        'got10k',
        'trackingnet',
        'lasot',
        'otb100',
        'uav123',
        'mot17',
        'mot20',
        'dancetrack',
    ),
    protocols=('finetune', 'trivial'),
    seeds=(0, 1, 2),
    backbones=('mae-vitb16', 'deit-vitb16'),
    cost=dict(),
)
