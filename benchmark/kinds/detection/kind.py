"""Object detection with instance masks: Mask R-CNN over any backbone (mmdet)."""

from __future__ import annotations

from benchmark.errors import DeclarationError
from benchmark.kinds.base import (
    DATA,
    PYRAMID_STRIDES,
    BuildContext,
    Config,
    DataParts,
    Kind,
    ModelParts,
    Trivial,
    has_native_pyramid,
    necked,
    simple_pyramid,
    upright_or_not,
)
from benchmark.specs import Architecture, Metric, Role, Task, Unit

LEVELS = (*PYRAMID_STRIDES, 64)
"""Strides of the region proposal network's input maps, in pixels."""

CASCADE = (0.5, 0.6, 0.7)
"""Least overlap of a positive region in each stage of a cascade (arXiv 1712.00726)."""

BOX_HEADS = ('2fc', '4conv1fc')
"""Allowed layers before the box head's outputs: linear ones, or convolutions with a norm."""

_DECODED = {
    'reg_class_agnostic': False,
    'reg_decoded_bbox': True,
    'loss_bbox': {'type': 'GIoULoss', 'loss_weight': 10.0},
}
"""Box regression after the convolutions: a loss on the overlap, one box per class."""

_FRACTION = (0.0, 1.0)


def _average_precision(key: str, title: str, *, is_optional: bool = False) -> Metric:
    return Metric(key, Unit.FRACTION, True, _FRACTION, title, is_optional)


METRICS = {
    metric.key: metric
    for metric in (
        _average_precision('box_AP', 'box AP'),
        _average_precision('box_AP50', 'box AP50'),
        _average_precision('box_AP75', 'box AP75'),
        _average_precision('mask_AP', 'mask AP'),
        _average_precision('mask_AP50', 'mask AP50'),
        _average_precision('mask_AP75', 'mask AP75'),
        # LVIS: the same over rare, common and frequent classes, if there are such objects
        _average_precision('box_APr', 'box AP, rare', is_optional=True),
        _average_precision('box_APc', 'box AP, common', is_optional=True),
        _average_precision('box_APf', 'box AP, frequent', is_optional=True),
        _average_precision('mask_APr', 'mask AP, rare', is_optional=True),
        _average_precision('mask_APc', 'mask AP, common', is_optional=True),
        _average_precision('mask_APf', 'mask AP, frequent', is_optional=True),
        # precision sampled at 11 recalls, as in VOC 2007
        _average_precision('VOC_AP', 'VOC AP'),
        _average_precision('VOC_AP50', 'VOC AP50'),
        _average_precision('VOC_AP75', 'VOC AP75'),
    )
}


def data(task: Task) -> DataParts:
    """Return how pictures of a detection task are loaded and scored.

    Raises:
        DeclarationError: the test split names no annotation file, a metric is not measured, or
            two ways of resizing are asked for.
    """
    masks = _has_masks(task)
    _refuse_mask_metrics(task, masks=masks)
    _refuse_unmeasured(task)
    _refuse_two_scales(task)
    return DataParts(
        test_pipeline=_test_pipeline(task, masks=masks),
        evaluator=[_evaluator(task, masks=masks)],
        gallery={'type': 'benchmark.DetectionGallery', 'classes': list(task.classes)},
        sampler=_repeats(task),
    )


def _repeats(task: Task) -> Config | None:
    """Return the sampler that repeats pictures of rare classes, if a task requests it."""
    threshold = task.option('repeat_threshold', None)
    return threshold and {'type': 'benchmark.RepeatFactors', 'threshold': threshold}


def model(context: BuildContext) -> ModelParts:
    """Return the detector on a backbone, and how pictures are augmented for it."""
    masks = _has_masks(context.task)
    detector = two_stage_detector(context, masks=masks)
    return ModelParts(detector, _train_pipeline(context, masks=masks))


def _has_masks(task: Task) -> bool:
    return bool(task.option('masks', True))


def _refuse_mask_metrics(task: Task, *, masks: bool) -> None:
    asked = [metric.key for metric in (task.metric, *task.metrics) if metric.key.startswith('mask')]
    if asked and not masks:
        raise DeclarationError(
            f"{task.path}: metric '{asked[0]}' needs masks, but task options say masks=False"
        )


def _refuse_unmeasured(task: Task) -> None:
    rules = task.option('rules', 'coco')
    for metric in (task.metric, *task.metrics):
        measured = {
            'coco': not metric.key.startswith('VOC') and metric.key[-1] not in 'rcf',
            'lvis': not metric.key.startswith('VOC'),
            'voc': metric.key.startswith('VOC'),
        }
        if rules not in measured:
            raise DeclarationError(
                f"{task.path}: task options['rules'] is '{rules}', allowed are "
                f'{", ".join(measured)}'
            )
        if not measured[rules]:
            raise DeclarationError(f"{task.path}: rules '{rules}' do not measure '{metric.key}'")


def _refuse_two_scales(task: Task) -> None:
    if task.option('large_scale_jitter', None) and task.option('short_sides', None):
        raise DeclarationError(
            f'{task.path}: task options short_sides and large_scale_jitter cannot be combined'
        )


def _evaluator(task: Task, *, masks: bool) -> Config:
    if task.option('rules', 'coco') == 'voc':
        return {'type': 'benchmark.VocDetectionMetric'}
    annotations = task.datasets[Role.TEST].get('ann_file')
    if annotations is None:
        raise DeclarationError(f"{task.path}: data['test'] lacks the key 'ann_file'")
    federated = task.option('rules', 'coco') == 'lvis'
    return {
        'type': f'benchmark.{"Federated" if federated else ""}DetectionMetric',
        'ann_file': f'{DATA}/{annotations}',
        'masks': masks,
        'max_detections': task.option('max_detections', 100),
    }


def two_stage_detector(context: BuildContext, *, masks: bool) -> Config:
    """Return Mask R-CNN as in mmdet; a task may declare narrower heads and fewer regions."""
    width: int = context.option('width', 256)
    single = 'MaskRCNN' if masks else 'FasterRCNN'
    return {
        'type': 'CascadeRCNN' if _is_cascade(context) else single,
        'data_preprocessor': {
            'type': 'DetDataPreprocessor',
            'mean': list(context.features.mean),
            'std': list(context.features.std),
            'bgr_to_rgb': True,
            'pad_mask': masks,
            'pad_size_divisor': 32,
        },
        'backbone': _backbone(context),
        **necked(context, _neck(context, width)),
        'rpn_head': _rpn_head(context, width),
        'roi_head': _roi_head(context, width, masks=masks),
        'train_cfg': _train_cfg(context),
        'test_cfg': _test_cfg(context),
    }


def _backbone(context: BuildContext) -> Config:
    """Return the backbone; a task may restrict a plain transformer's attention to windows."""
    window: int | None = context.option('window', None)
    if window is None or context.features.architecture is not Architecture.PLAIN_VIT:
        return context.backbone
    return {**context.backbone, 'window': window}


def _is_cascade(context: BuildContext) -> bool:
    return context.task.head == 'cascade_mask_rcnn'


def _neck(context: BuildContext, width: int) -> Config:
    if not has_native_pyramid(context.features):
        return simple_pyramid(context, width, LEVELS)
    return {
        'type': 'FPN',
        'in_channels': list(context.features.channels),
        'out_channels': width,
        'num_outs': len(LEVELS),
    }


def _rpn_head(context: BuildContext, width: int) -> Config:
    return {
        'type': 'RPNHead',
        'in_channels': width,
        'feat_channels': width,
        'anchor_generator': {
            'type': 'AnchorGenerator',
            'scales': [context.option('anchor_scale', 8)],
            'ratios': [0.5, 1.0, 2.0],
            'strides': list(LEVELS),
        },
        'bbox_coder': _box_coder(1.0, 1.0),
        'loss_cls': {'type': 'CrossEntropyLoss', 'use_sigmoid': True, 'loss_weight': 1.0},
        'loss_bbox': {**_rpn_regression(context), 'loss_weight': 1.0},
    }


def _rpn_regression(context: BuildContext) -> Config:
    beta = context.option('rpn_beta', None)
    return {'type': 'SmoothL1Loss', 'beta': beta} if beta else {'type': 'L1Loss'}


def _box_coder(centre: float, size: float) -> Config:
    return {
        'type': 'DeltaXYWHBBoxCoder',
        'target_means': [0.0] * 4,
        'target_stds': [centre, centre, size, size],
    }


def _roi_extractor(width: int, size: int) -> Config:
    return {
        'type': 'SingleRoIExtractor',
        'roi_layer': {'type': 'RoIAlign', 'output_size': size, 'sampling_ratio': 0},
        'out_channels': width,
        'featmap_strides': list(PYRAMID_STRIDES),
    }


def _roi_head(context: BuildContext, width: int, *, masks: bool) -> Config:
    count = len(context.task.classes)
    finest = context.option('finest_scale', 56)
    head: Config = {
        **_boxes(context, width),
        'bbox_roi_extractor': {**_roi_extractor(width, 7), 'finest_scale': finest},
    }
    if masks:
        head['mask_roi_extractor'] = {**_roi_extractor(width, 14), 'finest_scale': finest}
        head['mask_head'] = {
            'type': 'FCNMaskHead',
            'num_convs': context.option('mask_convs', 4),
            'in_channels': width,
            'conv_out_channels': width,
            'num_classes': count,
            'loss_mask': {'type': 'CrossEntropyLoss', 'use_mask': True, 'loss_weight': 1.0},
        }
    return head


def _boxes(context: BuildContext, width: int) -> Config:
    if not _is_cascade(context):
        regression = {'reg_class_agnostic': False, 'loss_bbox': {'type': 'L1Loss'}}
        head = _box_head(context, width, _box_coder(0.1, 0.2), regression)
        return {'type': 'StandardRoIHead', 'bbox_head': head}
    agnostic = {'reg_class_agnostic': True, 'loss_bbox': {'type': 'SmoothL1Loss', 'beta': 1.0}}
    regression = _DECODED if _has_convolutions(context) else agnostic
    spreads = ((0.1, 0.2), (0.05, 0.1), (0.033, 0.067))
    return {
        'type': 'CascadeRoIHead',
        'num_stages': len(CASCADE),
        'stage_loss_weights': [1.0, 0.5, 0.25],
        'bbox_head': [_box_head(context, width, _box_coder(*s), regression) for s in spreads],
    }


def _box_head(context: BuildContext, width: int, coder: Config, regression: Config) -> Config:
    shape = {'type': 'Shared2FCBBoxHead', 'in_channels': width, 'fc_out_channels': 4 * width}
    if _has_convolutions(context):
        shape |= {
            'type': 'Shared4Conv1FCBBoxHead',
            'conv_out_channels': width,
            'norm_cfg': {'type': 'BN'},
        }
    return {
        **shape,
        'roi_feat_size': 7,
        'num_classes': len(context.task.classes),
        'bbox_coder': coder,
        'loss_cls': _classification_loss(context),
        **regression,
        'loss_bbox': {'loss_weight': 1.0, **regression['loss_bbox']},
    }


def _has_convolutions(context: BuildContext) -> bool:
    asked: str = context.option('box_head', BOX_HEADS[0])
    if asked not in BOX_HEADS:
        raise DeclarationError(
            f"{context.task.path}: box_head is '{asked}', allowed are {', '.join(BOX_HEADS)}"
        )
    return asked == '4conv1fc'


def _classification_loss(context: BuildContext) -> Config:
    if not context.option('federated', False):
        return {'type': 'CrossEntropyLoss', 'use_sigmoid': False, 'loss_weight': 1.0}
    data = context.task.datasets[Role.TRAIN]
    annotations = data.get('ann_file')
    if annotations is None:
        raise DeclarationError(f"{context.task.path}: federated needs data['train']['ann_file']")
    return {
        'type': 'benchmark.FederatedLoss',
        'classes': list(context.task.classes) if context.task.names_classes else data['type'],
        'ann_file': f'{DATA}/{annotations}',
    }


def _assigner(positive: float, negative: float, floor: float, *, low_quality: bool) -> Config:
    return {
        'type': 'MaxIoUAssigner',
        'pos_iou_thr': positive,
        'neg_iou_thr': negative,
        'min_pos_iou': floor,
        'match_low_quality': low_quality,
        'ignore_iof_thr': -1,
    }


def _sampler(count: int, share: float, *, with_truth: bool) -> Config:
    return {
        'type': 'RandomSampler',
        'num': count,
        'pos_fraction': share,
        'neg_pos_ub': -1,
        'add_gt_as_proposals': with_truth,
    }


def _proposals(context: BuildContext, factor: int) -> Config:
    count = context.option('proposals', 1000)
    return {
        'nms_pre': factor * count,
        'max_per_img': count,
        'nms': {'type': 'nms', 'iou_threshold': 0.7},
        'min_bbox_size': 0,
    }


def _training_proposals(context: BuildContext) -> Config:
    asked = context.option('training_proposals', None)
    found = _proposals(context, 2)
    return {**found, 'nms_pre': asked, 'max_per_img': asked} if asked else found


def _train_cfg(context: BuildContext) -> Config:
    single = _rcnn(context, 0.5, low_quality=True)
    cascade = [_rcnn(context, overlap, low_quality=False) for overlap in CASCADE]
    return {
        'rpn': {
            'assigner': _assigner(0.7, 0.3, 0.3, low_quality=True),
            'sampler': _sampler(256, 0.5, with_truth=False),
            'allowed_border': -1,
            'pos_weight': -1,
            'debug': False,
        },
        'rpn_proposal': _training_proposals(context),
        'rcnn': cascade if _is_cascade(context) else single,
    }


def _rcnn(context: BuildContext, overlap: float, *, low_quality: bool) -> Config:
    return {
        'assigner': _assigner(overlap, overlap, overlap, low_quality=low_quality),
        'sampler': _sampler(context.option('regions', 512), 0.25, with_truth=True),
        'mask_size': 28,
        'pos_weight': -1,
        'debug': False,
    }


def _test_cfg(context: BuildContext) -> Config:
    return {
        'rpn': _proposals(context, 1),
        'rcnn': {
            'score_thr': context.option('score_threshold', 0.05),
            'nms': {'type': 'nms', 'iou_threshold': 0.5},
            'max_per_img': context.option('max_detections', 100),
            'mask_thr_binary': 0.5,
        },
    }


def _resize(task: Task) -> Config:
    height, width = task.input_size
    return {'type': 'Resize', 'scale': (width, height), 'keep_ratio': True}


def _rescale(context: BuildContext) -> list[Config]:
    """Return the transforms that resize training pictures.

    Fitted into the input size; or, with ``short_sides``, by a random one of these; or, with
    ``large_scale_jitter``, by a random share of the input size, to which they are cut and padded
    (arXiv 2012.07177).
    """
    height, width = context.task.input_size
    jitter, sides = context.option('large_scale_jitter', None), context.option('short_sides', None)
    if sides:
        return _short_sides(context, sides, max(height, width))
    if not jitter:
        return [_resize(context.task)]
    scale = {'scale': (width, height), 'ratio_range': jitter, 'keep_ratio': True}
    crop = {'crop_type': 'absolute', 'crop_size': (height, width), 'recompute_bbox': True}
    return [
        {'type': 'RandomResize', **scale},
        {'type': 'RandomCrop', **crop, 'allow_negative_crop': True},
        {'type': 'FilterAnnotations', 'min_gt_bbox_wh': (1e-2, 1e-2)},
        {'type': 'Pad', 'size': (width, height)},
    ]


def _short_sides(context: BuildContext, sides: tuple[int, ...], longest: int) -> list[Config]:
    """Return the resizing to one of ``sides``; in half of the cases after a crop, as in DETR.

    The cut has random sides from 384 to 600 pixels of a picture whose short side is 400 to 600.
    """
    resized = _choice_of_sides(sides, longest)
    if not context.option('crop_policy', False):
        return [resized]
    cut = {
        'type': 'RandomCrop',
        'crop_type': 'absolute_range',
        'crop_size': (384, 600),
        'allow_negative_crop': True,
    }
    cropped = [_choice_of_sides((400, 500, 600), longest), cut, resized]
    return [{'type': 'RandomChoice', 'transforms': [[resized], cropped]}]


def _choice_of_sides(sides: tuple[int, ...], longest: int) -> Config:
    scales = [(longest, side) for side in sides]
    return {'type': 'RandomChoiceResize', 'scales': scales, 'keep_ratio': True}


def _train_pipeline(context: BuildContext, *, masks: bool) -> list[Config]:
    return [
        {'type': 'LoadImageFromFile'},
        {'type': 'LoadAnnotations', 'with_bbox': True, 'with_mask': masks},
        *_rescale(context),
        {'type': 'RandomFlip', 'prob': 0.5},
        {'type': 'PackDetInputs'},
    ]


def _test_pipeline(task: Task, *, masks: bool) -> list[Config]:
    meta = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
    return [
        {'type': 'LoadImageFromFile'},
        _resize(task),
        {'type': 'LoadAnnotations', 'with_bbox': True, 'with_mask': masks},
        {'type': 'PackDetInputs', 'meta_keys': meta},
    ]


KIND = Kind(
    name='detection',
    library='mmdet',
    has_fixed_size=False,
    order=20,
    has_normalising_heads=False,
    has_colours=True,
    components=(
        'benchmark.kinds.detection.lvis_data',
        'benchmark.kinds.detection.lvis_loss',
        'benchmark.kinds.detection.metric',
        'benchmark.kinds.detection.gallery',
        'benchmark.kinds.detection.lvis_metric',
        'benchmark.kinds.detection.voc_metric',
    ),
    metrics=METRICS,
    heads=('mask_rcnn', 'cascade_mask_rcnn'),
    options={
        'width': (int,),
        'masks': (bool,),
        'anchor_scale': (int, float),
        'finest_scale': (int,),
        'mask_convs': (int,),
        'proposals': (int,),
        'regions': (int,),
        'max_detections': (int,),
        'window': (int,),
        'score_threshold': (int, float),
        'short_sides': (tuple,),
        'large_scale_jitter': (tuple,),
        'crop_policy': (bool,),
        'box_head': (str,),
        'rpn_beta': (float,),
        'training_proposals': (int,),
        'repeat_threshold': (float,),
        'federated': (bool,),
        'rules': (str,),
    },
    data=data,
    model=model,
    trivial=Trivial('mean boxes', 'benchmark.kinds.detection.trivial:MeanBoxes'),
    labels='benchmark.kinds.detection.labels:find_fault',
    draft='benchmark.kinds.detection.draft:draft',
    small={'options': {'width': 64, 'proposals': 300, 'regions': 128}},
    present='benchmark.kinds.detection.labels:find_classes',
    largest_input=upright_or_not,
)
