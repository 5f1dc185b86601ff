backbone = dict(
    name='efficientnet-lite0',
    title='EfficientNet-Lite0, ImageNet-1k',
    source='timm:tf_efficientnet_lite0',
    checkpoint='$TBENCH_REPRODUCE_WEIGHTS/efficientnet_lite0.safetensors',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
)
