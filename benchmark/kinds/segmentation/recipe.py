"""Fine-tuning on semantic segmentation."""

from __future__ import annotations

from benchmark.kinds.marks import adapted, ours, stated
from benchmark.specs import Architecture, Rule, Size

KIND = 'segmentation'

_MAE = 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py'
_SWIN = 'swin/swin-base-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py'
_CONVNEXT = 'semantic_segmentation/configs/convnext/upernet_convnext_base_512_160k_ade20k_ss.py'
_CONVNEXT_T = 'semantic_segmentation/configs/convnext/upernet_convnext_tiny_512_160k_ade20k_ss.py'
_SCHEDULE = '_base_/schedules/schedule_160k.py'
_R50 = 'upernet/upernet_r50_4xb4-160k_ade20k-512x512.py'

TRAINED_ON = ('ade20k',)
"""The tasks for which the sources of the general rules state their numbers."""

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
        networks=('vit-b',),
    ),
    Rule(
        KIND,
        stated('mmseg', f'{_MAE}, 1e-6 of the peak', warmup_start=1e-6),
        networks=('vit-b', 'swin-b', 'convnext-b', 'convnext-t'),
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated('mmseg', _MAE, layer_decay=0.65, drop_path=0.1),
        architecture=Architecture.PLAIN_VIT,
        networks=('vit-b',),
    ),
    Rule(
        KIND,
        {},
        architecture=Architecture.PLAIN_VIT,
        tasks=('ade20k',),
        options=stated('mmseg', f'{_MAE}, windows of 512', slide_stride=(341, 341))
        | stated('mmseg', f'{_MAE}, blocks 4, 6, 8 and 12', pyramid='four-depths')
        | stated('mmseg', _MAE, width=768, auxiliary_width=256),
        networks=('vit-b',),
    ),
    Rule(
        KIND,
        stated('mmseg', _SWIN, lr=6e-5, weight_decay=0.01, drop_path=0.3)
        | stated('mmseg', f'{_SWIN}, no layer-wise decay', layer_decay=1.0),
        architecture=Architecture.HIERARCHICAL,
        networks=('swin-b',),
    ),
    Rule(
        KIND,
        adapted(
            'mmseg',
            _SWIN,
            says="all but the backbone's norms and position biases",
            reason='norms of heads are exempt as those of the backbone are',
            decayed='biases',
        ),
        architecture=Architecture.HIERARCHICAL,
        networks=('swin-b',),
        at_full_length=True,
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
        networks=('convnext-b',),
    ),
    Rule(
        KIND,
        {},
        architecture=Architecture.CONVNET,
        tasks=('ade20k',),
        options=stated('convnext', f'{_CONVNEXT}, windows of 512', slide_stride=(341, 341)),
        networks=('convnext-t', 'convnext-s', 'convnext-b', 'convnext-l'),
        is_exclusive=True,
    ),
    Rule(
        KIND,
        adapted(
            'mmseg',
            _R50,
            says='0.01 with SGD',
            reason="short trainings and other small networks use AdamW; the rate is ConvNeXt-T's",
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
        networks=('resnet-50',),
    ),
    Rule(
        KIND,
        stated('convnext', _CONVNEXT_T, drop_path=0.4)
        | adapted(
            'convnext',
            'semantic_segmentation/mmcv_custom/layer_decay_optimizer_constructor.py',
            says='once per stage: stem 0.9^7',
            reason='the stem gets the same rate, layer by layer instead of stage by stage',
            decay_steps=7,
            layer_decay=0.9,
        ),
        architecture=Architecture.CONVNET,
        networks=('convnext-t',),
        is_exclusive=True,
    ),
    Rule(
        KIND,
        stated('mmseg', _SCHEDULE, optimizer='sgd', lr=0.01, momentum=0.9, weight_decay=5e-4)
        | stated('mmseg', f'{_SCHEDULE}, everything', decayed='all')
        | stated('mmseg', f'{_SCHEDULE}, no layer-wise decay', layer_decay=1.0)
        | stated('mmseg', f'{_SCHEDULE}, none', warmup=0.0)
        | stated('mmseg', f'{_SCHEDULE}, 1e-4 of 0.01', schedule='poly', power=0.9, floor=0.01)
        | stated('mmseg', f'{_R50}, 4 x 4', batch_size=16),
        architecture=Architecture.CONVNET,
        networks=('resnet-50',),
        is_exclusive=True,
        at_full_length=True,
    ),
)

DIFFERENCES = (
    (
        'maps of plain ViTs',
        'blocks 4, 6, 8 and 12, each resampled (MAE, BEiT)',
        "the same on ADE20K, for patches of 8 or 16 pixels; else the last map through ViTDet's "
        'simple pyramid',
        'as in detection: one neck for plain ViTs; a patch of 14 pixels fits no such pyramid',
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
        'the same on ADE20K; elsewhere the width of the task, 512 unless declared',
        'one head for every backbone where no source says otherwise',
    ),
    (
        'attention of MAE',
        'relative position bias and layer scale of 1.0 are added for ADE20K (mmseg)',
        'none: the network as it was pretrained',
        'a backbone is compared as it was pretrained',
    ),
    (
        'test pictures of BEiT',
        '640 pixels, windows of 640 at a stride of 426 (mmseg)',
        "MAE's: 512 at a stride of 341",
        'a task has one crop for every backbone, and a rule an architecture, not a pretraining',
    ),
    (
        'batch norm of heads over several processes',
        'over all pictures of a step (SyncBN)',
        'the same in a run of one process; over the pictures of each process otherwise',
        'a run is one process unless --processes is given',
    ),
    (
        'precision',
        'half, with a scaled loss (MAE, ConvNeXt)',
        'bfloat16 in training on a GPU, single on a CPU, unless --precision says otherwise',
        'bfloat16 has the range of single precision: its losses need no scale',
    ),
    (
        'ResNet',
        'version 1c (mmseg)',
        'ResNet-50 as the backbone declares it',
        'a backbone is compared as it was pretrained',
    ),
)
