backbone = dict(
    name='swinv2-base',
    title='SwinV2-B',
    source='timm:swinv2_base_window12_192.ms_in22k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-22k', labels=True),
    licence='MIT',
    reference='arXiv 2111.09883',
)
