"""Monocular depth: the decoder of arXiv 2205.13543 over any backbone (mmseg)."""

from __future__ import annotations

import math

from benchmark.errors import DeclarationError
from benchmark.kinds.base import (
    BuildContext,
    Config,
    DataParts,
    Kind,
    ModelParts,
    Probed,
    Readout,
    Trivial,
    deepest_map,
    upright_or_not,
)
from benchmark.specs import Metric, Task, Unit

_UNBOUNDED = (0.0, math.inf)
_FRACTION = (0.0, 1.0)
_MISSING = 0
"""Depth that stands for no label, in files and in padding."""

_NEAREST = 1e-3


def _per_image_and_pooled(metric: Metric) -> tuple[Metric, Metric]:
    pooled = Metric(
        f'{metric.key}_pooled',
        metric.unit,
        metric.higher_is_better,
        metric.bounds,
        f'{metric.title}, pixels pooled',
    )
    return metric, pooled


METRICS = {
    metric.key: metric
    for base in (
        Metric('rmse', Unit.METRE, False, _UNBOUNDED, 'RMSE'),
        Metric('abs_rel', Unit.NONE, False, _UNBOUNDED, 'AbsRel'),
        Metric('log10', Unit.NONE, False, _UNBOUNDED, 'log10'),
        Metric('delta1', Unit.FRACTION, True, _FRACTION, 'δ < 1.25'),
        Metric('delta2', Unit.FRACTION, True, _FRACTION, 'δ < 1.25²'),
        Metric('delta3', Unit.FRACTION, True, _FRACTION, 'δ < 1.25³'),
        Metric('sq_rel', Unit.METRE, False, _UNBOUNDED, 'SqRel'),
        Metric('rmse_log', Unit.NONE, False, _UNBOUNDED, 'RMSE log'),
        Metric('silog', Unit.NONE, False, _UNBOUNDED, 'SILog of KITTI'),
    )
    for metric in _per_image_and_pooled(base)
}


def data(task: Task) -> DataParts:
    """Return how pictures of a depth task are loaded and scored.

    Raises:
        DeclarationError: the task does not say how far its depth reaches, or contradicts itself.
    """
    near, far = depth_range(task)
    crop = task.option('eval_crop', None)
    _refuse_windows_without_flips(task)
    return DataParts(
        test_pipeline=_test_pipeline(task),
        evaluator=[
            {'type': 'benchmark.DepthMetric', 'min_depth': near, 'max_depth': far, 'crop': crop}
        ],
        gallery={
            'type': 'benchmark.DepthGallery',
            'classes': list(task.classes),
            'min_depth': near,
            'max_depth': far,
        },
        annotations=(_load_depth(task),),
        readout=Readout(
            'benchmark.probes.readouts:DepthMaps',
            {'near': near, 'far': far, 'middle': float(task.option('mean_depth', far / 2))},
            _views(task),
        ),
    )


def model(context: BuildContext) -> ModelParts:
    """Return the depth estimator on a backbone, and how pictures are augmented for it."""
    near, far = depth_range(context.task)
    return ModelParts(_model(context, near, far), _train_pipeline(context))


def _refuse_windows_without_flips(task: Task) -> None:
    if task.option('test_window', None) and not task.option('flip_test', False):
        # mmseg's estimator looks at the whole picture in its mode without flips
        raise DeclarationError(f'{task.path}: test_window needs flip_test=True')


def depth_range(task: Task) -> tuple[float, float]:
    """Return the nearest and farthest depth that counts, in metres.

    Raises:
        DeclarationError: the farthest is missing, or the two and the mean are out of order.
    """
    near, far = task.options.get('min_depth', _NEAREST), task.options.get('max_depth', 0)
    mean = task.options.get('mean_depth', far / 2)
    if not 0 < near < mean < far:
        raise DeclarationError(
            f'{task.path}: task options need 0 < min_depth < mean_depth < max_depth in metres, '
            f'found {near}, {mean} and {far}'
        )
    return float(near), float(far)


def _model(context: BuildContext, near: float, far: float) -> Config:
    deepest = deepest_map(context)
    is_windowed = context.option('test_window', None) is not None
    return {
        'type': 'benchmark.WindowedDepthEstimator' if is_windowed else 'DepthEstimator',
        'data_preprocessor': _preprocessor(context),
        'backbone': context.backbone,
        **deepest.parts,
        'decode_head': {
            'type': 'benchmark.DeconvolutionDepthHead',
            'in_channels': context.features.channels[-1],
            'deconvolutions': deepest.doublings,
            'width': context.option('width', 32),
            **_beside(context),
            'max_depth': far,
            'mean_depth': float(context.option('mean_depth', far / 2)),
            'min_depth': near,
        },
        'train_cfg': {},
        'test_cfg': _test_cfg(context.task),
    }


def _beside(context: BuildContext) -> Config:
    """Return what a task or its recipe asks of the head beside its usual form."""
    asked = {
        'decoder_width': context.option('decoder_width', None),
        'is_limited': context.option('label_limit', True),
        'is_small': context.option('small_start', False),
    }
    usual = {'decoder_width': None, 'is_limited': True, 'is_small': False}
    return {key: value for key, value in asked.items() if value != usual[key]}


def _test_cfg(task: Task) -> Config:
    if not task.option('flip_test', False):
        return {'mode': 'whole'}
    # without windows: one as large as the padded picture, since mmseg flips windows only
    size = task.option('test_window', None) or _padded(task.input_size)
    stride = task.option('window_stride', size)
    return {'mode': 'slide_flip', 'crop_size': size, 'stride': stride}


def _padded(size: tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) in pixels that 32 divides, so that every map starts at one pixel."""
    height, width = size
    return height + -height % 32, width + -width % 32


def _preprocessor(context: BuildContext) -> Config:
    return {
        'type': 'SegDataPreProcessor',
        'mean': list(context.features.mean),
        'std': list(context.features.std),
        'bgr_to_rgb': True,
        'pad_val': 0,
        'seg_pad_val': _MISSING,
        'size': _padded(context.option('crop', context.task.input_size)),
        'test_cfg': {'size_divisor': 32},
    }


def _resize(task: Task) -> Config:
    height, width = task.input_size
    return {'type': 'Resize', 'scale': (width, height), 'keep_ratio': True}


def _load_depth(task: Task) -> Config:
    scale = task.option('depth_scale', 1e-3)
    return {'type': 'LoadDepthAnnotation', 'depth_rescale_factor': float(scale)}


def _kb_crop(task: Task) -> list[Config]:
    return [{'type': 'KBCrop'}] if task.option('kb_crop', False) else []


def _cut_depth(context: BuildContext) -> list[Config]:
    if not context.option('cut_depth', False):
        return []
    return [{'type': 'CutDepth', 'max_depth': float(context.option('max_depth', 0))}]


def _train_pipeline(context: BuildContext) -> list[Config]:
    """Resizing keeps one scale for all pictures: enlarging one would bring it nearer."""
    crop = context.option('crop', None)
    return [
        {'type': 'LoadImageFromFile'},
        _load_depth(context.task),
        *_kb_crop(context.task),
        _resize(context.task),
        *_cut_depth(context),
        *([{'type': 'RandomCrop', 'crop_size': crop}] if crop else []),
        {'type': 'RandomFlip', 'prob': 0.5},
        *([{'type': 'PhotoMetricDistortion'}] if context.option('photometric', False) else []),
        *([{'type': 'Tones'}] if context.option('tones', False) else []),
        {'type': 'PackSegInputs'},
    ]


def _test_pipeline(task: Task) -> list[Config]:
    # the true depth keeps its size; KITTI's is cut, as the picture is, and not resized
    resize = [_load_depth(task), *_kb_crop(task)]
    if not task.option('kb_crop', False):
        resize = [_resize(task), _load_depth(task)]
    return [{'type': 'LoadImageFromFile'}, *resize, {'type': 'PackSegInputs'}]


def _views(task: Task) -> list[Config]:
    """Return the transforms of a training picture: as in testing, its depth resized with it."""
    load, resize, depth, pack = _test_pipeline(task)
    return [load, depth, resize, pack]


KIND = Kind(
    group='geometric-motion',
    name='depth',
    library='mmseg',
    order=40,
    probed=Probed.CELLS,
    is_geometric=True,
    components=(
        'benchmark.kinds.depth.data',
        'benchmark.kinds.depth.metric',
        'benchmark.kinds.depth.gallery',
        'benchmark.kinds.depth.head',
        'benchmark.kinds.depth.estimator',
    ),
    metrics=METRICS,
    heads=('deconvolution',),
    options={
        'max_depth': (int, float),
        'min_depth': (int, float),
        'mean_depth': (int, float),
        'depth_scale': (int, float),
        'width': (int,),
        'crop': (tuple,),
        'eval_crop': (tuple,),
        'flip_test': (bool,),
        'test_window': (tuple,),
        'window_stride': (tuple,),
        'kb_crop': (bool,),
        'cut_depth': (bool,),
        'photometric': (bool,),
        'tones': (bool,),
        'decoder_width': (int,),
        'label_limit': (bool,),
        'small_start': (bool,),
    },
    data=data,
    model=model,
    trivial=Trivial('mean depth map', 'benchmark.kinds.depth.trivial:MeanDepthMap'),
    labels='benchmark.kinds.depth.labels:find_fault',
    draft='benchmark.kinds.depth.draft:draft',
    largest_input=upright_or_not,
)
