from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmark.analysis.erf import THRESHOLDS, analyse, contributions, spread, square
from benchmark.analysis.images import ImageSet
from benchmark.specs import Backbone

CPU = torch.device('cpu')
SIDE = 33
MIDDLE = (16.0, 16.0)


class Convolutions(nn.Module):
    """Equal 3 x 3 kernels over positive pictures, so that every feature is positive."""

    def __init__(self, depth: int, width: int = 2) -> None:
        super().__init__()
        widths = [3, *[width] * depth]
        self.layers = nn.Sequential(*map(self._layer, widths[:-1], widths[1:]))

    @staticmethod
    def _layer(given: int, handed: int) -> nn.Conv2d:
        layer = nn.Conv2d(given, handed, 3, padding=1, bias=False)
        nn.init.constant_(layer.weight, 1 / 9)
        return layer

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features = self.layers(images)
        # the deepest map counts
        return (-features, features)


def seen_by(depth: int) -> np.ndarray:
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    return contributions(Convolutions(depth), images)


class TestField:
    def test_a_single_convolution_sees_its_kernel(self) -> None:
        found = seen_by(1)
        expected = np.zeros((SIDE, SIDE))
        # 3 colours x 2 channels, each with a weight of 1/9
        expected[15:18, 15:18] = 6 / 9
        np.testing.assert_allclose(found, [expected, expected], rtol=1e-6)

    @pytest.mark.parametrize('depth', [2, 5])
    def test_a_stack_sees_the_convolution_of_its_kernels(self, depth: int) -> None:
        line = np.ones(1)
        for _ in range(depth):
            line = np.convolve(line, np.ones(3) / 3)
        expected = np.zeros((SIDE, SIDE))
        inside = slice(16 - depth, 17 + depth)
        expected[inside, inside] = np.outer(line, line)
        field = seen_by(depth)[0]
        np.testing.assert_allclose(field / field.sum(), expected, rtol=1e-5, atol=1e-12)
        # variances of steps add up: 2/3 px^2 per layer and axis
        assert spread(field, MIDDLE) == pytest.approx((2 * depth * 2 / 3) ** 0.5, rel=1e-5)

    def test_normalised_features_still_depend_on_the_picture(self) -> None:
        class Normalised(Convolutions):
            def forward(self, images: Tensor) -> tuple[Tensor, ...]:
                features = self.layers(images).permute(0, 2, 3, 1)
                return (nn.functional.layer_norm(features, (8,)).permute(0, 3, 1, 2),)

        network = Normalised(1, width=8)
        weight = torch.rand(8, 3, 3, 3, generator=torch.Generator().manual_seed(0))
        network.layers[0].weight.data.copy_(weight)
        images = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
        assert contributions(network, images).max() > 1e-4


class TestSquare:
    def test_of_equal_contributions_the_shares_are_areas(self) -> None:
        weights = np.zeros((SIDE, SIDE))
        weights[15:18, 15:18] = 1
        assert square(weights, MIDDLE, 0.1) == (1, 1 / SIDE**2)
        assert square(weights, MIDDLE, 0.2) == (3, 9 / SIDE**2)
        assert square(weights, MIDDLE, 0.99) == (3, 9 / SIDE**2)
        flat = np.ones((SIDE, SIDE))
        for share in (0.2, 0.5, 0.99):
            side = next(s for s in range(1, SIDE + 1, 2) if s * s >= share * SIDE**2)
            assert square(flat, MIDDLE, share) == (side, side**2 / SIDE**2)

    def test_beyond_the_picture_there_is_no_area(self) -> None:
        weights = np.zeros((8, 8))
        weights[0, 0] = 1
        # the cell's middle lies between pixels: 4.5 from the far corner
        assert square(weights, (4.5, 4.5), 0.5) == (10, 1)

    def test_an_even_side_fits_a_middle_between_pixels(self) -> None:
        weights = np.zeros((8, 8))
        weights[4:6, 4:6] = 1
        assert square(weights, (4.5, 4.5), 0.99) == (2, 4 / 64)


def test_the_analysis_sees_farther_with_attention_everywhere(noise: ImageSet) -> None:
    backbones = [
        Backbone(id=name, source=f'timm:{name}', is_random=True)
        for name in ('test_vit', 'test_resnet')
    ]
    finding = analyse(backbones, noise, batch_size=2, device=CPU)
    assert [(r['backbone'], r['picture'], r['share']) for r in finding.rows] == [
        (b.id, name, share) for b in backbones for name in noise.names for share in THRESHOLDS
    ]
    for row in finding.rows:
        assert 0 < row['area_ratio'] <= 1
    by_net = finding.facts['fields']
    areas = [by_net[b.id]['area_ratio']['0.99']['mean'] for b in backbones]
    assert areas[0] > 0.9
    assert finding.key_numbers is not None
    (name, values), _ = finding.key_numbers.rows
    assert finding.key_numbers.columns[3] == 'area for 99%'
    assert (name, str(values[3])[:5]) == ('test_vit', f'{areas[0]:.3f}')
    assert by_net['test_resnet']['mean_field']['0.5']['side'] < 64
    assert len(finding.draw().axes) >= 3
