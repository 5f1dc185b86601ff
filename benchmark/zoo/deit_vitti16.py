backbone = dict(
    name='deit-vitti16',
    title='DeiT ViT-Ti/16',
    source='timm:deit_tiny_patch16_224.fb_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
    reference='arXiv 2012.12877',
)
