backbone = dict(
    name='mae-vith14',
    title='MAE ViT-H/14',
    source='timm:vit_huge_patch14_224.mae',
    pretraining=dict(method='MAE', family='mim', data='ImageNet-1k', labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2111.06377',
)
