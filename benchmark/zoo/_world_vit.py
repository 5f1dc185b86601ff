# the plain ViT that the project pretrains on its procedural world; 1.3 M parameters, 64 patches
backbone = dict(
    source='timm:vit_tiny_patch16_224',
    options=dict(img_size=128, embed_dim=128, depth=6, num_heads=4),
    mean=(127.5, 127.5, 127.5),
    std=(127.5, 127.5, 127.5),
    licence='Apache-2.0',
)
