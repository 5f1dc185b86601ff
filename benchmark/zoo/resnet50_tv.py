backbone = dict(
    name='resnet50-tv',
    title='ResNet-50',
    source='timm:resnet50.tv_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='BSD-3-Clause',
    reference='arXiv 1512.03385',
)
