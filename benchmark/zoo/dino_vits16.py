backbone = dict(
    name='dino-vits16',
    title='DINO ViT-S/16',
    source='timm:vit_small_patch16_224.dino',
    pretraining=dict(method='DINO', family='contrastive', data='ImageNet-1k', labels=False),
    licence='Apache-2.0',
    reference='arXiv 2104.14294',
)
