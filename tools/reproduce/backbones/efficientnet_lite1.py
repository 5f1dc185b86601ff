backbone = dict(
    name='efficientnet-lite1',
    title='EfficientNet-Lite1, ImageNet-1k',
    source='timm:tf_efficientnet_lite1',
    checkpoint='$TBENCH_REPRODUCE_WEIGHTS/efficientnet_lite1.safetensors',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
)
