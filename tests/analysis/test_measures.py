from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from benchmark.analysis.attention import measures
from benchmark.analysis.attention.layout import shifted_windows, whole_grid
from benchmark.analysis.attention.run import uniform_values

HEADS, GRID, STRIDE = 3, (3, 4), 16
TOKENS = GRID[0] * GRID[1]


@pytest.fixture
def attention() -> Tensor:
    """Return random maps (2, 1, heads, N, N)."""
    logits = torch.randn(
        2, 1, HEADS, TOKENS, TOKENS, generator=torch.Generator().manual_seed(0), dtype=torch.double
    )
    return (3 * logits).softmax(-1)


def points() -> NDArray[np.float64]:
    return STRIDE * np.array([(row, column) for row in range(GRID[0]) for column in range(GRID[1])])


class TestRandomMaps:
    def test_the_distance_is_the_weighted_sum_of_pixel_distances(self, attention: Tensor) -> None:
        found = measures.distance(attention, whole_grid(GRID).separation(STRIDE))
        for picture, head, query in np.ndindex(2, HEADS, TOKENS):
            apart = [math.dist(points()[query], point) for point in points()]
            expected = float(np.dot(attention[picture, 0, head, query], apart))
            assert float(found[picture, 0, head, query]) == pytest.approx(expected, abs=1e-6)

    def test_the_entropy_is_scipys(self, attention: Tensor) -> None:
        expected = stats.entropy(attention.numpy(), axis=-1)
        np.testing.assert_allclose(measures.entropy(attention), expected, atol=1e-6)

    def test_the_divergence_is_scipys_for_every_ordered_pair(self, attention: Tensor) -> None:
        found = measures.divergence(attention)
        maps = attention.numpy()
        for first, second in np.ndindex(HEADS, HEADS):
            expected = stats.entropy(maps[:, :, first], maps[:, :, second], axis=-1)
            np.testing.assert_allclose(found[..., first, second], expected, atol=1e-6)

    def test_restriction_equals_a_softmax_over_the_allowed_keys(self) -> None:
        logits = torch.randn(5, 5, dtype=torch.double)
        allowed = torch.ones(5, 5, dtype=torch.bool)
        allowed[:, 1] = allowed[:, 4] = False
        found, counts = measures.restrict(logits.softmax(-1), allowed)
        kept = [0, 2, 3]
        np.testing.assert_allclose(found[:, kept], logits[:, kept].softmax(-1), atol=1e-12)
        assert counts.all()

    def test_averages_leave_out_queries_that_do_not_count(self) -> None:
        values = torch.arange(12.0).reshape(1, 2, 2, 3)
        counts = torch.ones(1, 2, 2, 3, dtype=torch.bool)
        counts[0, 1, 0] = False
        found = measures.averages(values, counts)
        assert found.tolist() == [[1.0, pytest.approx((3 + 4 + 5 + 9 + 10 + 11) / 6)]]


class TestKnownCases:
    def test_identity_attention_looks_nowhere_else_and_has_no_entropy(self) -> None:
        identity = torch.eye(TOKENS, dtype=torch.double).expand(1, 1, HEADS, -1, -1)
        assert measures.distance(identity, whole_grid(GRID).separation(STRIDE)).abs().max() == 0
        assert measures.entropy(identity).abs().max() == 0
        assert measures.divergence(identity).abs().max() == pytest.approx(0, abs=1e-9)

    def test_uniform_attention_on_a_line_has_the_closed_form(self) -> None:
        n = 9
        distance, entropy = uniform_values(whole_grid((1, n)), STRIDE)
        assert distance == pytest.approx(STRIDE * (n * n - 1) / (3 * n), abs=1e-9)
        assert entropy == pytest.approx(math.log(n), abs=1e-9)

    def test_uniform_attention_on_a_square_has_the_closed_form(self) -> None:
        distance, entropy = uniform_values(whole_grid((2, 2)), STRIDE)
        assert distance == pytest.approx(STRIDE * (2 + math.sqrt(2)) / 4, abs=1e-9)
        assert entropy == pytest.approx(math.log(4), abs=1e-9)

    def test_equal_heads_do_not_diverge_and_shuffled_ones_do(self, attention: Tensor) -> None:
        equal = attention[:, :, :1].expand(-1, -1, HEADS, -1, -1)
        assert measures.divergence(equal).abs().max() < 1e-9
        others = ~torch.eye(HEADS, dtype=torch.bool)
        assert measures.divergence(attention)[..., others].min() > 0

    def test_a_row_without_mass_on_patches_does_not_count(self) -> None:
        attention = torch.eye(3, dtype=torch.double)
        allowed = torch.tensor([[True, True, False]]).expand(3, 3)
        found, counts = measures.restrict(attention, allowed)
        assert counts.tolist() == [True, True, False]
        assert found[2].tolist() == [0, 0, 0]


class TestWindows:
    def test_unshifted_windows_hold_neighbouring_cells(self) -> None:
        layout = shifted_windows((4, 4), (2, 2), (0, 0), pads_first=False)
        assert layout.places[0].tolist() == [0, 1, 4, 5]
        assert layout.places[3].tolist() == [10, 11, 14, 15]
        assert layout.allowed.all()
        assert float(layout.separation(4).max()) == pytest.approx(4 * math.sqrt(2))

    def test_shifted_windows_hold_places_of_the_unshifted_picture(self) -> None:
        layout = shifted_windows((4, 4), (2, 2), (1, 1), pads_first=False)
        assert layout.places[0].tolist() == [5, 6, 9, 10]
        # the last window holds the four corners of the picture: none is another's neighbour
        assert layout.places[3].tolist() == [15, 12, 3, 0]
        assert torch.equal(layout.allowed[3, 0], torch.eye(4, dtype=torch.bool))

    def test_neighbours_across_the_shift_are_the_ones_that_swin_masks(self) -> None:
        from timm.models.swin_transformer import SwinTransformerBlock

        block = SwinTransformerBlock(8, (12, 8), num_heads=2, window_size=4, shift_size=2)
        layout = shifted_windows((12, 8), (4, 4), (2, 2), pads_first=False)
        assert torch.equal(layout.allowed[:, 0], block.get_attn_mask() == 0)
        # and none of the pairs that count is further apart than a window
        apart = layout.separation(1)[layout.allowed]
        assert float(apart.max()) == pytest.approx(3 * math.sqrt(2))

    @pytest.mark.parametrize('pads_first', [False, True])
    def test_padding_never_counts(self, pads_first: bool) -> None:
        layout = shifted_windows((5, 5), (4, 4), (2, 2), pads_first=pads_first)
        real = layout.places >= 0
        assert sorted(layout.places[real].tolist()) == list(range(25))
        assert not (layout.allowed[:, 0] & ~(real[:, None] & real[:, :, None])).any()
