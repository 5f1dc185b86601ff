backbone = dict(
    name='augreg-vitti16-in21k',
    title='AugReg ViT-Ti/16',
    source='timm:vit_tiny_patch16_224.augreg_in21k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-21k', labels=True),
    licence='Apache-2.0',
    reference='arXiv 2106.10270',
)
