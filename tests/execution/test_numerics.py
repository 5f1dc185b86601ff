"""Exact numbers of tiny cells: a change that alters one must raise the numerics of its part.

The numbers lie in ``golden/numerics.json``. On the processor on which they were frozen they are
compared to six digits, on another one to three, without the scores that jump (an average
precision has steps); with other versions of the libraries they are not compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.compiling import library_versions, numerics_of
from benchmark.execution.canary import compute
from benchmark.execution.cost import processor_name
from benchmark.execution.outcome import Outcome
from benchmark.execution.probe import execute_probe
from benchmark.regression.canaries import Canary, compare_canaries
from tests.support.task_trials import Trial, fake_root
from tests.support.task_trials import small_task as small_fake

from .test_probe import compiled

GOLDEN = Path(__file__).parent / 'golden' / 'numerics.json'
DEVICE = f'{processor_name()}, {torch.backends.cpu.get_cpu_capability()}'
Measured = tuple[dict[str, float], dict[str, int]]
"""Numbers by name, and the numerics of the parts that make them."""


def _kind(name: str) -> Callable[[Path, Path], Measured]:
    """Return what sums up the first steps of a cell, without training it."""

    def measure(folder: Path, world: Path) -> Measured:
        trial = Trial(small_fake(name), fake_root(name, folder), folder / 'work')
        return compute(trial.config(), 2), _numerics(trial.config(), trial.task.kind, 'finetune')

    return measure


def _training(name: str, protocol: str) -> Callable[[Path, Path], Measured]:
    """Return what trains a cell for two iterations and tests it."""

    def measure(folder: Path, world: Path) -> Measured:
        task = small_fake(name)
        trial = Trial(task, fake_root(name, folder), folder / 'work', protocol=protocol)
        return _numbers(trial.run()), _numerics(trial.config(), task.kind, protocol)

    return measure


def _probe(protocol: str) -> Callable[[Path, Path], Measured]:
    def measure(folder: Path, world: Path) -> Measured:
        config = compiled(world, folder, 'world-segmentation', 'test_vit', protocol)
        found = _numbers(execute_probe(config))
        return found, _numerics(config, 'segmentation', protocol)

    return measure


def _numerics(config: dict[str, Any], kind: str, protocol: str) -> dict[str, int]:
    return numerics_of(config, kind=kind, protocol=protocol, source='timm:test_vit')


def _numbers(outcome: Outcome) -> dict[str, float]:
    losses = {
        f'loss {name} {i}': value
        for name, values in outcome.curves.items()
        for i, value in enumerate(values)
    }
    return {**losses, **{f'metric {key}': value for key, value in outcome.raw.items()}}


CELLS: dict[str, Callable[[Path, Path], Measured]] = {
    'classification': _kind('food101'),
    'segmentation': _kind('ade20k'),
    'detection': _kind('coco-detection'),
    'pose': _kind('coco-pose'),
    'depth': _kind('nyuv2'),
    'tracking': _kind('got10k'),
    'mot': _kind('mot17'),
    'training': _training('food101', 'finetune'),
    'training of a head': _training('food101', 'frozen'),
    'training of a head first': _training('food101', 'lp-ft'),
    'neighbours': _probe('knn'),
    'linear probe': _probe('linear-fixed'),
}


@pytest.mark.parametrize('name', CELLS)
def test_its_numbers_are_the_frozen_ones(
    name: str, tmp_path: Path, tiny_world: Path, request: pytest.FixtureRequest
) -> None:
    values, numerics = CELLS[name](tmp_path, tiny_world)
    frozen = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    libraries = library_versions()
    if request.config.getoption('--regenerate'):
        cell = {'device': DEVICE, 'libraries': libraries, 'numerics': numerics, 'values': values}
        content = {**frozen, name: cell}
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(content, indent=1, sort_keys=True) + '\n')
        return
    assert name in frozen, f'{name} has no frozen numbers: run pytest with --regenerate'
    expected = frozen[name]
    assert numerics == expected['numerics'], (
        f'the numerics of {name} were raised: freeze its new numbers with --regenerate'
    )
    if libraries != expected['libraries']:
        pytest.skip('frozen with other versions of the libraries')
    old, new = Canary(expected['values'], expected['device']), Canary(values, DEVICE)
    if old.device != new.device:
        old, new = (Canary(_smooth(c.values), c.device) for c in (old, new))
    moved = compare_canaries({name: old}, {name: new})
    parts = ', '.join(f"'{part}'" for part in numerics)
    assert not moved, (
        f'{moved[0]}. Numbers changed but no numerics: undo the change, or raise the number of the '
        f'part that it concerns (one of {parts}) and freeze the new numbers with --regenerate'
    )


def _smooth(values: Any) -> dict[str, float]:
    return {key: value for key, value in values.items() if not key.startswith('metric')}


def test_every_kind_is_among_them() -> None:
    from benchmark.kinds import kind_names

    assert set(kind_names()) <= CELLS.keys()
    assert json.loads(GOLDEN.read_text()).keys() == CELLS.keys()
