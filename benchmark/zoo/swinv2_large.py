backbone = dict(
    name='swinv2-large',
    title='SwinV2-L',
    source='timm:swinv2_large_window12_192.ms_in22k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-22k', labels=True),
    licence='MIT',
    reference='arXiv 2111.09883',
)
