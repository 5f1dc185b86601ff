_base_ = '_world_vit.py'
backbone = dict(
    name='world-vit-supervised-seed1',
    title='ViT, supervised on 8 classes, second seed',
    checkpoint='weights/world-vit-supervised-seed1.safetensors',
    pretraining=dict(
        method='supervised, 8 classes',
        family='supervised',
        data='procedural world 1, 20,000 pictures',
        epochs=3,
        labels=True,
    ),
)
