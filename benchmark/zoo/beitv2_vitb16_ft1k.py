backbone = dict(
    name='beitv2-vitb16-ft1k',
    title='BEiT v2 ViT-B/16, fine-tuned on 1k classes',
    source='timm:beitv2_base_patch16_224.in1k_ft_in1k',
    pretraining=dict(method='BEiT v2', family='mim', data='ImageNet-1k', labels=True),
    licence='Apache-2.0',
    reference='arXiv 2208.06366',
)
