backbone = dict(
    name='eva02-vitb14',
    title='EVA-02 ViT-B/14',
    source='timm:eva02_base_patch14_224.mim_in22k',
    pretraining=dict(method='EVA-02', family='mim', data='ImageNet-22k', labels=False),
    licence='MIT',
    reference='arXiv 2303.11331',
)
