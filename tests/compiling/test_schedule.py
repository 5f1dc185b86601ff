"""The learning rate at every iteration, as mmengine's own schedulers make it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmark.compiling import compile_config
from benchmark.errors import IncompatibleError
from tests.support.compiling_cells import cell

LR = 2.0


def rates(iterations: int, warmup: float, schedule: str, **more: float) -> list[float]:
    torch = pytest.importorskip('torch')
    import mmengine.optim  # noqa: F401  (registers the schedulers)
    from mmengine.registry import PARAM_SCHEDULERS

    changes = {'lr': LR, 'iterations': iterations, 'warmup': warmup, 'schedule': schedule}
    changes |= more
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


@pytest.mark.parametrize(('start', 'second'), [(0.0, 1 / 9), (1e-6, 1 / 9), (0.5, 0.5 + 0.5 / 9)])
def test_the_rate_rises_from_the_share_that_the_source_names(start: float, second: float) -> None:
    found = rates(40, 0.25, 'cosine', warmup_start=start)
    assert found[0] == pytest.approx(start * LR, abs=1e-7)
    assert found[1] == pytest.approx(second * LR, rel=1e-4)
    assert found[9] == pytest.approx(LR)


def test_a_floor_is_a_share_of_the_peak() -> None:
    found = rates(40, 0.0, 'cosine', floor=0.8)
    # half a cosine over 40 steps, of which the last stands at 39
    assert found[20] == pytest.approx(LR * 0.9)
    assert found[39] == pytest.approx(LR * 0.8, rel=1e-3)
    assert rates(40, 0.0, 'poly', floor=0.01, layer_decay=1.0)[39] == pytest.approx(LR * 0.01)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'schedule': 'step', 'floor': 0.1}, "the schedule 'step' has none"),
        ({'schedule': 'poly', 'floor': 0.1, 'layer_decay': 0.9}, 'has none with layer_decay'),
        ({'warmup_start': 2.0}, 'warmup_start is 2.0: must be a share'),
        ({'optimizer': 'adam'}, "optimizer is 'adam', allowed are adamw, sgd, lamb, lars"),
        ({'decayed': 'some'}, "decayed is 'some', allowed are matrices, biases, all"),
        ({'options': {'udp': True}}, "recipe option 'udp' is True: kind 'segmentation' has"),
        ({'options': {'width': 'wide'}}, "recipe option 'width' is 'wide': of another type"),
    ],
)
def test_what_nothing_can_follow_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(IncompatibleError, match=message):
        compile_config(cell('segmentation', 'plain-vit', 'finetune', changes))


def test_a_recipe_of_rise_and_fall_has_one_schedule() -> None:
    changes = {'schedule': 'rise-and-fall', 'warmup': 0.48, 'iterations': 100, 'floor': 0.06}
    config = compile_config(cell('segmentation', 'plain-vit', 'finetune', changes))
    (only,) = config['param_scheduler']
    assert (only['type'], only['rise'], only['power'], only['floor']) == (
        'benchmark.RiseAndFallLR', 48, 0.9, 0.06,
    )  # fmt: skip


@pytest.mark.parametrize('schedule', ['cosine', 'poly', 'step', 'rise-and-fall'])
def test_each_part_of_a_training_has_the_whole_schedule(schedule: str) -> None:
    more = {'floor': 0.25} if schedule == 'cosine' else {}
    both = rates(40, 0.25, schedule, head_first=0.4, **more)
    first, second = (rates(n, 0.25, schedule, **more) for n in (16, 24))
    assert both == [*first, *second]


def test_parts_of_a_batch_do_not_restart_the_rate() -> None:
    more = {'accumulation': 2, 'batch_size': 8, 'head_first': 0.25}
    rising = rates(40, 0.25, 'cosine', **more)[20:35]
    assert rising[0] == pytest.approx(1e-3 * LR)
    assert rising[-1] == pytest.approx(LR)
    assert [later - rate for rate, later in pairwise(rising)] == pytest.approx(
        [(1 - 1e-3) * LR / 14] * 14
    )


@pytest.mark.parametrize(
    ('iterations', 'share', 'parts', 'first'),
    # whole steps of the optimiser, and at least one for each part
    [(10, 0.5, 1, 5), (10, 0.44, 2, 8), (2, 0.9, 1, 1), (7, 0.01, 3, 3)],
)
def test_a_training_is_divided_between_steps(
    iterations: int, share: float, parts: int, first: int
) -> None:
    changes = {
        'iterations': iterations, 'head_first': share, 'accumulation': parts, 'batch_size': 6
    }  # fmt: skip
    config = compile_config(cell('segmentation', 'plain-vit', 'finetune', changes))
    hook = {'type': 'benchmark.HeadFirst', 'iterations': first}
    assert hook in config['custom_hooks']
    assert config['train_cfg']['max_iters'] == iterations * parts


@pytest.mark.parametrize(
    ('protocol', 'changes', 'message'),
    [
        ('finetune', {'head_first': 1.0}, 'head_first is 1.0: must be a share of the iterations'),
        ('finetune', {'head_first': -0.5}, 'head_first is -0.5: must be a share'),
        ('lp-ft', {'iterations': 1}, '1 iteration cannot be divided between the head'),
        ('frozen', {'head_first': 0.5}, 'the protocol trains the head alone in any case'),
    ],
)
def test_a_training_that_cannot_be_divided_is_refused(
    protocol: str, changes: dict[str, float], message: str
) -> None:
    with pytest.raises(IncompatibleError, match=message):
        compile_config(cell('segmentation', 'plain-vit', protocol, changes))
