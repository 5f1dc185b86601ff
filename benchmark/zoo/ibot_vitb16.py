backbone = dict(
    name='ibot-vitb16',
    title='iBOT ViT-B/16',
    source='timm:vit_base_patch16_224',
    checkpoint='$IBOT_WEIGHTS/ibot_vitb16_teacher.pth',
    pretraining=dict(method='iBOT', family='mim', labels=False),
    licence='Apache-2.0',
    reference='arXiv 2111.07832',
)
