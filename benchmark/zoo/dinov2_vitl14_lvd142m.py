backbone = dict(
    name='dinov2-vitl14-lvd142m',
    title='DINOv2 ViT-L/14',
    source='timm:vit_large_patch14_dinov2.lvd142m',
    pretraining=dict(method='DINOv2', family='distilled', data='LVD-142M', labels=False),
    licence='Apache-2.0',
    reference='arXiv 2304.07193',
)
