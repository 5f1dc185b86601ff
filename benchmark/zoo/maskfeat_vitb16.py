backbone = dict(
    name='maskfeat-vitb16',
    title='MaskFeat ViT-B/16',
    source='mmpretrain:maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k',
    pretraining=dict(method='MaskFeat', family='mim', data='ImageNet-1k', epochs=300, labels=False),
    reference='arXiv 2112.09133',
)
