backbone = dict(
    name='replknet-31b',
    title='RepLKNet-31B',
    source='mmpretrain:replknet-31B_3rdparty_in1k',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    reference='arXiv 2203.06717',
)
