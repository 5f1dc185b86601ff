"""The printed rates of five architectures, against numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch

from benchmark.openmmlab import prepare
from tests.support.tool_loading import load_tool

torch.set_num_threads(1)
prepare()

# With a decay of 0.75: 0.75 ** 13 is 0.02376 and so on. Parameters per layer as (decayed in
# weight, not decayed): a block of width D has 12 D^2 in its matrices.
PRINTED = {
    'vit_tiny_patch16_224': {
        # patches of 3 x 16 x 16; their bias, the class token and 197 positions
        0: ('0.02376', 147_456, 192 + 192 + 197 * 192),
        1: ('0.03168', 442_368, 576 + 192 + 768 + 192 + 2 * 384),
        6: ('0.1335', 442_368, 2_496),
        11: ('0.5625', 442_368, 2_496),
        # with the last norm
        12: ('0.75', 442_368, 2_496 + 384),
    },
    'swin_tiny_patch4_window7_224': {
        0: ('0.02376', 4_608, 96 + 192),
        # and a table of 13 x 13 offsets for each of 3 heads
        1: ('0.03168', 110_592, 288 + 96 + 384 + 96 + 2 * 192 + 169 * 3),
        # the patch merging from 4 x 96 to 192 with its norm comes first in its stage
        3: ('0.05631', 442_368 + 73_728, 576 + 192 + 768 + 192 + 2 * 384 + 169 * 6 + 768),
        12: ('0.75', 7_077_888, 2_304 + 768 + 3_072 + 768 + 2 * 1_536 + 169 * 24 + 1_536),
    },
    'swinv2_tiny_window8_256': {
        0: ('0.02376', 4_608, 96 + 192),
        # no key bias; a network of 2, 512 and 3 units and a scale per head
        1: ('0.03168', 110_592, 192 + 96 + 384 + 96 + 2 * 192 + 1_536 + 1_536 + 3),
    },
    'convnext_tiny': {
        0: ('0.004228', 4_608, 96 + 192),
        # 7 x 7 per channel, then 96 to 384 and back
        1: ('0.005638', 4_704 + 73_728, 96 + 192 + 384 + 96 + 96),
        # the first block of the second stage, after a reduction by 2 x 2
        4: ('0.01336', 9_408 + 294_912 + 73_728, 192 + 384 + 768 + 192 + 192 + 192 + 192),
        17: ('0.5625', 37_632 + 4_718_592, 768 + 1_536 + 3_072 + 768 + 768),
    },
    'resnet50': {
        0: ('0.007517', 9_408, 128),
        1: ('0.01002', 4_096 + 36_864 + 16_384 + 16_384, 128 + 128 + 512 + 512),
        4: ('0.02376', 32_768 + 147_456 + 65_536 + 131_072, 256 + 256 + 1_024 + 1_024),
        16: ('0.75', 1_048_576 + 2_359_296 + 1_048_576, 1_024 + 1_024 + 4_096),
    },
}


@pytest.mark.parametrize('architecture', PRINTED)
def test_printed_rates_and_sizes(architecture: str, capsys: pytest.CaptureFixture[str]) -> None:
    load_tool('layer_rates').main([f'timm:{architecture}+random'])
    lines = capsys.readouterr().out.splitlines()
    rows = [line.rsplit(maxsplit=3) for line in lines[1:]]
    printed = {name: (rate, decay, size) for name, rate, decay, size in rows}
    for layer, (rate, decayed, exempt) in PRINTED[architecture].items():
        assert printed[f'backbone layer {layer}'] == (rate, '0.05', f'{decayed:,}')
        name = f'backbone layer {layer}/no weight decay'
        assert printed[name] == (rate, '0', f'{exempt:,}')
