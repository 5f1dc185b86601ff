backbone = dict(
    name='mocov3-resnet50',
    title='MoCo v3 ResNet-50',
    source='mmpretrain:mocov3_resnet50_8xb512-amp-coslr-800e_in1k',
    pretraining=dict(
        method='MoCo v3',
        family='contrastive',
        data='ImageNet-1k',
        epochs=800,
        labels=False,
    ),
    reference='arXiv 2104.02057',
)
