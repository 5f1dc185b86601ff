backbone = dict(
    name='swin-tiny',
    title='Swin-T',
    source='timm:swin_tiny_patch4_window7_224.ms_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='MIT',
    reference='arXiv 2103.14030',
)
