_base_ = '_world_swin.py'
backbone = dict(
    name='world-swin-simmim',
    title='Swin, SimMIM',
    checkpoint='weights/world-swin-simmim.safetensors',
    pretraining=dict(
        method='SimMIM',
        family='mim',
        data='procedural world 2, 20,000 pictures',
        epochs=3,
        labels=False,
    ),
    reference='arXiv 2111.09886',
)
