backbone = dict(
    name='spark-resnet50',
    title='SparK ResNet-50',
    source='mmpretrain:spark_sparse-resnet50_800e_in1k',
    pretraining=dict(method='SparK', family='mim', data='ImageNet-1k', epochs=800, labels=False),
    reference='arXiv 2301.03580',
)
