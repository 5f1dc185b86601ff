backbone = dict(
    name='mae-vitb16-e800-mmpretrain',
    title='MAE ViT-B/16, 800 epochs (mmpretrain)',
    source='mmpretrain:mae_vit-base-p16_8xb512-amp-coslr-800e_in1k',
    pretraining=dict(method='MAE', family='mim', data='ImageNet-1k', epochs=800, labels=False),
    reference='arXiv 2111.06377',
)
