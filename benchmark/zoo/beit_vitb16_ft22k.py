backbone = dict(
    name='beit-vitb16-ft22k',
    title='BEiT ViT-B/16, fine-tuned on 22k classes',
    source='timm:beit_base_patch16_224.in22k_ft_in22k',
    pretraining=dict(method='BEiT', family='mim', data='ImageNet-22k', labels=True),
    licence='Apache-2.0',
    reference='arXiv 2106.08254',
)
