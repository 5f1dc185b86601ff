backbone = dict(
    name='mae-vitl16',
    title='MAE ViT-L/16',
    source='timm:vit_large_patch16_224.mae',
    pretraining=dict(method='MAE', family='mim', data='ImageNet-1k', labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2111.06377',
)
