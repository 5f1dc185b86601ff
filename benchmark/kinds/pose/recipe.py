"""Fine-tuning on key points of boxed instances."""

from __future__ import annotations

from benchmark.kinds.marks import stated
from benchmark.specs import Architecture, Rule, Size

KIND = 'pose'

_COCO = 'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco'
_VIT = f'{_COCO}/ViTPose_base_coco_256x192.py'
_TOPDOWN = 'body_2d_keypoint/topdown_heatmap'
_SWIN = f'{_TOPDOWN}/coco/td-hm_swin-b-p4-w7_8xb32-210e_coco-256x192.py'
_R50 = f'{_TOPDOWN}/coco/td-hm_res50_8xb64-210e_coco-256x192.py'
_R50_ELSEWHERE = {
    'crowdpose': f'{_TOPDOWN}/crowdpose/td-hm_res50_8xb64-210e_crowdpose-256x192.py',
    'mpii': f'{_TOPDOWN}/mpii/td-hm_res50_8xb64-210e_mpii-256x256.py',
    'ap10k': 'animal_2d_keypoint/topdown_heatmap/ap10k/td-hm_res50_8xb64-210e_ap10k-256x256.py',
}

# 500 iterations of 210 epochs of the 149,813 instances of COCO
_WARMUP_AT_512 = 500 / (210 * 293)
_WARMUP_AT_256 = 500 / (210 * 586)

_210_EPOCHS = {
    'epochs': 210,
    'schedule': 'step',
    'milestones': (170 / 210, 200 / 210),
    'step_factor': 0.1,
}

TRAINED_ON = ('coco-pose',)
"""The tasks for which the sources of the general rules state their numbers."""

RULES = (
    Rule(
        KIND,
        stated(
            'vitpose',
            _VIT,
            lr=5e-4,
            weight_decay=0.1,
            clip_norm=1.0,
            crop=(256, 192),
            **_210_EPOCHS,
        )
        | stated('vitpose', f'{_VIT}, 8 x 64', batch_size=512)
        | stated('vitpose', f'{_VIT}, 500 iterations', warmup=_WARMUP_AT_512),
        networks=('vit-s', 'vit-b', 'vit-l', 'vit-h'),
    ),
    *(
        Rule(
            KIND,
            stated('vitpose', place, layer_decay=decay, drop_path=drop_path),
            architecture=Architecture.PLAIN_VIT,
            size=size,
            networks=(network,),
        )
        for size, network, place, decay, drop_path in (
            (None, 'vit-b', _VIT, 0.75, 0.3),
            (Size.SMALL, 'vit-s', f'{_COCO}/ViTPose_small_coco_256x192.py', 0.8, 0.1),
            (Size.LARGE, 'vit-l', f'{_COCO}/ViTPose_large_coco_256x192.py', 0.8, 0.5),
            (Size.HUGE, 'vit-h', f'{_COCO}/ViTPose_huge_coco_256x192.py', 0.85, 0.55),
        )
    ),
    Rule(
        KIND,
        {},
        architecture=Architecture.PLAIN_VIT,
        options=stated('vitpose', f'{_VIT}, UDP heat maps', udp=True)
        | stated('vitpose', f'{_VIT}, boxes stay where they are', shift_prob=0),
        networks=('vit-s', 'vit-b', 'vit-l', 'vit-h'),
        at_full_length=True,
    ),
    *(
        Rule(
            KIND,
            {},
            architecture=architecture,
            options=stated('mmpose', f'{place}, MSRA heat maps', udp=False),
            networks=(network,),
            at_full_length=True,
        )
        for architecture, network, place in (
            (Architecture.HIERARCHICAL, 'swin-b', _SWIN),
            (Architecture.CONVNET, 'resnet-50', _R50),
        )
    ),
    Rule(
        KIND,
        stated('mmpose', f'{_SWIN}, 8 x 32', batch_size=256)
        | stated('mmpose', _SWIN, lr=5e-4, drop_path=0.3, crop=(256, 192), **_210_EPOCHS)
        | stated('mmpose', f'{_SWIN}, Adam without decay', weight_decay=0.0)
        | stated('mmpose', f'{_SWIN}, no layer-wise decay', layer_decay=1.0)
        | stated('mmpose', f'{_SWIN}, no clipping', clip_norm=None)
        | stated('mmpose', f'{_SWIN}, 500 iterations', warmup=_WARMUP_AT_256),
        architecture=Architecture.HIERARCHICAL,
        networks=('swin-b',),
    ),
    Rule(
        KIND,
        stated('mmpose', f'{_R50}, 8 x 64', batch_size=512)
        | stated('mmpose', _R50, lr=5e-4, crop=(256, 192), **_210_EPOCHS)
        | stated('mmpose', f'{_R50}, 500 iterations', warmup=_WARMUP_AT_512)
        | stated('mmpose', f'{_R50}, no drop path', drop_path=0.0)
        | stated('mmpose', f'{_R50}, Adam without decay', weight_decay=0.0)
        | stated('mmpose', f'{_R50}, no layer-wise decay', layer_decay=1.0)
        | stated('mmpose', f'{_R50}, no clipping', clip_norm=None),
        architecture=Architecture.CONVNET,
        networks=('resnet-50',),
    ),
    *(
        Rule(
            KIND,
            stated(
                'mmpose',
                place,
                lr=5e-4,
                batch_size=512,
                weight_decay=0.0,
                **_210_EPOCHS,
            ),
            architecture=Architecture.CONVNET,
            tasks=(task,),
            networks=('resnet-50',),
        )
        for task, place in _R50_ELSEWHERE.items()
    ),
    *(
        Rule(
            KIND,
            stated('mmpose', _R50_ELSEWHERE[task], crop=(256, 256)),
            tasks=(task,),
            networks=('resnet-50',),
        )
        for task in ('mpii', 'ap10k')
    ),
)

DIFFERENCES = (
    (
        'optimiser of Swin and ResNet',
        'Adam (mmpose)',
        'AdamW without weight decay',
        'the two are the same algorithm when nothing decays',
    ),
    (
        'SwinV2 of arXiv 2205.13543',
        'not found in what the authors published',
        "mmpose's numbers for Swin-B",
        'the closest stated recipe',
    ),
    (
        'sizes and angles of crops',
        'normal deviates, cut at 1 deviation of 0.5 and at 2 of 40 degrees (ViTPose)',
        "mmpose 1.x's: normal deviates of 0.5 and 80 degrees, cut at 1 deviation",
        "the library's form of the same augmentation; angles reach 80 degrees in both",
    ),
    (
        'plain ViTs on MPII and AP-10K',
        '256 x 192 pixels (ViTPose)',
        "256 x 256, mmpose's",
        'a task has one input size for every backbone',
    ),
)
