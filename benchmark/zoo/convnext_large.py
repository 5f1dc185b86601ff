backbone = dict(
    name='convnext-large',
    title='ConvNeXt-Large',
    source='timm:convnext_large.fb_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
    reference='arXiv 2201.03545',
)
