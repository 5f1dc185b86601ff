backbone = dict(
    name='mocov3-vitb16',
    title='MoCo v3 ViT-B/16',
    source='mmpretrain:mocov3_vit-base-p16_16xb256-amp-coslr-300e_in1k',
    pretraining=dict(
        method='MoCo v3',
        family='contrastive',
        data='ImageNet-1k',
        epochs=300,
        labels=False,
    ),
    reference='arXiv 2104.02057',
)
