"""Semantic segmentation: UPerNet or a linear head over any backbone (mmseg)."""

from __future__ import annotations

from typing import NamedTuple

from benchmark.errors import DeclarationError, IncompatibleError
from benchmark.kinds.base import (
    PYRAMID_STRIDES,
    BuildContext,
    Config,
    DataParts,
    Kind,
    ModelParts,
    Probed,
    Readout,
    Trivial,
    has_native_pyramid,
    necked,
    simple_pyramid,
    upright_or_not,
)
from benchmark.specs import Architecture, Metric, Task, Unit

IGNORE = 255

_PYRAMIDS = ('simple', 'four-depths')
"""How a plain transformer's maps become a pyramid; the first is the default."""

_FOUR_DEPTH_STRIDES = (8, 16)
"""Strides of plain transformers whose maps of four depths can be brought to the pyramid's."""

_PERCENT = (0.0, 100.0)

METRICS = {
    'mIoU': Metric('mIoU', Unit.PERCENT, True, _PERCENT),
    'mAcc': Metric('mAcc', Unit.PERCENT, True, _PERCENT, 'mean class accuracy'),
    'aAcc': Metric('aAcc', Unit.PERCENT, True, _PERCENT, 'pixel accuracy'),
}


def data(task: Task) -> DataParts:
    """Return how pictures of a segmentation task are loaded and scored.

    Raises:
        DeclarationError: the task asks for a pyramid that there is not.
    """
    _check_pyramid(task)
    return DataParts(
        test_pipeline=_test_pipeline(task),
        evaluator=[{'type': 'benchmark.SegmentationMetric', 'ignore_index': IGNORE}],
        gallery={'type': 'benchmark.SegmentationGallery', 'classes': list(task.classes)},
        annotations=({'type': 'LoadAnnotations'},),
        readout=Readout(
            'benchmark.probes.readouts:LabelMaps',
            {'classes': len(task.classes), 'ignore': IGNORE},
            _views(task),
        ),
    )


def _check_pyramid(task: Task) -> None:
    asked = task.option('pyramid', _PYRAMIDS[0])
    if asked not in _PYRAMIDS:
        raise DeclarationError(
            f'{task.path}: pyramid is {asked!r}, allowed are {", ".join(_PYRAMIDS)}'
        )


def model(context: BuildContext) -> ModelParts:
    """Return the segmenter on a backbone, and how pictures are augmented for it.

    Raises:
        IncompatibleError: the backbone's stride does not suit the pyramid.
    """
    return ModelParts(_model(context), _train_pipeline(context))


def _model(context: BuildContext) -> Config:
    build_head = {'upernet': _upernet, 'linear': _linear}[context.task.head]
    return {
        'type': 'EncoderDecoder',
        'data_preprocessor': _preprocessor(context),
        'backbone': context.backbone,
        **build_head(context),  # may ask the backbone for other maps
        'train_cfg': {},
        'test_cfg': _test_cfg(context),
    }


def _test_cfg(context: BuildContext) -> Config:
    """Return how test pictures are seen: whole, or by overlapping windows as large as a crop."""
    stride = context.option('slide_stride', None)
    if stride is None:
        return {'mode': 'whole'}
    return {'mode': 'slide', 'crop_size': context.task.input_size, 'stride': stride}


def _scale(task: Task) -> tuple[int, int]:
    """Return the (width, height) in pixels into which pictures are fitted."""
    height, width = task.option('resize', task.input_size)
    return width, height


def _preprocessor(context: BuildContext) -> Config:
    return {
        'type': 'SegDataPreProcessor',
        'mean': list(context.features.mean),
        'std': list(context.features.std),
        'bgr_to_rgb': True,
        'pad_val': 0,
        'seg_pad_val': IGNORE,
        # a side that 32 divides lets every map start at the same pixel
        'size': tuple(side + -side % 32 for side in context.task.input_size),
        'test_cfg': {'size_divisor': 32},
    }


def _head_defaults(context: BuildContext) -> Config:
    return {
        'num_classes': len(context.task.classes),
        'ignore_index': IGNORE,
        'align_corners': False,
        'loss_decode': {'type': 'CrossEntropyLoss', 'use_sigmoid': False, 'loss_weight': 1.0},
    }


def _upernet(context: BuildContext) -> Config:
    """UPerNet (arXiv 1807.10221) with mmseg's auxiliary FCN head on the stride-16 map."""
    width: int = context.option('width', 512)
    pyramid = _pyramid(context, width)
    channels = pyramid.channels
    head = {
        'type': 'UPerHead',
        'in_channels': channels,
        'in_index': [0, 1, 2, 3],
        'pool_scales': (1, 2, 3, 6),
        'channels': width,
        'dropout_ratio': 0.1,
        'norm_cfg': {'type': 'BN'},
        **_head_defaults(context),
    }
    auxiliary = {
        'type': 'FCNHead',
        'in_channels': channels[2],
        'in_index': 2,
        'channels': context.option('auxiliary_width', max(width // 2, 32)),
        'num_convs': 1,
        'concat_input': False,
        'dropout_ratio': 0.1,
        'norm_cfg': {'type': 'BN'},
        **_head_defaults(context),
    }
    auxiliary['loss_decode'] = {**auxiliary['loss_decode'], 'loss_weight': 0.4}
    return {**pyramid.config, 'decode_head': head, 'auxiliary_head': auxiliary}


class _Pyramid(NamedTuple):
    """Four maps for UPerNet: their channels, and the parts of the model that make them."""

    channels: list[int]
    config: Config


def _pyramid(context: BuildContext, width: int) -> _Pyramid:
    """Return how four maps at strides 4 to 32 come about.

    Raises:
        IncompatibleError: the backbone's stride does not suit the pyramid.
    """
    features = context.features
    if has_native_pyramid(features):
        return _Pyramid(list(features.channels), necked(context))
    asked = context.option('pyramid', _PYRAMIDS[0])
    is_simple = asked == 'simple' or features.architecture is not Architecture.PLAIN_VIT
    # what a recipe asks for, and not the task itself, yields where a network cannot follow
    is_recipes = 'pyramid' in context.recipe.options
    if is_simple or (is_recipes and features.strides[-1] not in _FOUR_DEPTH_STRIDES):
        neck = simple_pyramid(context, width, PYRAMID_STRIDES)
        return _Pyramid([width] * 4, necked(context, neck))
    return _four_depths(context)


def _four_depths(context: BuildContext) -> _Pyramid:
    """Maps of four depths, each brought to a stride of its own: BEiT's (arXiv 2106.08254)."""
    stride, width = context.features.strides[-1], context.features.channels[-1]
    scales = [stride / wanted for wanted in PYRAMID_STRIDES]
    if stride not in _FOUR_DEPTH_STRIDES:
        raise IncompatibleError(
            f"pyramid 'four-depths' needs a backbone of stride 8 or 16 px, this one has {stride}"
        )
    neck = {
        'type': 'Feature2Pyramid',
        'embed_dim': width,
        'rescales': [int(scale) if scale >= 1 else scale for scale in scales],
        'norm_cfg': {'type': 'BN'},
    }
    backbone = {**context.backbone, 'maps': 'four'}
    return _Pyramid([width] * 4, {'backbone': backbone, **necked(context, neck, maps=4)})


def _linear(context: BuildContext) -> Config:
    """Batch norm and 1x1 convolution (DINOv2, arXiv 2304.07193, section 7.4).

    On the only map of a plain network; a hierarchical one's maps are resized to the finest and
    stacked, since its deepest alone is too coarse.
    """
    channels = list(context.features.channels)
    head = {
        'type': 'benchmark.LinearSegmentationHead',
        'in_channels': channels,
        'in_index': list(range(len(channels))),
        'input_transform': 'resize_concat',
        'channels': sum(channels),
        'dropout_ratio': 0.0,
        **_head_defaults(context),
    }
    return {'decode_head': head}


def _train_pipeline(context: BuildContext) -> list[Config]:
    height, width = context.task.input_size
    jitter = context.option('scale_jitter', None)
    scale = {'type': 'Resize', 'scale': _scale(context.task), 'keep_ratio': True}
    if jitter:
        scale = {
            'type': 'RandomResize',
            'scale': _scale(context.task),
            'ratio_range': jitter,
            'keep_ratio': True,
        }
    crop = {'type': 'RandomCrop', 'crop_size': (height, width), 'cat_max_ratio': 0.75}
    return [
        {'type': 'LoadImageFromFile'},
        {'type': 'LoadAnnotations'},
        scale,
        *([crop] if jitter else []),
        {'type': 'RandomFlip', 'prob': 0.5},
        *([{'type': 'PhotoMetricDistortion'}] if context.option('photometric', False) else []),
        {'type': 'PackSegInputs'},
    ]


def _test_pipeline(task: Task) -> list[Config]:
    return [
        {'type': 'LoadImageFromFile'},
        {'type': 'Resize', 'scale': _scale(task), 'keep_ratio': True},
        {'type': 'LoadAnnotations'},
        {'type': 'PackSegInputs'},
    ]


def _views(task: Task) -> list[Config]:
    """Return the transforms of a training picture: as in testing, its labels resized with it."""
    load, resize, annotations, pack = _test_pipeline(task)
    return [load, annotations, resize, pack]


KIND = Kind(
    group='semantic',
    name='segmentation',
    library='mmseg',
    order=30,
    has_colours=True,
    probed=Probed.CELLS,
    components=(
        'benchmark.kinds.segmentation.metric',
        'benchmark.kinds.segmentation.gallery',
        'benchmark.kinds.segmentation.head',
    ),
    metrics=METRICS,
    heads=('upernet', 'linear'),
    options={
        'width': (int,),
        'auxiliary_width': (int,),
        'resize': (tuple,),
        'scale_jitter': (tuple,),
        'photometric': (bool,),
        'slide_stride': (tuple,),
        'pyramid': (str,),
    },
    data=data,
    model=model,
    trivial=Trivial('most frequent label', 'benchmark.kinds.segmentation.trivial:MajorityLabel'),
    labels='benchmark.kinds.segmentation.labels:find_fault',
    draft='benchmark.kinds.segmentation.draft:draft',
    small={'options': {'width': 64}},
    present='benchmark.kinds.segmentation.labels:find_classes',
    largest_input=upright_or_not,
)
