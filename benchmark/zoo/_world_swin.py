# the Swin that the project pretrains on its procedural world: 2.7 M parameters, windows of 4
backbone = dict(
    source='timm:swin_tiny_patch4_window7_224',
    options=dict(
        img_size=128, window_size=4, embed_dim=32, depths=(2, 2, 4, 2), num_heads=(1, 2, 4, 8)
    ),
    mean=(127.5, 127.5, 127.5),
    std=(127.5, 127.5, 127.5),
    licence='Apache-2.0',
)
