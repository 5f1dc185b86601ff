backbone = dict(
    name='deit3-vitl16',
    title='DeiT III ViT-L/16',
    source='timm:deit3_large_patch16_224.fb_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
    reference='arXiv 2204.07118',
)
