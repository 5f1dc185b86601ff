backbone = dict(
    name='simmim-swinv2-base',
    title='SimMIM SwinV2-B',
    source='timm:swinv2_base_window12_192',
    checkpoint='$SIMMIM_WEIGHTS/swin_v2_base_simmim.pth',
    pretraining=dict(method='SimMIM', family='mim', labels=False),
    reference='arXiv 2205.13543',
)
