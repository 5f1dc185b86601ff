"""Count the operations of heads and necks from their configurations.

As torch counts them: a multiplication and an addition are two. Norms, activations and resampling
are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from benchmark.kinds.base import PYRAMID_STRIDES, Config

Shape = tuple[int, int]
"""Height and width of an input in pixels."""

_ROI, _MASK_ROI = 49, 196
"""Cells of a region of interest: 7 x 7 for boxes, 14 x 14 for masks."""


class HeadCost(NamedTuple):
    """Operations of neck and heads per picture.

    Attributes:
        training: of a forward pass in training.
        testing: of a forward pass in testing.
        passes: backbone passes per sample, as parts of one picture of the task's input size.
    """

    training: float
    testing: float
    passes: float = 1.0


def count_head(model: Config, shape: Shape) -> HeadCost:
    """Return the operations of the neck and the heads of a compiled model.

    Parts that are not known here, of other packages or of ``--cfg-options``, count nothing.

    Args:
        model: the configuration of the model.
        shape: its input (height, width) in pixels.
    """
    try:
        return _count_parts(model, shape)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return HeadCost(0.0, 0.0)


def _count_parts(model: Config, shape: Shape) -> HeadCost:
    if 'detector' in model:  # a tracker around a detector
        return _count_parts(model['detector'], shape)
    if 'fusion' in model:
        return _siamese(model)
    if 'rpn_head' in model:
        return _two_stages(model, shape)
    heads = [model[key] for key in ('decode_head', 'auxiliary_head', 'head') if model.get(key)]
    neck = _neck(model.get('neck'), shape)
    training = neck + sum(_count(head, shape) for head in heads)
    # auxiliary heads are there for training alone
    testing = neck + sum(
        _count(head, shape) for head in heads if head is not model.get('auxiliary_head')
    )
    return HeadCost(training, testing)


def _conv(cells: float, channels: float, out: float, side: int = 1) -> float:
    return 2.0 * cells * channels * out * side * side


def _cells(shape: Shape, stride: float) -> float:
    return math.ceil(shape[0] / stride) * math.ceil(shape[1] / stride)


def _neck(neck: Config | None, shape: Shape) -> float:
    if neck is None:
        return 0.0
    if neck['type'] == 'benchmark.WhitenedMaps':
        return _neck(neck['then'], shape)
    if neck['type'] == 'benchmark.SimplePyramid':
        return sum(_level(neck, stride, shape) for stride in neck['strides'])
    if neck['type'] == 'FPN':
        out = neck['out_channels']
        return sum(
            _conv(_cells(shape, stride), channels, out) + _conv(_cells(shape, stride), out, out, 3)
            for channels, stride in zip(neck['in_channels'], PYRAMID_STRIDES, strict=False)
        )
    return 0.0


def _level(neck: Config, stride: int, shape: Shape) -> float:
    """Return the operations of one level of a simple feature pyramid."""
    channels, out = neck['in_channels'], neck['out_channels']
    size, total = 2 ** round(math.log2(neck['in_stride'])), 0.0
    while size > stride:
        narrow = max(channels // 2, out)
        total += _conv(_cells(shape, size), channels, narrow, 2)
        channels, size = narrow, size // 2
    cells = _cells(shape, stride)
    return total + _conv(cells, channels, out) + _conv(cells, out, out, 3)


def _count(head: Config, shape: Shape) -> float:
    name = head['type'].rpartition('.')[2]
    return _HEADS[name](head, shape) if name in _HEADS else 0.0


def _linear_classifier(head: Config, shape: Shape) -> float:
    return _conv(1, head['in_channels'], head['num_classes'])


def _upernet(head: Config, shape: Shape) -> float:
    inner, channels = head['channels'], head['in_channels']
    cells = [_cells(shape, stride) for stride in PYRAMID_STRIDES]
    pooled = sum(_conv(scale**2, channels[-1], inner) for scale in head['pool_scales'])
    joined = channels[-1] + len(head['pool_scales']) * inner
    total = pooled + _conv(cells[-1], joined, inner, 3)
    for count, own in zip(cells[:-1], channels[:-1], strict=False):
        total += _conv(count, own, inner) + _conv(count, inner, inner, 3)
    total += _conv(cells[0], len(channels) * inner, inner, 3)
    return total + _conv(cells[0], inner, head['num_classes'])


def _fully_convolutional(head: Config, shape: Shape) -> float:
    cells = _cells(shape, PYRAMID_STRIDES[head['in_index']])
    channels, total = head['in_channels'], 0.0
    for _ in range(head['num_convs']):
        total += _conv(cells, channels, head['channels'], head.get('kernel_size', 3))
        channels = head['channels']
    return total + _conv(cells, channels, head['num_classes'])


def _linear_segmentation(head: Config, shape: Shape) -> float:
    stride = PYRAMID_STRIDES[0] if len(head['in_channels']) > 1 else 16
    return _conv(_cells(shape, stride), head['channels'], head['num_classes'])


def _heat_maps(head: Config, shape: Shape) -> float:
    width, height = head['decoder']['heatmap_size']
    steps = list(
        zip(
            head.get('deconv_out_channels') or (),
            head.get('deconv_kernel_sizes') or (),
            strict=True,
        )
    )
    channels, total = head['in_channels'], 0.0
    for index, (out, side) in enumerate(steps):
        # a deconvolution of stride 2 touches every cell of its input with its whole kernel
        total += _conv(height * width / 4 ** (len(steps) - index), channels, out, side)
        channels = out
    return total + _conv(height * width, channels, head['out_channels'])


def _deconvolved_depth(head: Config, shape: Shape) -> float:
    steps, width = head['deconvolutions'], head.get('width', 32)
    inner = head.get('decoder_width') or width
    channels, total = head['in_channels'], 0.0
    cells = _cells(shape, PYRAMID_STRIDES[0])
    for index in range(steps):
        total += _conv(cells / 4 ** (steps - index), channels, width, 2)
        channels = width
    total += _conv(cells, channels, inner, 3)
    pixels = shape[0] * shape[1]
    return total + _conv(pixels, inner, inner, 3) + _conv(pixels, inner, 1, 3)


_HEADS: Mapping[str, Callable[[Config, Shape], float]] = {
    'LinearClsHead': _linear_classifier,
    'MultiLabelLinearClsHead': _linear_classifier,
    'UPerHead': _upernet,
    'FCNHead': _fully_convolutional,
    'LinearSegmentationHead': _linear_segmentation,
    'HeatmapHead': _heat_maps,
    'DeconvolutionDepthHead': _deconvolved_depth,
}


def _two_stages(model: Config, shape: Shape) -> HeadCost:
    """Return the operations of a two-stage detector; for a tracker on it, per frame."""
    shared = _neck(model['neck'], shape) + _proposing(model['rpn_head'], shape)
    learned = model['train_cfg']
    heads = _boxes(model['roi_head'])
    trained = _first(learned['rcnn'])['sampler']
    regions, positive = trained['num'], trained['num'] * trained.get('pos_fraction', 0.25)
    tested = model['test_cfg']
    proposals = tested['rpn']['max_per_img']
    detections = tested['rcnn']['max_per_img']
    mask = _mask(model['roi_head'].get('mask_head'))
    training = shared + regions * heads + positive * mask
    testing = shared + proposals * heads + detections * mask
    tracking = model.get('track_head')
    if not tracking:
        return HeadCost(training, testing)
    embedding = _embedding(tracking['embed_head'])
    # a key frame and a reference frame pass, and both are embedded
    sampled = 2 * tracking['train_cfg']['sampler']['num']
    return HeadCost(training + shared + sampled * embedding, testing + detections * embedding, 2.0)


def _first(parts: Any) -> Any:
    return parts[0] if isinstance(parts, list | tuple) else parts


def _proposing(head: Config, shape: Shape) -> float:
    generator = head['anchor_generator']
    anchors = len(generator['ratios']) * len(generator['scales'])
    cells = sum(_cells(shape, stride) for stride in generator['strides'])
    inner = head['feat_channels']
    return _conv(cells, head['in_channels'], inner, 3) + _conv(cells, inner, 5 * anchors)


def _boxes(head: Config) -> float:
    """Return the operations per region of all stages."""
    own = head['bbox_head']
    stages = own if isinstance(own, list | tuple) else [own]
    return sum(map(_box_stage, stages))


def _box_stage(head: Config) -> float:
    channels, inner = head['in_channels'], head['fc_out_channels']
    outputs = (
        head['num_classes'] + 1 + 4 * (1 if head.get('reg_class_agnostic') else head['num_classes'])
    )
    total = 0.0
    if 'Conv' in head['type']:
        out = float(head.get('conv_out_channels') or channels)
        total += 4 * _conv(_ROI, channels, out, 3)
        return total + _conv(_ROI, out, inner) + _conv(1, inner, outputs)
    return total + _conv(_ROI, channels, inner) + _conv(1, inner, inner + outputs)


def _mask(head: Config | None) -> float:
    if not head:
        return 0.0
    head = _first(head)
    inner = head['conv_out_channels']
    total = head['num_convs'] * _conv(_MASK_ROI, head['in_channels'], inner, 3)
    total += _conv(_MASK_ROI, inner, inner, 2)
    return total + _conv(4 * _MASK_ROI, inner, head['num_classes'])


def _embedding(head: Config) -> float:
    channels, out, total = head['in_channels'], head['conv_out_channels'], 0.0
    for _ in range(head['num_convs']):
        total += _conv(_ROI, channels, out, 3)
        channels = out
    return (
        total
        + _conv(_ROI, out, head['fc_out_channels'])
        + _conv(1, head['fc_out_channels'], head['embed_channels'])
    )


def _siamese(model: Config) -> HeadCost:
    """Return the operations of a Siamese tracker per pair of template and search region."""
    fusion, width = model['fusion'], model['fusion']['width']
    template, search = (
        (model[f'{part}_size'] // model['stride']) ** 2 for part in ('template', 'search')
    )
    both = template + search
    layers = fusion['encoder_layers'] * _attention(both, both, width)
    layers += fusion['decoder_layers'] * _attention(search, both, width)
    total = _conv(both, fusion['in_channels'], width) + layers + 4 * _conv(search, width, width)
    share = (model['template_size'] / model['search_size']) ** 2
    return HeadCost(total, total, 1.0 + share)


def _attention(queries: float, memory: float, width: int) -> float:
    """Return the operations of attention and an MLP of four times the width."""
    linear = _conv(queries, width, 10 * width) + _conv(memory, width, 2 * width)
    return linear + 4.0 * queries * memory * width
