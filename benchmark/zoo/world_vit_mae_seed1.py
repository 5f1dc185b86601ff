_base_ = '_world_vit.py'
backbone = dict(
    name='world-vit-mae-seed1',
    title='ViT, MAE, second seed',
    checkpoint='weights/world-vit-mae-seed1.safetensors',
    pretraining=dict(
        method='MAE',
        family='mim',
        data='procedural world 1, 20,000 pictures',
        epochs=3,
        labels=False,
    ),
    reference='arXiv 2111.06377',
)
