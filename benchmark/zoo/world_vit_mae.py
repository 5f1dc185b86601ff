_base_ = '_world_vit.py'
backbone = dict(
    name='world-vit-mae',
    title='ViT, MAE',
    checkpoint='weights/world-vit-mae.safetensors',
    pretraining=dict(
        method='MAE',
        family='mim',
        data='procedural world 2, 20,000 pictures',
        epochs=6,
        labels=False,
    ),
    reference='arXiv 2111.06377',
)
