"""A night from canaries to verdict, with a pool that answers at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import BenchmarkError
from benchmark.launching import Job
from benchmark.launching.nightly import Nightly
from benchmark.regression.compare import Comparison, Rules, Verdict
from benchmark.regression.history import read_history
from benchmark.results.store import ResultStore
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, FakePool, campaign, go

NIGHT = date(2031, 5, 4)
SUITE: dict[str, Any] = {
    'seeds': tuple(range(10)),
    'protocols': ('finetune', 'trivial'),
    'backbones': ('timm:test_vit+random', 'timm:test_resnet+random'),
}
CANARY = {'error': '', 'values': {'loss': 1.5}, 'device': 'cpu'}


@pytest.fixture
def world(declare: Declarations) -> Declarations:
    declare.task()
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')
    return declare


class Scores:
    """Answers with scores around 40 with a standard deviation of 0.5; ``drop`` for one backbone."""

    def __init__(self, drop: float = 0.0, *, fresh_drop: float | None = None) -> None:
        self.drop = drop
        self.fresh_drop = drop if fresh_drop is None else fresh_drop

    def __call__(self, job: Job) -> dict[str, Any]:
        if job.request['job'] == 'canary':
            return CANARY
        score = 10.0
        if job.request['job'] == 'train':
            seed = job.request['config']['randomness']['seed']
            score = 40 + 0.5 * np.random.default_rng([seed, len(job.name)]).normal()
            if 'resnet' in job.name:
                score -= self.fresh_drop if seed % 1000 >= 500 else self.drop
        return {**OUTCOME, 'raw': {**OUTCOME['raw'], 'mIoU': float(score)}}


@pytest.fixture
def nightly(world: Declarations) -> Callable[..., Nightly]:
    """Return what makes a night over two backbones and a trivial predictor, with a baseline."""
    baseline = campaign(world, suite=SUITE)
    baseline.store = ResultStore(world.folder / 'nightly' / 'baseline', baseline.store.work)
    go(baseline, FakePool(Scores()))

    def make(night: date = NIGHT, **changes: Any) -> Nightly:
        made = campaign(world, suite=SUITE)
        folder = world.folder / 'nightly'
        night_of = Nightly(made, folder / 'baseline', folder, night, 2, 4, Rules())
        return replace(night_of, **changes)

    return make


def ran(pool: FakePool) -> list[str]:
    return [job.name for job in pool.asked if job.request['job'] == 'train']


def verdicts(comparison: Comparison) -> dict[str, Verdict]:
    return {result.cell.backbone: result.verdict for result in comparison.results}


def test_a_quiet_night(nightly: Callable[..., Nightly]) -> None:
    night = nightly()
    pool = FakePool(Scores())
    comparison = night.run(pool)  # type: ignore[arg-type]
    assert comparison.exit_code == 0
    assert len(comparison.results) == 3
    seeds = {
        job.request['config']['randomness']['seed']
        for job in pool.asked
        if job.request['job'] == 'train'
    }
    assert {NIGHT.toordinal() * 1000, NIGHT.toordinal() * 1000 + 1} <= seeds
    assert {path.name for path in night.night_folder.iterdir()} >= {
        'results', 'summary.txt', 'comment.md', 'junit.xml', 'comparison.json',
    }  # fmt: skip
    history = read_history(night.folder / 'history.json', 'tiny')
    assert history.nights == ('2031-05-04',)
    assert len(history.cells) == 3


def test_a_suspicious_cell_is_run_again_before_it_alarms(nightly: Callable[..., Nightly]) -> None:
    pool = FakePool(Scores(3.0))
    comparison = nightly().run(pool)  # type: ignore[arg-type]
    assert comparison.exit_code == 1
    worse = next(r for r in comparison.results if r.verdict is Verdict.REGRESSION)
    assert 'resnet' in worse.cell.backbone
    assert len(worse.tonight) == 2 + 4
    fresh = [name for name in ran(pool) if int(name.rpartition('seed')[2]) % 1000 >= 500]
    assert len(fresh) == 4
    assert all('resnet' in name for name in fresh)


def test_fresh_seeds_can_clear_a_cell(nightly: Callable[..., Nightly]) -> None:
    comparison = nightly().run(FakePool(Scores(1.6, fresh_drop=-0.6)))  # type: ignore[arg-type]
    cell = next(r for r in comparison.results if 'resnet' in r.cell.backbone)
    assert len(cell.tonight) == 6
    assert not cell.is_red
    assert comparison.exit_code == 0


def test_a_failure_is_red(nightly: Callable[..., Nightly]) -> None:
    def answer(job: Job) -> dict[str, Any]:
        if job.request['job'] == 'train' and 'resnet' in job.name:
            return {'error': 'out of memory', 'user_error': True}
        return Scores()(job)

    comparison = nightly().run(FakePool(answer))  # type: ignore[arg-type]
    assert comparison.results[0].verdict is Verdict.FAILED
    assert comparison.exit_code == 1


def test_the_same_night_again_only_judges(nightly: Callable[..., Nightly]) -> None:
    first = nightly().run(FakePool(Scores(3.0)))  # type: ignore[arg-type]
    pool = FakePool(Scores(99.0))
    again = nightly().run(pool)  # type: ignore[arg-type]
    assert ran(pool) == []
    assert verdicts(again) == verdicts(first)


def test_the_next_night_runs_with_other_seeds(nightly: Callable[..., Nightly]) -> None:
    nightly().run(FakePool(Scores()))  # type: ignore[arg-type]
    pool = FakePool(Scores())
    night = nightly(date(2031, 5, 5))
    night.run(pool)  # type: ignore[arg-type]
    assert len(ran(pool)) >= 4
    assert read_history(night.folder / 'history.json', 'tiny').nights == (
        '2031-05-04',
        '2031-05-05',
    )


def test_canaries_are_frozen_once_and_then_compared(nightly: Callable[..., Nightly]) -> None:
    first = nightly()
    assert first.run(FakePool(Scores())).canaries == ()  # type: ignore[arg-type]
    content = json.loads((first.folder / 'canaries.json').read_text())
    assert len(content['canaries']) == 2

    def moved(job: Job) -> dict[str, Any]:
        is_canary = job.request['job'] == 'canary'
        return {**CANARY, 'values': {'loss': 1.6}} if is_canary else Scores()(job)

    comparison = nightly(date(2031, 5, 5)).run(FakePool(moved))  # type: ignore[arg-type]
    assert len(comparison.canaries) == 2
    assert 'loss was 1.5 and is 1.6' in comparison.canaries[0]
    assert comparison.exit_code == 1
    assert 'canary' in (nightly(date(2031, 5, 5)).night_folder / 'summary.txt').read_text()


def test_a_canary_that_fails_is_red(nightly: Callable[..., Nightly]) -> None:
    def broken(job: Job) -> dict[str, Any]:
        is_canary = job.request['job'] == 'canary'
        return {'error': 'shapes do not fit', 'user_error': False} if is_canary else Scores()(job)

    comparison = nightly().run(FakePool(broken))  # type: ignore[arg-type]
    assert len(comparison.canaries) == 2
    assert comparison.exit_code == 1


def test_without_a_baseline_nothing_runs(nightly: Callable[..., Nightly], tmp_path: Path) -> None:
    pool = FakePool(Scores())
    with pytest.raises(
        BenchmarkError,
        match=r'no baseline; create one: tbench run --suite \S+suite\.py --results \S+none',
    ):
        nightly(baseline=tmp_path / 'none').run(pool)  # type: ignore[arg-type]
    assert pool.asked == []
