"""Operations of heads, counted from configurations, are those that torch counts when built."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import benchmark.registry  # noqa: F401
from benchmark.kinds.common import operations
from benchmark.kinds.common.operations import count_head
from benchmark.registry import MODELS
from tests.support.kind_trials import scope

SHAPE = (64, 96)
MAPS = [(24, 4), (32, 8), (40, 16), (48, 32)]


def maps(of: list[tuple[int, int]]) -> list[torch.Tensor]:
    return [torch.randn(2, c, SHAPE[0] // s, SHAPE[1] // s) for c, s in of]


def counted(call: Any) -> float:
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        call()
    return counter.get_total_flops() / 2


def built(library: str, config: dict[str, Any]) -> Any:
    with scope(library):
        return MODELS.build(config).eval()


def test_upernet() -> None:
    head = {
        'type': 'UPerHead',
        'in_channels': [c for c, _ in MAPS],
        'in_index': [0, 1, 2, 3],
        'pool_scales': [1, 2],
        'channels': 16,
        'num_classes': 5,
        'align_corners': False,
    }
    network = built('mmseg', {**head, 'type': 'mmseg.UPerHead'})
    found = count_head({'decode_head': head}, SHAPE)
    assert found.testing == pytest.approx(counted(lambda: network(maps(MAPS))), rel=0.02)
    assert found.training == found.testing


def test_an_auxiliary_head_counts_in_training_alone() -> None:
    head = {'type': 'FCNHead', 'in_channels': 40, 'in_index': 2, 'channels': 8, 'num_convs': 2}
    head |= {'num_classes': 5, 'concat_input': False, 'align_corners': False}
    network = built('mmseg', {**head, 'type': 'mmseg.FCNHead'})
    found = count_head({'decode_head': {'type': 'Unknown'}, 'auxiliary_head': head}, SHAPE)
    assert found.training == pytest.approx(counted(lambda: network(maps(MAPS))), rel=0.02)
    assert found.testing == 0


@pytest.mark.parametrize('in_stride', [8, 16])
def test_a_simple_pyramid(in_stride: int) -> None:
    import benchmark.kinds.common.necks

    assert benchmark.kinds.common.necks
    neck = {'type': 'benchmark.SimplePyramid', 'in_channels': 32, 'in_stride': in_stride}
    neck |= {'out_channels': 16, 'strides': [4, 8, 16, 32]}
    network = built('benchmark', dict(neck))
    found = count_head({'neck': neck, 'decode_head': {'type': 'Unknown'}}, SHAPE)
    one = tuple(maps([(32, in_stride)]))
    assert found.testing == pytest.approx(counted(lambda: network(one)), rel=0.02)


def test_a_feature_pyramid() -> None:
    neck = {'type': 'FPN', 'in_channels': [c for c, _ in MAPS], 'out_channels': 16, 'num_outs': 4}
    network = built('mmdet', {**neck, 'type': 'mmdet.FPN'})
    found = count_head({'neck': neck, 'head': {'type': 'Unknown'}}, SHAPE)
    assert found.testing == pytest.approx(counted(lambda: network(tuple(maps(MAPS)))), rel=0.02)


def test_heat_maps() -> None:
    head = {'type': 'HeatmapHead', 'in_channels': 32, 'out_channels': 4}
    head |= {'deconv_out_channels': [16, 8], 'deconv_kernel_sizes': [4, 4]}
    decoder = {
        'type': 'MSRAHeatmap',
        'input_size': [96, 64],
        'heatmap_size': [24, 16],
        'sigma': 2.0,
    }
    network = built('mmpose', {**head, 'type': 'mmpose.HeatmapHead'})
    found = count_head({'head': {**head, 'decoder': decoder}}, SHAPE)
    one = tuple(maps([(32, 16)]))
    assert found.testing == pytest.approx(counted(lambda: network(one)), rel=0.02)


def test_depth() -> None:
    import benchmark.kinds.depth.head

    assert benchmark.kinds.depth.head
    head = {'type': 'benchmark.DeconvolutionDepthHead', 'in_channels': 32, 'deconvolutions': 2}
    head |= {'width': 8, 'max_depth': 10.0, 'mean_depth': 3.0, 'min_depth': 0.001}
    network = built('benchmark', dict(head))
    found = count_head({'decode_head': head}, SHAPE)
    one = tuple(maps([(32, 16)]))
    assert found.testing == pytest.approx(counted(lambda: network(one)), rel=0.02)


@pytest.mark.parametrize('name', ['Shared2FCBBoxHead', 'Shared4Conv1FCBBoxHead'])
def test_boxes_per_region(name: str) -> None:
    head = {'type': name, 'in_channels': 16, 'fc_out_channels': 32, 'num_classes': 3}
    head |= {'roi_feat_size': 7, 'reg_class_agnostic': False}
    more = {'conv_out_channels': 16} if 'Conv' in name else {}
    network = built('mmdet', {**head, **more, 'type': f'mmdet.{name}'})
    regions = torch.randn(2, 16, 7, 7)
    found = operations._box_stage({**head, **more})
    assert found == pytest.approx(counted(lambda: network(regions)), rel=0.02)


def test_masks_per_region() -> None:
    head = {'type': 'FCNMaskHead', 'num_convs': 2, 'in_channels': 16, 'conv_out_channels': 16}
    head |= {'num_classes': 3}
    network = built('mmdet', {**head, 'type': 'mmdet.FCNMaskHead'})
    regions = torch.randn(2, 16, 14, 14)
    assert operations._mask(head) == pytest.approx(counted(lambda: network(regions)), rel=0.02)


def test_proposals() -> None:
    anchors = {'type': 'AnchorGenerator', 'scales': [8], 'ratios': [0.5, 1.0], 'strides': [4, 8]}
    head = {'type': 'RPNHead', 'in_channels': 16, 'feat_channels': 16, 'anchor_generator': anchors}
    network = built('mmdet', {**head, 'type': 'mmdet.RPNHead'})
    found = operations._proposing(head, SHAPE)
    two = tuple(maps([(16, 4), (16, 8)]))
    assert found == pytest.approx(counted(lambda: network(two)), rel=0.02)


def test_the_fusion_of_a_tracker() -> None:
    from benchmark.kinds.tracking.fusion import TokenFusion

    fusion = {'in_channels': 32, 'width': 16, 'heads': 2, 'encoder_layers': 2, 'decoder_layers': 1}
    network = TokenFusion(**fusion).eval()
    model = {'fusion': fusion, 'template_size': 64, 'search_size': 128, 'stride': 16}
    found = count_head(model, (128, 128))
    template, search = torch.randn(2, 32, 4, 4), torch.randn(2, 32, 8, 8)
    # two perceptrons of two layers, for scores and boxes, follow the fusion
    responses = 4 * 2 * 64 * 16 * 16
    # on a CPU torch counts no attention: two products of 80 by 80 tokens twice, of 64 by 80 once
    attention = 2 * 2 * 2 * 80 * 80 * 16 + 2 * 2 * 64 * 80 * 16
    own = counted(lambda: network(template, search)) + attention + responses
    assert found.testing == pytest.approx(own, rel=0.02)
    assert found.passes == pytest.approx(1.25)


def test_what_is_unknown_counts_nothing() -> None:
    assert count_head({'rpn_head': {'type': 'Other'}}, SHAPE) == (0.0, 0.0, 1.0)
    assert count_head({}, SHAPE) == (0.0, 0.0, 1.0)
