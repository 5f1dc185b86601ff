_base_ = '_world_swin.py'
backbone = dict(
    name='world-swin-random',
    title='Swin, random',
    random=True,
    pretraining=dict(method='random init', family='none', labels=False),
)
