"""A cell that ran with a smaller batch than planned: its record, and that it counts as done."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from benchmark.cli.overviews import status_lines
from benchmark.launching import Job
from benchmark.launching.status import State, statuses
from benchmark.results.identity import recorded_fingerprint
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, FakePool, campaign, go, records

PROOF = {**OUTCOME['proof'], 'batch': {'size': 4, 'at_once': 2, 'parts': 2}}
HALVED = {**OUTCOME, 'halvings': 1, 'proof': PROOF}
ONE = {'seeds': (0,)}


@pytest.fixture
def world(declare: Declarations) -> Declarations:
    declare.task()
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')
    return declare


def halving(job: Job) -> dict[str, Any]:
    return HALVED


def test_a_worker_is_told_the_smaller_ways_too(world: Declarations) -> None:
    pool = FakePool()
    plan, _ = go(campaign(world, suite=ONE), pool)
    request = next(job.request for job in pool.asked if job.request['job'] == 'train')
    sizes = [
        asked['config']['train_dataloader']['batch_size']
        for asked in (request, *request['smaller'])
    ]
    assert sizes == [4, 2, 1]
    folders = {request['folder'], *(asked['folder'] for asked in request['smaller'])}
    assert len(folders) == len({one.fingerprint for one in plan.to_do[0].smaller()}) + 1 == 3
    assert len(request['records']) == 3


def test_several_processes_keep_at_least_a_picture_each(world: Declarations) -> None:
    made = campaign(world, suite=ONE, processes=2)
    (cell,) = made.prepare(FakePool()).to_do
    assert [one.config['train_dataloader']['batch_size'] for one in made.smaller(cell)] == [2]


def test_the_record_has_a_fingerprint_of_its_own_and_counts(world: Declarations) -> None:
    lines: list[str] = []
    made = campaign(world, suite=ONE, say=lines.append)
    plan, (record,) = go(made, FakePool(halving))
    (cell,) = plan.to_do
    assert record.fingerprint == cell.smaller()[0].fingerprint != cell.fingerprint
    assert recorded_fingerprint(record.config, record.task, record.provenance) == record.fingerprint
    assert record.config['train_dataloader']['batch_size'] == 2
    assert 'out of memory: batch in 2 parts' in lines[0]
    again = campaign(world, suite=ONE).prepare(FakePool())
    assert (len(again.done), len(again.to_do)) == (1, 0)


def test_status_sees_it_done(world: Declarations) -> None:
    made = campaign(world, suite=ONE)
    go(made, FakePool(halving))
    (found,) = statuses(made.store.work)
    assert [one.state for one in found.cells] == [State.DONE]
    assert status_lines([found])


def test_it_is_found_again_without_its_work_folder(world: Declarations) -> None:
    """The worker finds the record, and says that the cell is done."""
    made = campaign(world, suite=ONE)
    go(made, FakePool(halving))
    shutil.rmtree(made.store.work)
    made = campaign(world, suite=ONE)
    plan, found = go(made, FakePool(lambda job: {'error': '', 'done': True}))
    assert len(plan.to_do) == 1
    assert not found
    assert len(records(made)) == 1
    assert len(campaign(world, suite=ONE).prepare(FakePool()).done) == 1


def test_the_policy_of_a_gpu_is_fast(world: Declarations) -> None:
    class Gpu(FakePool):
        device = 'gpu'

    cells = {
        (pool.device, asked): campaign(world, suite=ONE, precision=asked).prepare(pool).to_do[0]
        for pool in (FakePool(), Gpu())
        for asked in (None, 'exact', 'fast')
    }
    exact, fast = cells['cpu', None].fingerprint, cells['gpu', None].fingerprint
    assert exact != fast
    assert cells['gpu', 'exact'].fingerprint == cells['cpu', 'exact'].fingerprint == exact
    assert cells['gpu', 'fast'].fingerprint == cells['cpu', 'fast'].fingerprint == fast
