backbone = dict(
    name='beit-vitb16',
    title='BEiT ViT-B/16',
    source='mmpretrain:beit_beit-base-p16_8xb256-amp-coslr-300e_in1k',
    pretraining=dict(method='BEiT', family='mim', data='ImageNet-1k', epochs=300, labels=False),
    reference='arXiv 2106.08254',
)
