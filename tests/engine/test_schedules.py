"""The rate of MIM-Depth's training, at steps computed by hand."""

from __future__ import annotations

import pytest
import torch

from benchmark.engine import RiseAndFallLR

PEAK, FLOOR = 5e-4, 3e-5


def rates(steps: int, rise: int, scale: float = 1.0) -> list[float]:
    """Return the rate of every step of a group whose peak is ``scale`` of the whole's."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK * scale)
    scheduler = RiseAndFallLR(optimiser, rise=rise, power=0.9, floor=FLOOR / PEAK, by_epoch=False)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]['lr'])
        optimiser.step()
        scheduler.step()
    return found


def test_it_rises_and_falls_as_the_source_computes() -> None:
    # 25 epochs of 4 iterations: the peak is at the 48th, after half the epochs rounded down
    found = rates(100, 48)
    assert found[0] == pytest.approx(4.7e-4 * (1 / 48) ** 0.9 + 3e-5)
    assert found[23] == pytest.approx(2.8186e-4, rel=1e-4)  # 4.7e-4 * 0.535887 + 3e-5
    assert found[47] == pytest.approx(5e-4)
    # half way down: 1 - 0.5 ** 0.9 of the way is left, not 0.5 ** 0.9
    assert found[71] == pytest.approx(2.4813e-4, rel=1e-4)  # 5e-4 - 4.7e-4 * 0.535887
    assert found[95] == pytest.approx(3e-5)
    assert found[99] == pytest.approx(3e-5)


def test_a_lower_layer_gets_its_share_of_both_ends() -> None:
    whole, tenth = rates(100, 48), rates(100, 48, 0.1)
    assert tenth == pytest.approx([rate / 10 for rate in whole])


def test_it_continues_where_it_was() -> None:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = RiseAndFallLR(optimiser, rise=4, power=0.9, floor=0.06, by_epoch=False)
    for _ in range(5):
        optimiser.step()
        scheduler.step()
    other = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    resumed = RiseAndFallLR(other, rise=4, power=0.9, floor=0.06, by_epoch=False)
    resumed.load_state_dict(scheduler.state_dict())
    other.load_state_dict(optimiser.state_dict())
    for pair in ((optimiser, scheduler), (other, resumed)):
        pair[0].step()
        pair[1].step()
    assert other.param_groups[0]['lr'] == optimiser.param_groups[0]['lr']
