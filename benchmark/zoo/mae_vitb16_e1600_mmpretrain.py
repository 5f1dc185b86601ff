backbone = dict(
    name='mae-vitb16-e1600-mmpretrain',
    title='MAE ViT-B/16, 1600 epochs (mmpretrain)',
    source='mmpretrain:mae_vit-base-p16_8xb512-amp-coslr-1600e_in1k',
    pretraining=dict(method='MAE', family='mim', data='ImageNet-1k', epochs=1600, labels=False),
    reference='arXiv 2111.06377',
)
