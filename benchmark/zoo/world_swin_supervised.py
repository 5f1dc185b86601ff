_base_ = '_world_swin.py'
backbone = dict(
    name='world-swin-supervised',
    title='Swin, supervised on 8 classes',
    checkpoint='weights/world-swin-supervised.safetensors',
    pretraining=dict(
        method='supervised, 8 classes',
        family='supervised',
        data='procedural world 2, 20,000 pictures',
        epochs=3,
        labels=True,
    ),
)
