backbone = dict(
    name='resnet18-tv',
    title='ResNet-18',
    source='timm:resnet18.tv_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='BSD-3-Clause',
    reference='arXiv 1512.03385',
)
