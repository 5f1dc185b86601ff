backbone = dict(
    name='swin-base',
    title='Swin-B',
    source='timm:swin_base_patch4_window7_224.ms_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='MIT',
    reference='arXiv 2103.14030',
)
