"""Fine-tuning on semantic segmentation."""

from __future__ import annotations

from benchmark.kinds.marks import adapted, ours, stated
from benchmark.specs import Architecture, Rule, Size

KIND = 'segmentation'

_MAE = 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py'
_SWIN = 'swin/swin-base-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py'
_CONVNEXT = 'semantic_segmentation/configs/convnext/upernet_convnext_base_512_160k_ade20k_ss.py'
_R50 = 'upernet/upernet_r50_4xb4-160k_ade20k-512x512.py'

TRAINED_ON = ('ade20k',)
"""The tasks on whose data the sources of the rules for all tasks state their numbers."""

RULES = (
    Rule(
        KIND,
        stated(
            'mmseg',
            _MAE,
            lr=1e-4,
            weight_decay=0.05,
            batch_size=16,
            iterations=160_000,
            crop=(512, 512),
        )
        | stated('mmseg', f'{_MAE}, 1,500 iterations', warmup=1500 / 160_000)
        | stated('mmseg', f'{_MAE}, polynomial of power 1', schedule='linear')
        | stated('mmseg', f'{_MAE}, no clipping', clip_norm=None),
    ),
    Rule(
        KIND,
        stated('mmseg', _MAE, layer_decay=0.65, drop_path=0.1),
        architecture=Architecture.PLAIN_VIT,
    ),
    Rule(
        KIND,
        stated('mmseg', _SWIN, lr=6e-5, weight_decay=0.01, drop_path=0.3)
        | stated('mmseg', f'{_SWIN}, no layer-wise decay', layer_decay=1.0),
        architecture=Architecture.HIERARCHICAL,
    ),
    Rule(
        KIND,
        stated('convnext', _CONVNEXT, lr=1e-4, weight_decay=0.05, layer_decay=0.9, drop_path=0.4)
        | adapted(
            'convnext',
            'semantic_segmentation/mmcv_custom/layer_decay_optimizer_constructor.py',
            says='once per stage: stem 0.9^13, last stage 0.9^9',
            reason='the stem gets the same rate, layer by layer instead of stage by stage',
            decay_steps=13,
        ),
        architecture=Architecture.CONVNET,
    ),
    Rule(
        KIND,
        adapted(
            'mmseg',
            _R50,
            says='0.01 with SGD',
            reason="one optimiser, AdamW, for every backbone; the rate is ConvNeXt-T's",
            lr=1e-4,
        )
        | adapted(
            'mmseg',
            _R50,
            says='5e-4 with SGD',
            reason="decoupled decay has another scale; ConvNeXt-T's",
            weight_decay=0.05,
        )
        | stated('mmseg', f'{_R50}, no drop path', drop_path=0.0)
        | ours('stem rate of ConvNeXt-T: 0.9^7', layer_decay=0.9, decay_steps=7),
        architecture=Architecture.CONVNET,
        size=Size.SMALL,
    ),
)

DIFFERENCES = (
    (
        'maps of plain ViTs',
        'blocks 4, 6, 8 and 12, each resampled (MAE, BEiT)',
        "the last map through ViTDet's simple pyramid",
        'as in detection: one neck for plain ViTs',
    ),
    (
        'BEiT v2 on ADE20K',
        'rate 5e-5, layer decay 0.75, drop path 0.15 '
        '(beit2/semantic_segmentation/configs/beit/upernet)',
        "MAE's numbers for every plain ViT",
        'one recipe per architecture class, not per pretraining',
    ),
    (
        'UPerNet',
        '768 channels (MAE), 512 (Swin, ConvNeXt, ResNet)',
        'the width of the task, 512 unless declared',
        'one head for every backbone',
    ),
)
