backbone = dict(
    name='eva02-vits14',
    title='EVA-02 ViT-S/14',
    source='timm:eva02_small_patch14_224.mim_in22k',
    pretraining=dict(method='EVA-02', family='mim', data='ImageNet-22k', labels=False),
    licence='MIT',
    reference='arXiv 2303.11331',
)
