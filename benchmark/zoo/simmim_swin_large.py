backbone = dict(
    name='simmim-swin-large',
    title='SimMIM Swin-L',
    source='mmpretrain:simmim_swin-large-w12_16xb128-amp-coslr-800e_in1k-192px',
    pretraining=dict(method='SimMIM', family='mim', data='ImageNet-1k', labels=False),
    reference='arXiv 2111.09886',
)
