_base_ = '_world_vit.py'
backbone = dict(
    name='world-vit-supervised-equal-time',
    title='ViT, supervised on 8 classes for as long as MAE',
    checkpoint='weights/world-vit-supervised-equal-time.safetensors',
    pretraining=dict(
        method='supervised, 8 classes',
        family='supervised',
        data='procedural world 1, 20,000 pictures',
        epochs=1.7,
        labels=True,
    ),
)
