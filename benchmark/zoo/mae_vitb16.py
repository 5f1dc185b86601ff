backbone = dict(
    name='mae-vitb16',
    title='MAE ViT-B/16',
    source='timm:vit_base_patch16_224.mae',
    pretraining=dict(method='MAE', family='mim', data='ImageNet-1k', labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2111.06377',
)
