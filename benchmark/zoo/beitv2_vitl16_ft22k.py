backbone = dict(
    name='beitv2-vitl16-ft22k',
    title='BEiT v2 ViT-L/16, fine-tuned on 22k classes',
    source='timm:beitv2_large_patch16_224.in1k_ft_in22k',
    pretraining=dict(
        method='BEiT v2',
        family='mim',
        data='ImageNet-1k, then ImageNet-22k',
        labels=True,
    ),
    licence='Apache-2.0',
    reference='arXiv 2208.06366',
)
