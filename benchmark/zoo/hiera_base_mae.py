backbone = dict(
    name='hiera-base-mae',
    title='Hiera-B MAE',
    source='timm:hiera_base_224.mae',
    pretraining=dict(method='MAE', family='mim', data='ImageNet-1k', labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2306.00989',
)
