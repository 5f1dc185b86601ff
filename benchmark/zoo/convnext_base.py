backbone = dict(
    name='convnext-base',
    title='ConvNeXt-Base',
    source='timm:convnext_base.fb_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
    reference='arXiv 2201.03545',
)
