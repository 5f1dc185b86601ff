backbone = dict(
    name='convnextv2-base-fcmae',
    title='ConvNeXt V2-Base FCMAE',
    source='timm:convnextv2_base.fcmae',
    pretraining=dict(method='FCMAE', family='mim', data='ImageNet-1k', labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2301.00808',
)
