"""The learning rate at every iteration, as mmengine's own schedulers make it."""

from __future__ import annotations

import pytest

from benchmark.compiling import compile_config
from tests.support.compiling_cells import cell

LR = 2.0


def rates(iterations: int, warmup: float, schedule: str) -> list[float]:
    torch = pytest.importorskip('torch')
    import mmengine.optim  # noqa: F401  (registers the schedulers)
    from mmengine.registry import PARAM_SCHEDULERS

    changes = {'lr': LR, 'iterations': iterations, 'warmup': warmup, 'schedule': schedule}
    config = compile_config(cell('segmentation', 'plain-vit', 'finetune', changes))
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    schedulers = [
        PARAM_SCHEDULERS.build(item, default_args={'optimizer': optimiser})
        for item in config['param_scheduler']
    ]
    found = []
    for _ in range(iterations):
        found.append(optimiser.param_groups[0]['lr'])
        optimiser.step()
        for scheduler in schedulers:
            scheduler.step()
    return found


@pytest.mark.parametrize('schedule', ['cosine', 'linear', 'poly', 'step'])
@pytest.mark.parametrize(('iterations', 'warmup'), [(40, 0.0), (40, 0.025), (40, 0.05), (40, 0.25)])
def test_the_declared_rate_is_reached_and_then_falls(
    iterations: int, warmup: float, schedule: str
) -> None:
    found = rates(iterations, warmup, schedule)
    steps = round(warmup * iterations)
    top = found.index(max(found))
    assert max(found) == pytest.approx(LR)
    assert top == (steps - 1 if steps > 1 else 0)
    assert found[:top] == sorted(found[:top])
    assert found[top:] == sorted(found[top:], reverse=True)
    assert found[-1] < 0.15 * LR


@pytest.mark.parametrize('warmup', [0.0, 0.05, 0.25])
def test_steps_fall_at_their_share_of_the_whole_training(warmup: float) -> None:
    found = rates(108, warmup, 'step')
    assert found[95] == pytest.approx(LR)
    assert found[96] == found[103] == pytest.approx(LR / 10)  # 8/9 of 108
    assert found[104] == found[107] == pytest.approx(LR / 100)  # 26/27 of 108


def test_a_polynomial_fall_follows_its_power() -> None:
    found = rates(50, 0.2, 'poly')
    # mmengine counts the 39 steps between the first and the last of 40 iterations
    assert found[30] == pytest.approx(LR * (1 - 20 / 39) ** 0.9)


@pytest.mark.parametrize('iterations', [1, 2, 3, 10])
@pytest.mark.parametrize('schedule', ['cosine', 'linear', 'poly', 'step'])
def test_the_shortest_trainings_start_at_the_declared_rate(iterations: int, schedule: str) -> None:
    assert rates(iterations, 0.1, schedule)[0] == pytest.approx(LR)
