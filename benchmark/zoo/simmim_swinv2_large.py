backbone = dict(
    name='simmim-swinv2-large',
    title='SimMIM SwinV2-L',
    source='timm:swinv2_large_window12_192',
    checkpoint='$SIMMIM_WEIGHTS/swin_v2_large_simmim.pth',
    pretraining=dict(method='SimMIM', family='mim', labels=False),
    reference='arXiv 2205.13543',
)
