backbone = dict(
    name='data2vec-vitb16',
    title='data2vec ViT-B/16',
    source='hf:facebook/data2vec-vision-base',
    pretraining=dict(method='data2vec', family='mim', data='ImageNet-1k', labels=False),
    licence='Apache-2.0',
    reference='arXiv 2202.03555',
)
