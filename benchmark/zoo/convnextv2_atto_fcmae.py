backbone = dict(
    name='convnextv2-atto-fcmae',
    title='ConvNeXt V2-Atto FCMAE',
    source='timm:convnextv2_atto.fcmae',
    pretraining=dict(method='FCMAE', family='mim', data='ImageNet-1k', labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2301.00808',
)
