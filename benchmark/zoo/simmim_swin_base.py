backbone = dict(
    name='simmim-swin-base',
    title='SimMIM Swin-B',
    source='mmpretrain:simmim_swin-base-w6_16xb128-amp-coslr-800e_in1k-192px',
    pretraining=dict(method='SimMIM', family='mim', data='ImageNet-1k', labels=False),
    reference='arXiv 2111.09886',
)
