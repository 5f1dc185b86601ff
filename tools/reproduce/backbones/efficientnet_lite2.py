backbone = dict(
    name='efficientnet-lite2',
    title='EfficientNet-Lite2, ImageNet-1k',
    source='timm:tf_efficientnet_lite2',
    checkpoint='$TBENCH_REPRODUCE_WEIGHTS/efficientnet_lite2.safetensors',
    pretraining=dict(method='supervised', family='supervised', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
)
