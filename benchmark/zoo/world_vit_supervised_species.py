_base_ = '_world_vit.py'
backbone = dict(
    name='world-vit-supervised-species',
    title='ViT, supervised on 64 species',
    checkpoint='weights/world-vit-supervised-species.safetensors',
    pretraining=dict(
        method='supervised, 64 species',
        family='supervised',
        data='procedural world 1, 20,000 pictures',
        epochs=3,
        labels=True,
    ),
)
