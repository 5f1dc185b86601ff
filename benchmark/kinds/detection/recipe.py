"""Fine-tuning on object detection and instance segmentation."""

from __future__ import annotations

from benchmark.kinds.marks import adapted, stated
from benchmark.specs import Architecture, Rule, Size

KIND = 'detection'

_VITDET = 'configs/COCO/mask_rcnn_vitdet_b_100ep.py'
_VITDET_LARGE = 'configs/COCO/mask_rcnn_vitdet_l_100ep.py'
_VITDET_HUGE = 'configs/COCO/mask_rcnn_vitdet_h_75ep.py'
_VITDET_SWIN = 'configs/COCO/cascade_mask_rcnn_swin_b_in21k_50ep.py'
_SWIN = (
    'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_'
    '3x_coco.py'
)
_IBOT = 'evaluation/object_detection/configs/cascade_rcnn/vit_base_giou_4conv1f_coco_3x.py'
_CONVNEXT = (
    'object_detection/configs/convnext/cascade_mask_rcnn_convnext_base_patch4_window7_mstrain_'
    '480-800_giou_4conv1f_adamw_3x_coco_in1k.py'
)
_VOC = 'configs/pascal_voc/faster-rcnn_r50_fpn_1x_voc0712.py'
_SPARK = 'downstream_d2/configs/coco_R_50_FPN_CONV_1x_moco_adam.yaml'

CLASSIC = ('coco-detection-classic', 'coco-detection-cascade')
"""The tasks with short sides of 480 to 800 pixels and 36 epochs."""

_3X = {'schedule': 'step', 'milestones': (27 / 36, 33 / 36), 'step_factor': 0.1}

TRAINED_ON = ('coco-detection', *CLASSIC)
"""The tasks for which the sources of the general rules state their numbers."""

RULES = (
    Rule(
        KIND,
        stated(
            'vitdet',
            _VITDET,
            iterations=184_375,
            milestones=(163_889 / 184_375, 177_546 / 184_375),
            step_factor=0.1,
            schedule='step',
        )
        | stated('vitdet', 'model_zoo common/optim.py', lr=1e-4, weight_decay=0.1)
        | stated('vitdet', 'configs/common/coco_loader_lsj.py', batch_size=64, crop=(1024, 1024))
        | stated('vitdet', f'{_VITDET}, 250 iterations', warmup=250 / 184_375)
        | stated('vitdet', f'{_VITDET}, no clipping', clip_norm=None),
        networks=('vit-b', 'vit-l'),
    ),
    Rule(
        KIND,
        stated('vitdet', _VITDET, layer_decay=0.7)
        | stated('vitdet', 'model_zoo common/models/mask_rcnn_vitdet.py', drop_path=0.1),
        architecture=Architecture.PLAIN_VIT,
        networks=('vit-b',),
    ),
    Rule(
        KIND,
        stated(
            'vitdet', 'model_zoo common/optim.py: all but norms and positions', decayed='biases'
        ),
        architecture=Architecture.PLAIN_VIT,
        networks=('vit-b', 'vit-l'),
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated('vitdet', _VITDET_LARGE, layer_decay=0.8, drop_path=0.4),
        architecture=Architecture.PLAIN_VIT,
        size=Size.LARGE,
        networks=('vit-l',),
    ),
    Rule(
        KIND,
        stated(
            'vitdet',
            _VITDET_HUGE,
            layer_decay=0.9,
            drop_path=0.5,
            iterations=138_281,
            milestones=(122_916 / 138_281, 133_159 / 138_281),
        )
        | stated('vitdet', f'{_VITDET_HUGE}, 250 iterations of 184,375', warmup=250 / 184_375),
        architecture=Architecture.PLAIN_VIT,
        size=Size.HUGE,
        networks=('vit-h',),
    ),
    Rule(
        KIND,
        stated('vitdet', f'{_VITDET_HUGE}, everything', decayed='all'),
        architecture=Architecture.PLAIN_VIT,
        size=Size.HUGE,
        networks=('vit-h',),
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated(
            'vitdet',
            _VITDET_SWIN,
            lr=4e-5,
            weight_decay=0.05,
            drop_path=0.4,
            iterations=92_187,
        )
        | stated('vitdet', f'{_VITDET_SWIN}, no layer-wise decay', layer_decay=1.0)
        | stated('vitdet', f'{_VITDET_SWIN}, 250 iterations of 184,375', warmup=250 / 184_375),
        architecture=Architecture.HIERARCHICAL,
        networks=('swin-b',),
    ),
    Rule(
        KIND,
        stated('vitdet', f'{_VITDET_SWIN}: all but norms and positions', decayed='biases'),
        architecture=Architecture.HIERARCHICAL,
        networks=('swin-b',),
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated(
            'convnext',
            _CONVNEXT,
            lr=2e-4,
            weight_decay=0.05,
            layer_decay=0.8,
            drop_path=0.7,
            batch_size=16,
            epochs=36,
            **_3X,
        )
        | stated('convnext', f'{_CONVNEXT}, 12 groups and the stem', decay_steps=13)
        | adapted(
            'swin-det',
            'configs/_base_/schedules/schedule_1x.py, 500 iterations',
            says='(ConvNeXt leaves the base schedule out of its code)',
            reason='the code that ConvNeXt says it builds on',
            warmup=500 / 263_880,
        ),
        architecture=Architecture.CONVNET,
        networks=('convnext-b',),
    ),
    Rule(
        KIND,
        stated(
            'spark',
            _SPARK,
            lr=2.5e-4,
            weight_decay=1e-4,
            layer_decay=0.6,
            iterations=90_000,
            milestones=(60_000 / 90_000, 80_000 / 90_000),
            step_factor=0.25,
        )
        | stated('spark', f'{_SPARK}, 1,000 iterations', warmup=1000 / 90_000)
        | stated('spark', 'downstream_d2/lr_decay.py, 5 groups and the stem', decay_steps=6)
        | stated('spark', 'downstream_d2/configs/Base-RCNN-FPN.yaml', batch_size=16)
        | stated('spark', f'{_SPARK}, no drop path', drop_path=0.0),
        architecture=Architecture.CONVNET,
        size=Size.SMALL,
        networks=('resnet-50',),
    ),
    Rule(
        KIND,
        stated('spark', _SPARK, warmup_start=0.01)
        | stated('spark', 'downstream_d2/lr_decay.py: all but norms', decayed='biases'),
        architecture=Architecture.CONVNET,
        networks=('resnet-50',),
        is_exclusive=True,
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated('swin-det', f'{_SWIN}, short side 480 to 800', crop=(800, 1333)),
        tasks=CLASSIC,
    ),
    Rule(
        KIND,
        stated(
            'ibot',
            _IBOT,
            lr=1e-4,
            weight_decay=0.05,
            layer_decay=0.65,
            drop_path=0.2,
            epochs=36,
            **_3X,
        )
        | stated('ibot', f'{_IBOT}, no clipping', clip_norm=None)
        | stated('ibot', 'evaluation/object_detection/configs/_base_, 8 x 2', batch_size=16)
        | stated(
            'ibot',
            'evaluation/object_detection/configs/_base_/schedules/schedule_1x.py, 500 iterations',
            warmup=500 / 263_880,
        )
        | stated('ibot', f'{_IBOT}, matrices', decayed='matrices'),
        architecture=Architecture.PLAIN_VIT,
        tasks=CLASSIC,
        networks=('vit-b',),
    ),
    Rule(
        KIND,
        stated(
            'ibot',
            'evaluation/object_detection/configs/cascade_rcnn/vit_small_giou_4conv1f_coco_3x.py',
            layer_decay=0.75,
            drop_path=0.1,
        ),
        architecture=Architecture.PLAIN_VIT,
        size=Size.SMALL,
        tasks=CLASSIC,
        networks=('vit-s',),
    ),
    Rule(
        KIND,
        stated('swin-det', _SWIN, lr=1e-4, weight_decay=0.05, drop_path=0.3, epochs=36, **_3X)
        | stated('swin-det', f'{_SWIN}, no layer-wise decay', layer_decay=1.0)
        | stated('swin-det', f'{_SWIN}, no clipping', clip_norm=None)
        | stated('swin-det', 'configs/_base_/datasets/coco_instance.py, 8 x 2', batch_size=16)
        | stated(
            'swin-det',
            'configs/_base_/schedules/schedule_1x.py, 500 iterations',
            warmup=500 / 263_880,
        )
        | adapted(
            'swin-det',
            _SWIN,
            says="all but the backbone's norms and position biases",
            reason='norms of heads are exempt as those of the backbone are',
            decayed='biases',
        ),
        architecture=Architecture.HIERARCHICAL,
        tasks=CLASSIC,
        networks=('swin-b',),
    ),
    Rule(
        KIND,
        stated(
            'swin-det',
            'configs/swin/mask_rcnn_swin_small_patch4_window7_mstrain_480-800_adamw_3x_coco.py',
            drop_path=0.2,
        ),
        architecture=Architecture.HIERARCHICAL,
        size=Size.SMALL,
        tasks=CLASSIC,
        networks=('swin-s',),
    ),
    Rule(
        KIND,
        stated('mmdet', _VOC, optimizer='sgd', lr=0.01, momentum=0.9, weight_decay=1e-4)
        | stated('mmdet', f'{_VOC}, 8 x 2', batch_size=16)
        | stated('mmdet', f'{_VOC}, everything', decayed='all')
        | stated('mmdet', f'{_VOC}, 4 times 3 repetitions', epochs=12)
        | stated('mmdet', _VOC, schedule='step', milestones=(9 / 12,), step_factor=0.1)
        | stated('mmdet', f'{_VOC}, none', warmup=0.0, clip_norm=None)
        | stated('mmdet', f'{_VOC}, no layer-wise decay', layer_decay=1.0)
        | stated('mmdet', f'{_VOC}, no drop path', drop_path=0.0),
        architecture=Architecture.CONVNET,
        tasks=('voc-detection',),
        networks=('resnet-50',),
        is_exclusive=True,
    ),
    Rule(
        KIND,
        stated(
            'vitdet',
            'configs/LVIS/mask_rcnn_vitdet_b_100ep.py',
            lr=2e-4,
            iterations=156_250,
            milestones=(138_889 / 156_250, 150_463 / 156_250),
        )
        | stated(
            'vitdet',
            'configs/LVIS/mask_rcnn_vitdet_b_100ep.py, 250 iterations',
            warmup=250 / 156_250,
        ),
        architecture=Architecture.PLAIN_VIT,
        tasks=('lvis',),
        networks=('vit-b', 'vit-l'),
    ),
    Rule(
        KIND,
        stated('vitdet', 'configs/LVIS/mask_rcnn_vitdet_h_100ep.py', lr=1e-4, drop_path=0.4),
        architecture=Architecture.PLAIN_VIT,
        size=Size.HUGE,
        tasks=('lvis',),
        networks=('vit-h',),
    ),
    Rule(
        KIND,
        stated(
            'vitdet',
            'configs/LVIS/cascade_mask_rcnn_swin_b_in21k_50ep.py',
            lr=1e-4,
            drop_path=0.3,
            iterations=78_125,
            milestones=(138_889 / 156_250, 150_463 / 156_250),
        )
        | stated(
            'vitdet',
            'configs/LVIS/cascade_mask_rcnn_swin_b_in21k_50ep.py, 250 iterations of 156,250',
            warmup=250 / 156_250,
        ),
        architecture=Architecture.HIERARCHICAL,
        tasks=('lvis',),
        networks=('swin-b',),
    ),
)

DIFFERENCES = (
    (
        'heads of ViTDet',
        'two convolutions in the region proposal network, four and a linear layer in the box '
        'head, layer norm in box and mask heads, class-agnostic boxes in cascades',
        "Mask R-CNN as OpenMMLab's detection library configures it: one convolution, two linear "
        'layers, no norm',
        'one head for every backbone of a task',
    ),
    (
        'Swin-B and ConvNeXt-B',
        'trained under Cascade Mask R-CNN',
        'Mask R-CNN with the same numbers, but for `coco-detection-cascade`',
        'one head for every backbone of a task',
    ),
    (
        'heads of SparK',
        'four convolutions and a linear layer, SyncBN in pyramid and heads, statistics measured '
        'anew before testing',
        'those of the task',
        'one head for every backbone of a task',
    ),
    (
        'batch norm of the cascade over several processes',
        'over all pictures of a step (SyncBN)',
        'the same in a run of one process; over the pictures of each process otherwise',
        'a run is one process unless --processes is given',
    ),
    (
        'window attention of plain ViTs',
        'windows of 14 with 4 global blocks, relative positions added (ViTDet)',
        'the attention that the backbone declares',
        'a backbone is compared as it was pretrained',
    ),
    (
        'pyramid of plain ViTs on the tasks of 36 epochs',
        'blocks 4, 6, 8 and 12, each resampled, then FPN (iBOT)',
        "the last map through ViTDet's simple pyramid",
        'one neck for plain ViTs in detection',
    ),
    (
        'scale jitter of convolutional networks',
        'short sides of 480 to 896 pixels, no cuts (SparK)',
        'that of the task',
        'a task has one augmentation for every backbone',
    ),
    (
        'cuts of large-scale jitter',
        'a random cut of 1,024 pixels (ViTDet)',
        'the same, but another picture is taken where no object is left',
        "OpenMMLab's form of the same augmentation",
    ),
    (
        'ResNet-50 on VOC',
        'sides of 600 to 1,000 pixels, a frozen first stage, fixed batch norm (mmdet)',
        "MoCo's short sides of 480 to 800; everything learns",
        'a task has one augmentation for every backbone, and a backbone learns whole',
    ),
    (
        'pictures of LVIS without objects',
        'left out (ViTDet)',
        'replaced by another picture when their turn comes',
        'the task counts the pictures that the release counts',
    ),
    (
        'precision',
        'half, with a scaled loss',
        'bfloat16 in training on a GPU, single on a CPU, unless --precision says otherwise',
        'bfloat16 has the range of single precision: its losses need no scale',
    ),
)
