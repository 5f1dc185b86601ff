"""Operations of a forward pass, against counts by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.execution.cost import count_flops, forward_cost


class Positions(nn.Module):
    """Two projections, one of images' pixels and one of a parameter that a module is called on."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Parameter(torch.zeros(5, 3))
        self.pixels, self.positions = nn.Linear(3, 4), nn.Linear(3, 4)

    def forward(self, images: Tensor) -> Tensor:
        """Return an output of no meaning."""
        found: Tensor = self.pixels(images.permute(0, 2, 3, 1)).sum() + self.positions(self.offsets)
        return found


def test_multiplications_and_additions_are_counted() -> None:
    network = Positions()
    network.pixels.weight.requires_grad_(False)
    pixels, offsets = 2 * (2 * 6 * 7) * 3 * 4, 2 * 5 * 3 * 4
    assert count_flops(network, torch.zeros(2, 3, 6, 7)) == pixels + offsets
    learning = {name for name, p in network.named_parameters() if p.requires_grad}
    assert learning == {'offsets', 'pixels.bias', 'positions.weight', 'positions.bias'}


def test_they_are_told_per_pixel_of_a_picture() -> None:
    network = Positions().train()
    found = forward_cost(network)
    assert found is not None
    assert found.flops == 2 * 3 * 4 + 2 * 5 * 3 * 4 / 224**2
    assert network.training
    assert forward_cost(nn.Linear(3, 4)) is None


def test_what_norms_and_activations_write_is_counted_too() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 2, stride=2), nn.ReLU(), nn.Flatten(2))
    found = forward_cost(network)
    assert found is not None
    # 8 channels on a quarter of the pixels, written twice; a view writes nothing
    assert found.elements == 8 / 4 * 2
