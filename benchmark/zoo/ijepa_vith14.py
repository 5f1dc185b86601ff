backbone = dict(
    name='ijepa-vith14',
    title='I-JEPA ViT-H/14',
    source='timm:vit_huge_patch14_gap_224.in1k_ijepa',
    pretraining=dict(method='I-JEPA', family='mim', data='ImageNet-1k', epochs=300, labels=False),
    licence='CC-BY-NC-4.0',
    reference='arXiv 2301.08243',
)
