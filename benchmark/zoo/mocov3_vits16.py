backbone = dict(
    name='mocov3-vits16',
    title='MoCo v3 ViT-S/16',
    source='mmpretrain:mocov3_vit-small-p16_16xb256-amp-coslr-300e_in1k',
    pretraining=dict(
        method='MoCo v3',
        family='contrastive',
        data='ImageNet-1k',
        epochs=300,
        labels=False,
    ),
    reference='arXiv 2104.02057',
)
