backbone = dict(
    name='milan-vitb16',
    title='MILAN ViT-B/16',
    source='mmpretrain:milan_vit-base-p16_16xb256-amp-coslr-400e_in1k',
    pretraining=dict(method='MILAN', family='mim', data='ImageNet-1k', epochs=400),
    reference='arXiv 2208.06049',
)
