"""Multi-object tracking: detection frame by frame and association over any backbone (mmdet)."""

from __future__ import annotations

import math

from benchmark.errors import DeclarationError
from benchmark.kinds.base import (
    PYRAMID_STRIDES,
    BuildContext,
    Config,
    DataParts,
    Kind,
    ModelParts,
    Trivial,
    upright_or_not,
)
from benchmark.kinds.detection.kind import two_stage_detector
from benchmark.specs import Metric, Task, Unit

_FRACTION = (0.0, 1.0)

METRICS = {
    metric.key: metric
    for metric in (
        Metric('HOTA', Unit.FRACTION, True, _FRACTION),
        Metric('IDF1', Unit.FRACTION, True, _FRACTION),
        # every mistake costs: there is no lowest value
        Metric('MOTA', Unit.FRACTION, True, (-math.inf, 1.0)),
        Metric('DetA', Unit.FRACTION, True, _FRACTION, 'detection accuracy'),
        Metric('AssA', Unit.FRACTION, True, _FRACTION, 'association accuracy'),
    )
}

BENCHMARKS = ('MOT17', 'MOT15', 'MOT16', 'MOT20', 'DanceTrack')
"""Benchmarks by whose rules a task can be scored; the first is that of a task that names none.

With MOT16 and MOT17, TrackEval takes out tracks on distractors (statues, reflections, persons on
vehicles); with MOT20 those on vehicles without a motor, too; with MOT15 none. DanceTrack has no
distractors.
"""


def data(task: Task) -> DataParts:
    """Return how sequences of a multi-object tracking task are loaded and scored.

    Raises:
        DeclarationError: the task has more than one class, or names an unknown benchmark.
    """
    if len(task.classes) != 1:
        raise DeclarationError(
            f'{task.path}: classes are {task.classes}, must be one: what is tracked'
        )
    return DataParts(
        test_pipeline=_test_pipeline(task),
        evaluator=[{'type': 'benchmark.MultiTrackingMetric', **_rules(task)}],
        gallery={'type': 'benchmark.MultiTrackingGallery', 'classes': list(task.classes)},
    )


def model(context: BuildContext) -> ModelParts:
    """Return detector and association on a backbone, and how pairs of frames are augmented."""
    return ModelParts(_model(context), _train_pipeline(context))


def _rules(task: Task) -> Config:
    """Return by which benchmark's rules a task is scored; the evaluator's own need no word.

    Raises:
        DeclarationError: there are no rules for it.
    """
    name: str = task.options.get('benchmark', BENCHMARKS[0])
    if name not in BENCHMARKS:
        raise DeclarationError(
            f"{task.path}: benchmark is '{name}', allowed are {', '.join(BENCHMARKS)}"
        )
    return {} if name == BENCHMARKS[0] else {'benchmark': name}


def _model(context: BuildContext) -> Config:
    detector = two_stage_detector(context, masks=False)
    preprocessor = dict(detector['data_preprocessor'])
    del preprocessor['pad_mask']
    association = {'qdtrack': _qdtrack, 'bytetrack': _bytetrack}[context.task.head](context)
    return {
        **detector,
        **association,
        'data_preprocessor': {**preprocessor, 'type': 'TrackDataPreprocessor'},
    }


def _bytetrack(context: BuildContext) -> Config:
    """ByteTrack's association (arXiv 2110.06864) with mmdet's values, on the kind's detector."""
    return {
        'type': 'benchmark.ByteRCNN',
        'tracker': {
            'type': 'ByteTracker',
            'motion': {'type': 'KalmanFilter'},
            'obj_score_thrs': {'high': 0.6, 'low': 0.1},
            'init_track_thr': context.option('start_score', 0.7),
            'weight_iou_with_det_scores': True,
            'match_iou_thrs': {'high': 0.1, 'low': 0.5, 'tentative': 0.3},
            'num_frames_retain': 30,
        },
    }


def _qdtrack(context: BuildContext) -> Config:
    """QDTrack (arXiv 2006.06664) as mmdet configures it."""
    width: int = context.option('width', 256)
    return {
        'type': 'benchmark.QuasiDenseRCNN',
        'track_head': {
            'type': 'QuasiDenseTrackHead',
            'roi_extractor': {
                'type': 'SingleRoIExtractor',
                'roi_layer': {'type': 'RoIAlign', 'output_size': 7, 'sampling_ratio': 0},
                'out_channels': width,
                'featmap_strides': list(PYRAMID_STRIDES),
            },
            'embed_head': _embedding(width),
            'loss_bbox': {'type': 'L1Loss', 'loss_weight': 1.0},
            'train_cfg': _track_sampling(context),
        },
        'tracker': {
            'type': 'QuasiDenseTracker',
            'init_score_thr': context.option('start_score', 0.9),
            'obj_score_thr': 0.5,
            'match_score_thr': 0.5,
            'memo_tracklet_frames': 30,
            'memo_backdrop_frames': 1,
            'memo_momentum': 0.8,
            'nms_conf_thr': 0.5,
            'nms_backdrop_iou_thr': 0.3,
            'nms_class_iou_thr': 0.7,
            'with_cats': True,
            'match_metric': 'bisoftmax',
        },
    }


def _embedding(width: int) -> Config:
    return {
        'type': 'QuasiDenseEmbedHead',
        'num_convs': 4,
        'num_fcs': 1,
        'in_channels': width,
        'conv_out_channels': width,
        'fc_out_channels': 4 * width,
        'embed_channels': width,
        'norm_cfg': {'type': 'GN', 'num_groups': min(32, width)},
        'loss_track': {'type': 'MultiPosCrossEntropyLoss', 'loss_weight': 0.25},
        'loss_track_aux': {
            'type': 'MarginL2Loss',
            'neg_pos_ub': 3,
            'pos_margin': 0,
            'neg_margin': 0.1,
            'hard_mining': True,
            'loss_weight': 1.0,
        },
    }


def _track_sampling(context: BuildContext) -> Config:
    return {
        'assigner': {
            'type': 'MaxIoUAssigner',
            'pos_iou_thr': 0.7,
            'neg_iou_thr': 0.5,
            'min_pos_iou': 0.5,
            'match_low_quality': False,
            'ignore_iof_thr': -1,
        },
        'sampler': {
            'type': 'CombinedSampler',
            'num': min(256, context.option('regions', 256)),
            'pos_fraction': 0.5,
            'neg_pos_ub': 3,
            'add_gt_as_proposals': True,
            'pos_sampler': {'type': 'InstanceBalancedPosSampler'},
            'neg_sampler': {'type': 'RandomSampler'},
        },
    }


def _both_frames(*transforms: Config, share: bool = True) -> Config:
    """Return what applies transforms to key and reference frame, with the same random values."""
    return {
        'type': 'TransformBroadcaster',
        'share_random_params': share,
        'transforms': list(transforms),
    }


def _train_pipeline(context: BuildContext) -> list[Config]:
    height, width = context.task.input_size
    size = (width, height)
    resize = {
        'type': 'RandomResize',
        'scale': size,
        'ratio_range': context.option('scale_jitter', (0.8, 1.2)),
        'keep_ratio': True,
        'clip_object_border': False,
    }
    crop = {'type': 'RandomCrop', 'crop_size': size, 'bbox_clip_border': False}
    return [
        _both_frames(
            {'type': 'LoadImageFromFile'},
            {'type': 'LoadTrackAnnotations'},
            resize,
            {'type': 'PhotoMetricDistortion'},
        ),
        # a crop must not move both frames alike, or nothing would move
        _both_frames(crop, share=False),
        _both_frames({'type': 'RandomFlip', 'prob': 0.5}),
        {'type': 'PackTrackInputs'},
    ]


_META = (
    'img_id',
    'img_path',
    'ori_shape',
    'img_shape',
    'scale_factor',
    'frame_id',
    'first_frame',
    'ori_video_length',
)


def _test_pipeline(task: Task) -> list[Config]:
    height, width = task.input_size
    return [
        _both_frames(
            {'type': 'LoadImageFromFile'},
            {'type': 'Resize', 'scale': (width, height), 'keep_ratio': True},
            {'type': 'LoadTrackAnnotations'},
        ),
        {'type': 'PackTrackInputs', 'meta_keys': _META},
    ]


KIND = Kind(
    group='geometric-motion',
    name='mot',
    library='mmdet',
    has_fixed_size=False,
    order=70,
    has_normalising_heads=False,
    family='tracking',
    components=(
        'benchmark.kinds.mot.data',
        'benchmark.kinds.mot.metric',
        'benchmark.kinds.mot.gallery',
        'benchmark.kinds.mot.head',
    ),
    metrics=METRICS,
    heads=('qdtrack', 'bytetrack'),
    options={
        'benchmark': (str,),
        'width': (int,),
        'anchor_scale': (int, float),
        'finest_scale': (int,),
        'proposals': (int,),
        'regions': (int,),
        'max_detections': (int,),
        'scale_jitter': (tuple,),
        'start_score': (int, float),
    },
    data=data,
    model=model,
    trivial=Trivial('no tracks', 'benchmark.kinds.mot.trivial:NoTracks'),
    labels='benchmark.kinds.mot.labels:find_fault',
    draft='benchmark.kinds.mot.draft:draft',
    small={'options': {'width': 64, 'proposals': 300, 'regions': 128}},
    present='benchmark.kinds.mot.labels:find_classes',
    largest_input=upright_or_not,
)
