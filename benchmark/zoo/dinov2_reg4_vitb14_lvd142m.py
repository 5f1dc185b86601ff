backbone = dict(
    name='dinov2-reg4-vitb14-lvd142m',
    title='DINOv2 ViT-B/14 with registers',
    source='timm:vit_base_patch14_reg4_dinov2.lvd142m',
    pretraining=dict(method='DINOv2', family='distilled', data='LVD-142M', labels=False),
    licence='Apache-2.0',
    reference='arXiv 2309.16588',
)
