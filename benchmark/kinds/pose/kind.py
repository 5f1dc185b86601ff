"""Pose: key points of boxed instances by heat maps over any backbone (mmpose)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmark.errors import DeclarationError
from benchmark.kinds.base import (
    DATA,
    BuildContext,
    Config,
    DataParts,
    Kind,
    ModelParts,
    Trivial,
    deepest_map,
)
from benchmark.specs import Metric, Role, Task, Unit

HEATMAP_STRIDE = 4
"""Input pixels per cell of a heat map."""

RULES = ('coco', 'crowdpose', 'mpii')
"""By whose rules key points may be scored."""

_PADDING = 32
_UNCOUNTED = ('pelvis', 'thorax')
"""Key points that MPII's mean leaves out."""

_FRACTION = (0.0, 1.0)
# the mean squared error runs over all cells, and most of them are 0; sources leave it at 1
_LOSS_WEIGHT = 100.0
_SHIFT = 0.3
"""Share of the boxes that mmpose shifts."""


def _crowded(level: str) -> Metric:
    # CrowdPose's toolkit averages -1 in where no recall can be computed
    bounds = (-1.0, 1.0)
    return Metric(
        f'crowd_AP_{level}', Unit.FRACTION, True, bounds, f'key-point AP, {level}', is_optional=True
    )


METRICS = {
    metric.key: metric
    for metric in (
        Metric('keypoint_AP', Unit.FRACTION, True, _FRACTION, 'key-point AP'),
        Metric('keypoint_AP50', Unit.FRACTION, True, _FRACTION, 'key-point AP50'),
        Metric('keypoint_AP75', Unit.FRACTION, True, _FRACTION, 'key-point AP75'),
        Metric('PCK', Unit.PERCENT, True, (0.0, 100.0), 'PCK'),
        _crowded('easy'),
        _crowded('medium'),
        _crowded('hard'),
        Metric('PCKh', Unit.PERCENT, True, (0.0, 100.0), 'PCKh at 0.5'),
    )
}


class Keypoints(NamedTuple):
    """What a task says of its key points; pairs are indices counted from 0."""

    names: tuple[str, ...]
    sigmas: tuple[float, ...]
    skeleton: tuple[tuple[int, int], ...]
    flip_pairs: tuple[tuple[int, int], ...]
    has_weights: bool
    has_halves: bool


def data(task: Task) -> DataParts:
    """Return how boxed instances of a pose task are loaded and scored.

    Raises:
        DeclarationError: the task does not describe its key points, or not consistently.
    """
    keypoints = read_keypoints(task)
    _refuse_unmeasured(task)
    return DataParts(
        test_pipeline=_test_pipeline(task),
        evaluator=[_evaluator(task, keypoints)],
        gallery={
            'type': 'benchmark.PoseGallery',
            'classes': list(task.classes),
            'skeleton': [list(link) for link in keypoints.skeleton],
        },
        test_batch_size=8,
    )


def model(context: BuildContext) -> ModelParts:
    """Return the heat-map estimator on a backbone, and how instances are augmented for it.

    The size of the heat maps that it learns depends on the backbone's stride.
    """
    keypoints, codec = read_keypoints(context.task), _codec(context)
    return ModelParts(_model(context, keypoints, codec), _train_pipeline(context, keypoints, codec))


def read_keypoints(task: Task) -> Keypoints:
    """Return what the ``metainfo`` of the task's data says of its key points.

    Raises:
        DeclarationError: something is missing or inconsistent.
    """
    declared = task.datasets[Role.TRAIN]
    if str(declared['type']).rpartition('.')[2] == 'CocoDataset':
        raise DeclarationError(
            f"{task.path}: data['type'] is '{declared['type']}', which has the key points of "
            "people built in; write 'benchmark.KeypointDataset' for those of metainfo"
        )
    found: Mapping[str, Any] = declared['metainfo']
    names = tuple(found.get('keypoints', ()))
    if not names or len(set(names)) != len(names):
        raise _error(task, 'keypoints', found, 'must be distinct names, at least one')
    for key in ('skeleton', 'flip_pairs'):
        _check_pairs(task, key, found, len(names))
    for key in ('sigmas', 'joint_weights'):
        _check_numbers(task, key, found, len(names))
    sigmas = found['sigmas']
    return Keypoints(
        names=names,
        sigmas=tuple(sigmas) if isinstance(sigmas, tuple | list) else (sigmas,) * len(names),
        skeleton=tuple(found.get('skeleton', ())),
        flip_pairs=tuple(found.get('flip_pairs', ())),
        has_weights='joint_weights' in found,
        has_halves='upper_body' in found,
    )


def _refuse_unmeasured(task: Task) -> None:
    rules = task.option('rules', 'coco')
    is_detected = 'bbox_file' in task.datasets[Role.TEST]
    for metric in (task.metric, *task.metrics):
        is_measured = (metric.key == 'PCKh') is (rules == 'mpii')
        is_measured &= not metric.key.startswith('crowd') or rules == 'crowdpose'
        is_measured &= metric.key != 'PCK' or not is_detected
        if not is_measured:
            raise DeclarationError(
                f"{task.path}: metric '{metric.key}' is not measured by the rules '{rules}'"
                + (' on detected boxes' if is_detected else '')
            )


def _error(task: Task, key: str, found: Mapping[str, Any], reason: str) -> DeclarationError:
    return DeclarationError(f'{task.path}: data metainfo[{key!r}] is {found.get(key)!r}: {reason}')


def _check_pairs(task: Task, key: str, found: Mapping[str, Any], count: int) -> None:
    for pair in found.get(key, ()):
        if len(pair) != 2 or not all(0 <= index < count for index in pair):
            raise _error(task, key, found, f'must be pairs of indices from 0 to {count - 1}')


def _check_numbers(task: Task, key: str, found: Mapping[str, Any], count: int) -> None:
    values = found.get(key, () if key == 'sigmas' else (1.0,) * count)
    if isinstance(values, int | float) and key == 'sigmas':
        values = (values,) * count
    if len(values) != count or min(values) <= 0:
        raise _error(task, key, found, f'must be {count} positive numbers, one per key point')


def _input_size(task: Task) -> tuple[int, int]:
    height, width = task.input_size
    return width, height


def _codec(context: BuildContext) -> Config:
    # the preprocessor pads to the right and below, where the heat map then has cells too
    multiple = max(_PADDING, deepest_map(context).stride)
    padded = tuple(side + -side % multiple for side in _input_size(context.task))
    return {
        'type': 'UDPHeatmap' if context.option('udp', False) else 'MSRAHeatmap',
        'input_size': padded,
        'heatmap_size': tuple(side // HEATMAP_STRIDE for side in padded),
        'sigma': float(context.option('sigma', 2.0)),
    }


def _model(context: BuildContext, keypoints: Keypoints, codec: Config) -> Config:
    deepest = deepest_map(context)
    return {
        'type': 'TopdownPoseEstimator',
        'data_preprocessor': {
            'type': 'PoseDataPreprocessor',
            'mean': list(context.features.mean),
            'std': list(context.features.std),
            'bgr_to_rgb': True,
            'pad_size_divisor': max(_PADDING, deepest.stride),
        },
        'backbone': context.backbone,
        **deepest.parts,
        'head': _head(context, keypoints, codec, deepest.doublings),
        'train_cfg': {'compute_acc': False},
        'test_cfg': {
            'flip_test': context.option('flip_test', False),
            'flip_mode': 'heatmap',
            # a mirrored biased heat map lies 3/4 of a cell to the left, an unbiased one does not
            'shift_heatmap': not context.option('udp', False),
        },
    }


def _head(context: BuildContext, keypoints: Keypoints, codec: Config, doublings: int) -> Config:
    """Simple Baseline's head (arXiv 1804.06208) with as many deconvolutions as the map needs."""
    return {
        'type': 'HeatmapHead',
        'in_channels': context.features.channels[-1],
        'out_channels': len(keypoints.names),
        'deconv_out_channels': [context.option('width', 256)] * doublings,
        'deconv_kernel_sizes': [4] * doublings,
        'loss': {
            'type': 'KeypointMSELoss',
            'use_target_weight': True,
            'loss_weight': float(context.option('loss_weight', _LOSS_WEIGHT)),
        },
        'decoder': codec,
    }


def _cut_out(task: Task) -> Config:
    return {
        'type': 'TopdownAffine',
        'input_size': _input_size(task),
        'use_udp': task.option('udp', False),
    }


def _train_pipeline(context: BuildContext, keypoints: Keypoints, codec: Config) -> list[Config]:
    flip = {'type': 'RandomFlip', 'direction': 'horizontal'}
    jitter = {
        'type': 'RandomBBoxTransform',
        'scale_factor': context.option('scale_jitter', (0.5, 1.5)),
        'rotate_factor': float(context.option('rotation', 40)),
    }
    shifted = float(context.option('shift_prob', _SHIFT))
    if shifted != _SHIFT:
        jitter['shift_prob'] = shifted
    half = keypoints.has_halves and context.option('half_body', True)
    return [
        {'type': 'LoadImage'},
        {'type': 'GetBBoxCenterScale', 'padding': context.option('box_padding', 1.25)},
        *([flip] if context.option('flip', True) else []),
        *([{'type': 'RandomHalfBody'}] if half else []),
        jitter,
        _cut_out(context.task),
        {
            'type': 'GenerateTarget',
            'encoder': codec,
            'use_dataset_keypoint_weights': keypoints.has_weights,
        },
        {'type': 'PackPoseInputs'},
    ]


def _test_pipeline(task: Task) -> list[Config]:
    return [
        {'type': 'LoadImage'},
        {'type': 'GetBBoxCenterScale', 'padding': task.option('box_padding', 1.25)},
        _cut_out(task),
        {'type': 'PackPoseInputs'},
    ]


def _evaluator(task: Task, keypoints: Keypoints) -> Config:
    test, rules = task.datasets[Role.TEST], task.option('rules', 'coco')
    if rules not in RULES:
        raise DeclarationError(
            f"{task.path}: task options['rules'] is '{rules}', allowed are {', '.join(RULES)}"
        )
    annotations = f'{DATA}/{test["ann_file"]}'
    if rules == 'mpii':
        counted = [i for i, name in enumerate(keypoints.names) if name not in _UNCOUNTED]
        return {'type': 'benchmark.HeadSizeMetric', 'ann_file': annotations, 'counted': counted}
    return {
        'type': 'benchmark.PoseMetric',
        'ann_file': annotations,
        'sigmas': list(keypoints.sigmas),
        'pck_threshold': task.option('pck_threshold', 0.05),
        'crowd': rules == 'crowdpose',
        # boxes from a detector's file have no truth of their own, and may cover one person twice
        'detected': 'bbox_file' in test,
    }


KIND = Kind(
    group='geometric-motion',
    name='pose',
    library='mmpose',
    order=50,
    is_geometric=True,
    components=(
        'benchmark.kinds.pose.data',
        'benchmark.kinds.pose.metric',
        'benchmark.kinds.pose.gallery',
    ),
    metrics=METRICS,
    heads=('heatmap',),
    options={
        'width': (int,),
        'udp': (bool,),
        'sigma': (int, float),
        'flip': (bool,),
        'flip_test': (bool,),
        'scale_jitter': (tuple,),
        'rotation': (int, float),
        'shift_prob': (int, float),
        'half_body': (bool,),
        'loss_weight': (int, float),
        'box_padding': (int, float),
        'pck_threshold': (int, float),
        'rules': (str,),
    },
    data=data,
    model=model,
    trivial=Trivial('mean pose', 'benchmark.kinds.pose.trivial:MeanPose'),
    labels='benchmark.kinds.pose.labels:find_fault',
    draft='benchmark.kinds.pose.draft:draft',
    small={'options': {'width': 64}},
    present='benchmark.kinds.pose.labels:find_classes',
)
