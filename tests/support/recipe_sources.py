# ruff: noqa: E501
"""What the sources of audited recipes say: each value with the file and line that it was read at.

Lines are those of the commits that docs/recipes.md names. A value with a ``difference`` is not
ours, for the reason that the kind's recipe gives under that name.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One value of a source, under the name that :mod:`tests.support.recipe_facts` gives it."""

    fact: str
    value: Any
    place: str
    difference: str = ''


class Audited(NamedTuple):
    """A recipe of a source, and the cell of ours that is compared with it."""

    title: str
    source: str
    task: str
    network: str
    rows: tuple[Row, ...]


AUDITED = (
    Audited(
        'MAE, ViT-B on ImageNet-1k',
        'mae',
        'imagenet1k',
        'vit-b',
        (
            Row('optimiser', 'AdamW', 'main_finetune.py:287'),
            Row('rate', 0.002, 'FINETUNE.md:72'),
            Row('weight decay', 0.05, 'FINETUNE.md:73'),
            Row('share of the rate at the stem', 0.003697205891018715, 'FINETUNE.md:72'),
            Row('drop path', 0.1, 'FINETUNE.md:73'),
            Row('batch', 1024, 'FINETUNE.md:77'),
            Row('iterations', 125200, 'FINETUNE.md:71'),
            Row('warm-up', 6260, 'main_finetune.py:76'),
            Row('start of the rate', 1e-08, 'util/lr_sched.py:12'),
            Row('floor', 0.0005, 'main_finetune.py:73'),
            Row('fall', 'cosine', 'util/lr_sched.py:15'),
            Row('largest gradient norm', None, 'main_finetune.py:61'),
            Row(
                'augmentation',
                'RandomResizedCrop (224, 224) (0.08, 1.0), RandomFlip 0.5, RandAugment, erasing, mixup, cut-mix',
                'main_finetune.py:82',
                'augmentation',
            ),
            Row(
                'head',
                'mean of patch tokens, a norm, LinearClsHead',
                'models_vit.py:27',
                'ViT features',
            ),
            Row(
                'loss', 'soft cross entropy of mixed labels', 'main_finetune.py:292', 'augmentation'
            ),
            Row('weights scored', 'the last', 'main_finetune.py:321'),
        ),
    ),
    Audited(
        'MAE, ViT-L on ImageNet-1k',
        'mae',
        'imagenet1k',
        'vit-l',
        (
            Row('optimiser', 'AdamW', 'main_finetune.py:287'),
            Row('rate', 0.004, 'FINETUNE.md:91'),
            Row('weight decay', 0.05, 'FINETUNE.md:92'),
            Row('share of the rate at the stem', 0.0007525434581650003, 'FINETUNE.md:91'),
            Row('drop path', 0.2, 'FINETUNE.md:92'),
            Row('batch', 1024, 'FINETUNE.md:77'),
            Row('iterations', 62600, 'FINETUNE.md:90'),
            Row('warm-up', 6260, 'main_finetune.py:76'),
            Row('start of the rate', 1e-08, 'util/lr_sched.py:12'),
            Row('floor', 0.00025, 'main_finetune.py:73'),
            Row('fall', 'cosine', 'util/lr_sched.py:15'),
            Row('largest gradient norm', None, 'main_finetune.py:61'),
            Row(
                'augmentation',
                'RandomResizedCrop (224, 224) (0.08, 1.0), RandomFlip 0.5, RandAugment, erasing, mixup, cut-mix',
                'main_finetune.py:82',
                'augmentation',
            ),
            Row(
                'head',
                'mean of patch tokens, a norm, LinearClsHead',
                'models_vit.py:27',
                'ViT features',
            ),
            Row(
                'loss', 'soft cross entropy of mixed labels', 'main_finetune.py:292', 'augmentation'
            ),
            Row('weights scored', 'the last', 'main_finetune.py:321'),
        ),
    ),
    Audited(
        'SimMIM, SwinV2-B on ImageNet-1k',
        'swin',
        'imagenet1k',
        'swinv2-b',
        (
            Row(
                'rate',
                0.005,
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:16',
            ),
            Row(
                'weight decay',
                0.05,
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:19',
            ),
            Row(
                'share of the rate at the stem',
                0.0007525434581650003,
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:20',
            ),
            Row(
                'drop path',
                0.1,
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:4',
            ),
            Row(
                'iterations',
                62600,
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:14',
            ),
            Row(
                'warm-up',
                12520,
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:15',
            ),
            Row(
                'start of the rate',
                '1e-6 for every layer',
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:17',
                'ends of the rate of SimMIM',
            ),
            Row(
                'floor',
                '1e-6 for every layer',
                'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml:18',
                'ends of the rate of SimMIM',
            ),
            Row('largest gradient norm', 5.0, 'config.py:160'),
            Row(
                'augmentation',
                'RandomResizedCrop (224, 224) (0.08, 1.0), RandomFlip 0.5, RandAugment, erasing, mixup, cut-mix',
                'config.py:207',
                'augmentation',
            ),
            Row(
                'loss',
                'soft cross entropy of mixed labels',
                'main_simmim_ft.py:100',
                'augmentation',
            ),
        ),
    ),
    Audited(
        'ConvNeXt V2-B on ImageNet-1k',
        'convnextv2',
        'imagenet1k',
        'convnext-b',
        (
            Row('rate', 0.0025, 'TRAINING.md:48'),
            Row('weight decay', 0.05, 'TRAINING.md:53'),
            Row('share of the rate at the stem', 0.0013060694015999993, 'TRAINING.md:52'),
            Row('drop path', 0.1, 'TRAINING.md:54'),
            Row('batch', 1024, 'TRAINING.md:47'),
            Row('iterations', 125200, 'TRAINING.md:49'),
            Row('warm-up', 25040, 'TRAINING.md:50'),
            Row('start of the rate', 1e-08, 'utils.py:534'),
            Row('floor', 0.0004, 'main_finetune.py:69'),
            Row('fall', 'cosine', 'utils.py:537'),
            Row('weights scored', 'moving average, 0.9999', 'TRAINING.md:59'),
            Row(
                'augmentation',
                'RandomResizedCrop (224, 224) (0.08, 1.0), RandomFlip 0.5, RandAugment, erasing, mixup, cut-mix',
                'TRAINING.md:56',
                'augmentation',
            ),
            Row('largest gradient norm', None, 'main_finetune.py:60'),
        ),
    ),
    Audited(
        'SparK, ResNet-50 on ImageNet-1k',
        'spark',
        'imagenet1k',
        'resnet-50',
        (
            Row('optimiser', 'Lamb', 'downstream_imagenet/arg.py:20'),
            Row('rate', 0.016, 'downstream_imagenet/arg.py:20'),
            Row('weight decay', 0.02, 'downstream_imagenet/arg.py:20'),
            Row('drop path', 0.05, 'downstream_imagenet/arg.py:20'),
            Row('batch', 2048, 'downstream_imagenet/arg.py:20'),
            Row('iterations', 187800, 'downstream_imagenet/arg.py:20'),
            Row('warm-up', 3130, 'downstream_imagenet/arg.py:20'),
            Row('weights scored', 'moving average, 0.9999', 'downstream_imagenet/arg.py:20'),
            Row(
                'share of the rate at the stem',
                0.08235429999999996,
                'downstream_imagenet/arg.py:20',
            ),
            Row('start of the rate', 0.005, 'downstream_imagenet/lr_decay.py:14'),
            Row('floor', 0.001, 'downstream_imagenet/lr_decay.py:17'),
            Row('fall', 'cosine', 'downstream_imagenet/lr_decay.py:17'),
            Row(
                'loss',
                'binary cross entropy, mixup 0.1',
                'downstream_imagenet/util.py:89',
                'loss of SparK',
            ),
            Row(
                'augmentation',
                'RandomResizedCrop (224, 224), RandomFlip, RandAugment, mixup',
                'downstream_imagenet/util.py:81',
                'augmentation',
            ),
        ),
    ),
    Audited(
        'iBOT, ViT-B on iNaturalist 2018',
        'ibot',
        'inat2018',
        'vit-b',
        (
            Row('rate', 1.125e-05, 'run.sh:235'),
            Row('batch', 768, 'run.sh:234'),
            Row('iterations', 205200, 'run.sh:313'),
            Row('weight decay', 0.05, 'evaluation/eval_cls.py:84'),
            Row('drop path', 0.1, 'evaluation/eval_cls.py:64'),
            Row('warm-up', 2850, 'evaluation/eval_cls.py:104'),
            Row('start of the rate', 0.08888888888888888, 'evaluation/eval_cls.py:97'),
            Row('floor', 0.888888888888889, 'evaluation/eval_cls.py:99'),
            Row('share of the rate at the stem', 1.0, 'evaluation/eval_cls.py:692'),
            Row('largest gradient norm', None, 'evaluation/eval_cls.py:80'),
            Row(
                'augmentation',
                'RandomResizedCrop (224, 224) (0.08, 1.0), RandomFlip 0.5, RandAugment, erasing, mixup, cut-mix',
                'evaluation/eval_cls.py:128',
                'augmentation of iBOT on iNaturalist',
            ),
        ),
    ),
    Audited(
        'ViTDet, ViT-B on COCO',
        'vitdet',
        'coco-detection',
        'vit-b',
        (
            Row('optimiser', 'AdamW', 'configs/common/optim.py:18'),
            Row('rate', 0.0001, 'configs/common/optim.py:25'),
            Row('weight decay', 0.1, 'configs/common/optim.py:27'),
            Row('decays', 'biases', 'configs/common/optim.py:23'),
            Row(
                'share of the rate at the stem',
                0.009688901040699992,
                'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:39',
            ),
            Row('drop path', 0.1, 'configs/common/models/mask_rcnn_vitdet.py:24'),
            Row('batch', 64, 'projects/ViTDet/configs/common/coco_loader_lsj.py:16'),
            Row(
                'augmentation',
                'RandomFlip 0.5, RandomResize (1024, 1024) (0.1, 2.0), RandomCrop (1024, 1024)',
                'projects/ViTDet/configs/common/coco_loader_lsj.py:10',
                'cuts of large-scale jitter',
            ),
            Row(
                'head',
                'MaskRCNN, 4conv1fc with layer norm, two RPN convolutions',
                'configs/common/models/mask_rcnn_vitdet.py:55',
                'heads of ViTDet',
            ),
            Row(
                'start of the rate',
                0.001,
                'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:34',
            ),
            Row('warm-up', 250, 'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:33'),
            Row(
                'iterations', 184375, 'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:25'
            ),
            Row(
                'fall',
                'step by 0.1 at 163889, 177546',
                'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:30',
            ),
        ),
    ),
    Audited(
        'ViTDet, ViT-B on LVIS',
        'vitdet',
        'lvis',
        'vit-b',
        (
            Row('optimiser', 'AdamW', 'configs/common/optim.py:18'),
            Row('rate', 0.0002, 'projects/ViTDet/configs/LVIS/mask_rcnn_vitdet_b_100ep.py:44'),
            Row('weight decay', 0.1, 'configs/common/optim.py:27'),
            Row('decays', 'biases', 'configs/common/optim.py:23'),
            Row(
                'share of the rate at the stem',
                0.009688901040699992,
                'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:39',
            ),
            Row('drop path', 0.1, 'configs/common/models/mask_rcnn_vitdet.py:24'),
            Row('batch', 64, 'projects/ViTDet/configs/common/coco_loader_lsj.py:16'),
            Row(
                'augmentation',
                'RandomFlip 0.5, RandomResize (1024, 1024) (0.1, 2.0), RandomCrop (1024, 1024)',
                'projects/ViTDet/configs/common/coco_loader_lsj.py:10',
                'cuts of large-scale jitter',
            ),
            Row(
                'head',
                'MaskRCNN, 4conv1fc with layer norm, two RPN convolutions',
                'configs/common/models/mask_rcnn_vitdet.py:55',
                'heads of ViTDet',
            ),
            Row(
                'start of the rate',
                0.001,
                'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:34',
            ),
            Row('warm-up', 250, 'projects/ViTDet/configs/COCO/mask_rcnn_vitdet_b_100ep.py:33'),
            Row(
                'iterations', 156250, 'projects/ViTDet/configs/LVIS/mask_rcnn_vitdet_b_100ep.py:37'
            ),
            Row(
                'fall',
                'step by 0.1 at 138889, 150463',
                'projects/ViTDet/configs/LVIS/mask_rcnn_vitdet_b_100ep.py:40',
            ),
            Row(
                'order of samples',
                'RepeatFactors',
                'projects/ViTDet/configs/LVIS/mask_rcnn_vitdet_b_100ep.py:17',
            ),
            Row(
                'loss',
                'benchmark.FederatedLoss, L1Loss x 1, RPN L1Loss 0',
                'projects/ViTDet/configs/LVIS/mask_rcnn_vitdet_b_100ep.py:30',
            ),
            Row(
                'test rule',
                'scores from 0.02, 300 boxes',
                'projects/ViTDet/configs/LVIS/mask_rcnn_vitdet_b_100ep.py:27',
            ),
        ),
    ),
    Audited(
        'Swin-B, Cascade Mask R-CNN on COCO',
        'swin-det',
        'coco-detection-cascade',
        'swin-b',
        (
            Row(
                'optimiser',
                'AdamW',
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:124',
            ),
            Row(
                'rate',
                0.0001,
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:124',
            ),
            Row(
                'weight decay',
                0.05,
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:124',
            ),
            Row(
                'decays',
                'biases',
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:127',
            ),
            Row(
                'drop path',
                0.3,
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:14',
            ),
            Row('batch', 16, 'configs/_base_/datasets/coco_instance.py:31'),
            Row(
                'iterations',
                263880,
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:129',
            ),
            Row('warm-up', 500, 'configs/_base_/schedules/schedule_1x.py:8'),
            Row('start of the rate', 0.001, 'configs/_base_/schedules/schedule_1x.py:9'),
            Row(
                'fall',
                'step by 0.1 at 197910, 241890',
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:128',
            ),
            Row(
                'share of the rate at the stem',
                1.0,
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:125',
            ),
            Row(
                'augmentation',
                '(RandomChoiceResize (1333, 480) to (1333, 800)) or (RandomChoiceResize (1333, 400) to (1333, 600), RandomCrop (384, 600), RandomChoiceResize (1333, 480) to (1333, 800)), RandomFlip 0.5',
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:88',
            ),
            Row(
                'head',
                'CascadeRCNN, Shared4Conv1FCBBoxHead, norm SyncBN',
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:22',
                'batch norm of the cascade over several processes',
            ),
            Row(
                'loss',
                'CrossEntropyLoss, GIoULoss x 10, RPN SmoothL1Loss 0.111',
                'configs/swin/cascade_mask_rcnn_swin_base_patch4_window7_mstrain_480-800_giou_4conv1f_adamw_3x_coco.py:39',
            ),
            Row(
                'test rule',
                'scores from 0.05, 100 boxes',
                'configs/_base_/models/cascade_mask_rcnn_swin_fpn.py:204',
            ),
        ),
    ),
    Audited(
        'MAE, ViT-B on ADE20K',
        'mmseg',
        'ade20k',
        'vit-b',
        (
            Row('optimiser', 'AdamW', 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:31'),
            Row('rate', 0.0001, 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:31'),
            Row('weight decay', 0.05, 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:31'),
            Row(
                'share of the rate at the stem',
                0.003697205891018715,
                'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:32',
            ),
            Row('drop path', 0.1, 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:19'),
            Row('batch', 16, 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:52'),
            Row('iterations', 160000, 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:43'),
            Row('warm-up', 1500, 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:37'),
            Row(
                'start of the rate',
                1e-06,
                'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:37',
            ),
            Row('fall', 'poly 1', 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:41'),
            Row('floor', 0.0, 'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:40'),
            Row(
                'augmentation',
                'RandomResize (2048, 512) (0.5, 2.0), RandomCrop (512, 512) 0.75, RandomFlip 0.5, PhotoMetricDistortion',
                '_base_/datasets/ade20k.py:9',
            ),
            Row(
                'head',
                'UPerHead of 768 on Feature2Pyramid, auxiliary 256',
                'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:23',
            ),
            Row('test', 'Resize (2048, 512)', '_base_/datasets/ade20k.py:20'),
            Row(
                'test rule',
                'slide (512, 512) (341, 341)',
                'mae/mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py:25',
            ),
        ),
    ),
    Audited(
        'ResNet-50 on ADE20K',
        'mmseg',
        'ade20k',
        'resnet-50',
        (
            Row('optimiser', 'SGD', '_base_/schedules/schedule_160k.py:2'),
            Row('rate', 0.01, '_base_/schedules/schedule_160k.py:2'),
            Row('weight decay', 0.0005, '_base_/schedules/schedule_160k.py:2'),
            Row('decays', 'all', '_base_/schedules/schedule_160k.py:2'),
            Row('share of the rate at the stem', 1.0, '_base_/schedules/schedule_160k.py:3'),
            Row('iterations', 160000, '_base_/schedules/schedule_160k.py:16'),
            Row('warm-up', 0, '_base_/schedules/schedule_160k.py:10'),
            Row('fall', 'poly 0.9', '_base_/schedules/schedule_160k.py:9'),
            Row('floor', 0.01, '_base_/schedules/schedule_160k.py:8'),
            Row('largest gradient norm', None, '_base_/schedules/schedule_160k.py:3'),
            Row(
                'head',
                'UPerHead of 512 on the maps, auxiliary 256',
                '_base_/models/upernet_r50.py:30',
            ),
            Row('test rule', 'whole', '_base_/models/upernet_r50.py:52'),
        ),
    ),
    Audited(
        'ViTPose-B on COCO',
        'vitpose',
        'coco-pose',
        'vit-b',
        (
            Row(
                'optimiser',
                'AdamW',
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:7',
            ),
            Row(
                'rate',
                0.0005,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:7',
            ),
            Row(
                'weight decay',
                0.1,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:7',
            ),
            Row(
                'share of the rate at the stem',
                0.023757264018058777,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:11',
            ),
            Row(
                'drop path',
                0.3,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:57',
            ),
            Row(
                'largest gradient norm',
                1.0,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:21',
            ),
            Row(
                'batch',
                512,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:144',
            ),
            Row(
                'iterations',
                61530,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:30',
            ),
            Row(
                'warm-up',
                500,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:27',
            ),
            Row(
                'start of the rate',
                0.001,
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:28',
            ),
            Row(
                'fall',
                'step by 0.1 at 49810, 58600',
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:29',
            ),
            Row(
                'augmentation',
                'RandomFlip, RandomHalfBody, scale by 1 + N(0, 0.5) and turn by N(0, 40) degrees, cut at 1 and 2 deviations',
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:102',
                'sizes and angles of crops',
            ),
            Row(
                'head',
                '[256, 256] deconvolutions, UDPHeatmap',
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:63',
            ),
            Row(
                'loss',
                'mean square x 1',
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:67',
            ),
            Row(
                'test rule',
                'flipped, shifted False',
                'configs/body/2d_kpt_sview_rgb_img/topdown_heatmap/coco/ViTPose_base_coco_256x192.py:72',
            ),
        ),
    ),
    Audited(
        'MIM-Depth, SwinV2-B on NYUv2',
        'mim-depth',
        'nyuv2',
        'swinv2-b',
        (
            Row('rate', 0.0005, 'configs/train_options.py:28'),
            Row('weight decay', 0.05, 'configs/train_options.py:30'),
            Row('iterations', 25250, 'configs/train_options.py:27'),
            Row(
                'share of the rate at the stem', 0.05233476330273609, 'configs/train_options.py:31'
            ),
            Row('drop path', 0.3, 'README.md:30'),
            Row('batch', 24, 'configs/base_options.py:33'),
            Row('warm-up', 12120, 'train.py:184'),
            Row('fall', 'rise and fall, power 0.9', 'train.py:195'),
            Row('floor', 0.06, 'configs/train_options.py:29'),
            Row('head', '3 deconvolutions of 32, then 128, start True', 'models/model.py:51'),
            Row('loss', 'silog, labels with a limit False', 'utils/criterion.py:16'),
            Row(
                'augmentation',
                'Resize (640, 480), CutDepth, RandomCrop (480, 480), RandomFlip 0.5, Tones',
                'dataset/base_dataset.py:32',
            ),
            Row('test rule', 'slide_flip (480, 480) (480, 160)', 'test.py:79'),
        ),
    ),
    Audited(
        'SwinTrack-B on GOT-10k',
        'swintrack',
        'got10k',
        'swin-b',
        (
            Row('optimiser', 'AdamW', 'config/SwinTrack/Base/runs.yaml:177'),
            Row('rate', 0.0005, 'config/SwinTrack/Base/runs.yaml:178'),
            Row('weight decay', 0.0001, 'config/SwinTrack/Base/runs.yaml:179'),
            Row('decays', 'all', 'config/SwinTrack/Base/runs.yaml:180'),
            Row('largest gradient norm', 0.1, 'config/SwinTrack/Base/runs.yaml:183'),
            Row('batch', 64, 'config/SwinTrack/Base/runs.yaml:80'),
            Row('iterations', 614400, 'config/SwinTrack/Base/runs.yaml:3'),
            Row('warm-up', 6144, 'config/SwinTrack/Base/runs.yaml:192'),
            Row('start of the rate', 0.001, 'config/SwinTrack/Base/runs.yaml:191'),
            Row('fall', 'step by 0.1 at 430080', 'config/SwinTrack/Base/runs.yaml:187'),
            Row(
                'augmentation',
                'SamplePair 0.25 0.05 0.4 100 3',
                'config/SwinTrack/Base/runs.yaml:115',
            ),
            Row(
                'loss', 'varifocal x 1.5, GIoU x 1.5, L1 x 0', 'config/SwinTrack/Base/runs.yaml:220'
            ),
            Row('head', '8 + 1 layers of 512', 'config/SwinTrack/Base/config.yaml:62'),
            Row('test rule', 'window penalty 0.49', 'config/SwinTrack/Base/runs.yaml:68'),
        ),
    ),
)
