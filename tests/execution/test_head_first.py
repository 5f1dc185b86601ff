"""LP-FT: the head learns on a backbone that stays to the bit, then both learn."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from benchmark.errors import BenchmarkError
from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from tests.support.execution_cells import (
    Cell,
    Interruption,
    StateDict,
    moved,
    random_backbone,
    small_task,
)

from .test_distributed import train

ITERATIONS, FIRST = 6, 3
CHANGES: dict[str, Any] = {
    'iterations': ITERATIONS,
    'warmup': 0.67,  # two of three steps
    'whitened': True,  # as `frozen` does in any case
    'drop_path': 0.3,
}
STEPS: dict[str, list[tuple[StateDict, int]]] = {}
"""By name: the model after each step, and how many steps the optimiser's moments know of."""


@HOOKS.register_module()
class KeepSteps(Hook):
    """Copies the model before training and after each step."""

    def __init__(self, name: str) -> None:
        self._kept = STEPS[name] = []

    def before_train(self, runner: Runner) -> None:
        """Copy the initial model."""
        self._keep(runner)

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Copy the model after a step."""
        self._keep(runner)

    def _keep(self, runner: Runner) -> None:
        moments = runner.optim_wrapper.optimizer.state.values()
        known = max((int(item['step']) for item in moments), default=0)
        state = {k: v.detach().clone() for k, v in runner.model.state_dict().items()}
        self._kept.append((state, known))


def make_cell(
    world: Path, folder: Path, protocol: str = 'lp-ft', architecture: str = 'test_resnet',
    **changes: Any,
) -> Cell:  # fmt: skip
    task, backbone = small_task('world-covered'), random_backbone(architecture)
    return Cell(world, folder, task, backbone, protocol, changes={**CHANGES, **changes})


def run(cell: Cell, *hooks: dict[str, Any]) -> tuple[Outcome, list[StateDict]]:
    """Return the outcome, and the model before training and after each step of it."""
    name = str(cell.folder)
    config = cell.config_with({'type': 'KeepSteps', 'name': name}, *hooks)
    config['default_hooks']['checkpoint']['interval'] = 1
    return execute(config, cell.folder), [state for state, _ in STEPS[name]]


Whole = tuple[Outcome, list[StateDict], list[int]]


@pytest.fixture(scope='module')
def whole(tiny_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """An uninterrupted cell, and how many steps the moments knew of after each step."""
    folder = tmp_path_factory.mktemp('whole')
    outcome, states = run(make_cell(tiny_world, folder))
    return outcome, states, [known for _, known in STEPS[str(folder)]]


def test_the_backbone_stays_to_the_bit_while_the_head_learns_and_learns_afterwards(
    whole: Whole,
) -> None:
    outcome, states, known = whole
    assert len(states) == ITERATIONS + 1
    for step, (before, after) in enumerate(itertools.pairwise(states)):
        assert any('fc.' in name for name in moved(before, after, backbone=False))
        changed = moved(before, after, backbone=True)
        if step < FIRST:
            assert changed == []
        else:
            assert {'running_mean', 'weight'} <= {name.rpartition('.')[2] for name in changed}
    assert outcome.proof['head_first'] == {
        'iterations': FIRST,
        'backbone_changed': False,
        'head_changed': True,
    }
    assert outcome.proof['backbone_learned']
    assert known == [0, 1, 2, 3, 1, 2, 3]


def test_the_first_part_is_the_protocol_frozen(
    whole: Whole, tiny_world: Path, tmp_path: Path
) -> None:
    """The same head, to the bit, as a frozen cell of as many iterations and the same schedule."""
    _, ours, _ = whole
    frozen = make_cell(tiny_world, tmp_path / 'frozen', 'frozen', iterations=FIRST, drop_path=0.0)
    outcome, states = run(frozen)
    assert outcome.proof['backbone_changed'] is False
    for mine, other in zip(ours[: FIRST + 1], states, strict=True):
        assert mine.keys() == other.keys()
        assert all(torch.equal(mine[name], other[name]) for name in mine)
    assert moved(ours[0], ours[FIRST], backbone=False)


@pytest.mark.parametrize('interruptions', [(FIRST,), (1, 4)])
def test_an_interruption_between_or_in_the_parts_changes_nothing(
    interruptions: tuple[int, ...], whole: Whole, tiny_world: Path, tmp_path: Path
) -> None:
    expected, states, _ = whole
    cell = make_cell(tiny_world, tmp_path / 'cell')
    for iteration in interruptions:
        with pytest.raises(Interruption):
            run(cell, {'type': 'InterruptTraining', 'iteration': iteration})
    resumed, later = run(cell)
    assert resumed.cost['resumed_at'] == interruptions[-1]
    assert (resumed.curves, resumed.raw) == (expected.curves, expected.raw)
    assert resumed.proof == expected.proof
    assert all(torch.equal(later[-1][name], states[-1][name]) for name in states[-1])


def test_a_backbone_that_changes_in_the_first_part_is_found_out(
    tiny_world: Path, tmp_path: Path
) -> None:
    cell = make_cell(tiny_world, tmp_path / 'cell')
    with pytest.raises(BenchmarkError, match='backbone changed in the first 3 iterations'):
        run(cell, {'type': 'TouchBackbone'})


@pytest.mark.slow
def test_two_processes_do_what_one_does(
    tiny_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layer norms, no statistics of a batch: those are of one process each."""
    monkeypatch.setenv('PYTHONPATH', str(Path(__file__).parents[2]), prepend=os.pathsep)
    changes = {'batch_size': 8, 'whitened': False}
    one, two = (
        train(make_cell(tiny_world, tmp_path / str(n), architecture='test_vit', **changes), n)
        for n in (1, 2)
    )
    assert two.found['cost']['processes'] == 2
    assert two.found['proof'] == one.found['proof']
    assert two.found['proof']['head_first']['backbone_changed'] is False
    assert two.found['curves']['loss'] == pytest.approx(one.found['curves']['loss'], rel=1e-5)
    for name, tensor in two.weights.items():
        torch.testing.assert_close(tensor, one.weights[name], rtol=1e-5, atol=5e-5)
