_base_ = '_world_vit.py'
backbone = dict(
    name='world-vit-supervised',
    title='ViT, supervised on 8 classes',
    checkpoint='weights/world-vit-supervised.safetensors',
    pretraining=dict(
        method='supervised, 8 classes',
        family='supervised',
        data='procedural world 2, 20,000 pictures',
        epochs=6,
        labels=True,
    ),
)
