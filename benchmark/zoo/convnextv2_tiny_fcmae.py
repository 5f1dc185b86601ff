backbone = dict(
    name='convnextv2-tiny-fcmae',
    title='ConvNeXt V2-Tiny FCMAE',
    source='timm:convnextv2_tiny.fcmae',
    pretraining=dict(method='FCMAE', family='mim', data='ImageNet-1k', labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2301.00808',
)
