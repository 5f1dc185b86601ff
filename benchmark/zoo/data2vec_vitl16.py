backbone = dict(
    name='data2vec-vitl16',
    title='data2vec ViT-L/16',
    source='hf:facebook/data2vec-vision-large',
    pretraining=dict(method='data2vec', family='mim', data='ImageNet-1k', labels=False),
    licence='Apache-2.0',
    reference='arXiv 2202.03555',
)
