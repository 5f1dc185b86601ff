_base_ = '_world_vit.py'
backbone = dict(
    name='world-vit-random',
    title='ViT, random',
    random=True,
    pretraining=dict(method='random init', family='none', labels=False),
)
