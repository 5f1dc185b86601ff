"""Features of the last blocks, compared with the network's own outputs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from benchmark.errors import IncompatibleError
from benchmark.models import FeatureBackbone
from benchmark.probes.reading import Blocks, Whitening, cells, read_blocks, select_choices, whole

IMAGES = torch.randn(2, 3, 48, 64, generator=torch.Generator().manual_seed(0))


def wrapped(name: str) -> Any:
    return FeatureBackbone(source=f'timm:{name}', random=True, frozen=True)


def test_a_plain_transformer_hands_out_the_tokens_of_its_last_four_blocks() -> None:
    backbone = wrapped('test_vit')
    blocks = read_blocks(backbone, IMAGES, 16)
    tokens = backbone.network.forward_features(IMAGES)  # normalised, class token first
    assert [m.shape for m in blocks.maps] == [(2, 64, 3, 4)] * 4
    assert torch.allclose(blocks.tokens[-1], tokens[:, 0], atol=1e-5)
    patches = tokens[:, 1:].transpose(1, 2).reshape(2, 64, 3, 4)
    assert torch.allclose(blocks.maps[-1], patches, atol=1e-5)
    assert not torch.allclose(blocks.tokens[0], blocks.tokens[-1], atol=1e-2)
    assert not any(m.requires_grad for m in (*blocks.maps, *blocks.tokens))


def test_pictures_are_padded_to_whole_patches() -> None:
    blocks = read_blocks(wrapped('test_vit'), IMAGES[..., :47, :50], 16)
    assert blocks.maps[-1].shape == (2, 64, 3, 4)


def test_a_convnet_hands_out_its_stages() -> None:
    backbone = wrapped('test_resnet')
    blocks = read_blocks(backbone, IMAGES, 32)
    expected = backbone(IMAGES)[-4:]
    assert blocks.tokens == []
    assert all(torch.equal(a, b) for a, b in zip(blocks.maps, expected, strict=True))


class TestWhole:
    TOKENS = tuple(torch.full((1, 2), float(i)) for i in range(4))
    MAPS = tuple(torch.full((1, 2, 3, 3), 10.0 + i) for i in range(4))

    @pytest.mark.parametrize(
        ('choice', 'expected'),
        [
            ('class1', [3, 3]),
            ('class4', [0, 0, 1, 1, 2, 2, 3, 3]),
            ('class1+mean', [3, 3, 13, 13]),
            ('class4+mean', [0, 0, 1, 1, 2, 2, 3, 3, 13, 13]),
            ('mean1', [13, 13]),
        ],
    )
    def test_choices_with_class_tokens(self, choice: str, expected: list[float]) -> None:
        read = whole(Blocks(list(self.MAPS), list(self.TOKENS)))
        assert read.values[0, read.choices[choice]].tolist() == expected
        assert len(read.choices) == 5

    def test_choices_without(self) -> None:
        read = whole(Blocks(list(self.MAPS), []))
        found = {name: read.values[0, c].tolist() for name, c in read.choices.items()}
        assert found == {'mean1': [13, 13], 'mean4': [10, 10, 11, 11, 12, 12, 13, 13]}

    def test_a_single_map_is_one_choice(self) -> None:
        assert set(whole(Blocks(list(self.MAPS[-1:]), [])).choices) == {'mean1'}


def test_cells_of_a_pyramid_have_one_size() -> None:
    maps = [torch.randn(1, c, 32 // s, 64 // s) for c, s in ((2, 4), (3, 8), (4, 16), (5, 32))]
    read = cells(Blocks(maps, []), 16, deepest=32)
    assert read.values.shape == (1, 2, 4, 14)
    assert {n: c.stop - c.start for n, c in read.choices.items()} == {'blocks1': 5, 'blocks4': 14}
    # the map of the cells' own stride stays as it is
    assert torch.equal(read.values[0, ..., 5:9].permute(2, 0, 1), maps[2][0])


def test_whitening_over_batches_is_that_of_all_features() -> None:
    features = 5 + 3 * torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    whitening = Whitening(4)
    for part in features.split([1, 30, 69]):
        whitening.add(part)
    norm = nn.BatchNorm1d(4, affine=False, eps=1e-5)
    assert torch.allclose(whitening(features), norm(features), atol=1e-4)


def test_choices_may_be_named() -> None:
    choices = {'class1': slice(0, 2), 'mean1': slice(2, 4)}
    assert select_choices(choices, None) == choices
    assert select_choices(choices, ['mean1']) == {'mean1': slice(2, 4)}
    with pytest.raises(IncompatibleError, match="no 'mean4' \\(it has: class1, mean1\\)"):
        select_choices(choices, ['mean1', 'mean4'])
