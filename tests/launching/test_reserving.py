"""What a campaign tells an executor whose workers differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.overviews import plan_lines
from benchmark.launching import Job
from benchmark.launching.resources import Needs, Share
from benchmark.launching.survey import survey
from benchmark.planning import Plan
from benchmark.planning.estimates import Basis, Estimate
from benchmark.results.kept_features import note_files
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, Answer, FakePool, campaign, go

PROTOCOLS = ('finetune', 'trivial')


class ReservingPool(FakePool):
    """One whose workers differ; keeps the classes of which it was told."""

    def __init__(self, answer: Answer = lambda job: OUTCOME, device: str = 'cpu') -> None:
        super().__init__(answer)
        self.device = device
        self.shares: list[Share] = []

    def reserve(self, shares: Sequence[Share]) -> None:
        assert self.names('train') == []
        self.shares += shares

    def planned(self, shares: Sequence[Share]) -> list[str]:
        return [f'{share.cells} cells on {share.needs.gpus} GPUs' for share in shares]


@pytest.fixture
def world(declare: Declarations) -> Declarations:
    declare.task()
    data(declare, 'small')
    return declare


def data(declare: Declarations, name: str) -> None:
    place: Path = declare.folder / 'data' / name
    place.mkdir(parents=True)
    (place / 'train.txt').write_text('x')


def test_classes_come_before_the_cells_and_every_cell_fits_one(world: Declarations) -> None:
    made = campaign(world, suite={'protocols': PROTOCOLS}, processes=2)
    pool = ReservingPool(device='gpu')
    said: list[str] = []
    made.say = said.append
    go(made, pool)
    assert [(share.needs[:3], share.cells) for share in pool.shares] == [
        ((2, 2, 16), 2),
        ((1, 0, 1), 1),
    ]
    ran = [job for job in pool.asked if job.request['job'] in ('train', 'trivial')]
    assert len(ran) == 3
    for job in ran:
        own = pool.shares[job.request['job'] == 'trivial'].needs
        assert job.needs == own
    assert '2 cells on 2 GPUs' in said


def test_a_cell_that_was_lost_gets_the_most_there_is_for_it(world: Declarations) -> None:
    world.task({'root': 'large'}, name='large', budget={'iterations': 4, 'batch_size': 4096})
    data(world, 'large')
    made = campaign(world, suite={'tasks': ('small.py', 'large.py'), 'seeds': (0,)}, pauses=(0.0,))
    pool = ReservingPool()
    lost: list[str] = []

    def answer(job: Job) -> dict[str, Any]:
        if job.name.startswith('small') and not lost:
            lost.append(job.name)
            return {'error': 'it was killed', 'lost': True}
        return OUTCOME

    pool.answer = answer
    go(made, pool)
    assert len(pool.shares) == 2
    large, small = (share.needs for share in pool.shares)
    assert large.memory_gb > small.memory_gb
    tries = [job.needs for job in pool.asked if job.name == lost[0]]
    assert tries == [small, large]


def test_a_second_run_estimates_from_what_the_first_measured(world: Declarations) -> None:
    cost = {'train_seconds': 7200.0, 'test_seconds': 0.0, 'peak_memory_mb': 9000}
    first = campaign(world, suite={'seeds': (0,)})
    go(first, FakePool(lambda job: {**OUTCOME, 'cost': {**cost, 'device': 'cpu'}}))
    pool = ReservingPool()
    go(campaign(world, suite={'seeds': (0, 1)}), pool)
    assert pool.shares == [Share(Needs(1, 0, 1, 14, 240), 1, 7200.0)]


def test_a_plan_shows_them(world: Declarations) -> None:
    made = campaign(world, suite={'protocols': PROTOCOLS})
    found = survey(made, ReservingPool(device='gpu'), 'gpu')
    assert found.classes == ('2 cells on 1 GPUs', '1 cells on 0 GPUs')
    assert found.to_plain()['classes'] == list(found.classes)
    assert '2 cells on 1 GPUs' in list(plan_lines(found, workers=2, device='gpu'))


@pytest.mark.parametrize(('weights', 'gpus'), [('abc', 0), (None, 1)])
def test_a_probe_whose_features_are_kept_needs_no_gpu(
    weights: str | None, gpus: int, world: Declarations
) -> None:
    """Of random weights nobody knows whether they are those of the kept features."""
    suite = {'protocols': ('knn',), 'seeds': (0,)}
    pool = ReservingPool(device='gpu')
    pool.weights = weights
    made = campaign(world, suite=suite, feature_cache=1 << 30)
    plan: Plan = made.prepare(pool)  # type: ignore[arg-type]
    (cell,) = plan.to_do
    costs = {cell.spec: Estimate(5.0, 50_000.0, Basis.MEASURED)}
    folder = made.store.work / 'cache' / 'features'
    folder.mkdir(parents=True)

    def needed() -> Needs:
        (share,) = made.resources(plan, costs, 'gpu').shares
        return share.needs

    (folder / 'a.safetensors').write_bytes(b'features')
    assert needed().gpus == 1
    note_files(folder, cell.features_key, ['a.safetensors', 'b.safetensors'])
    assert needed().gpus == 1
    (folder / 'b.safetensors').write_bytes(b'of the test split')
    assert needed().gpus == gpus
    assert needed().memory_gb == (4 if not gpus else 6)  # nothing of the estimate for a GPU
    with (folder / 'b.safetensors').open('wb') as file:
        file.truncate(1 << 30)
    assert needed().gpus == 1
