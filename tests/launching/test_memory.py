"""A cell that ran with a smaller batch than planned: its record, and that it counts as done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.overviews import status_lines
from benchmark.launching import Job
from benchmark.launching.status import State, statuses
from benchmark.results.identity import recorded_fingerprint
from benchmark.results.reduced import folder_of, read_note
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, FakePool, campaign, go

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


def test_what_it_drew_lies_where_its_record_looks(world: Declarations) -> None:
    def answer(job: Job) -> dict[str, Any]:
        folder = folder_of(Path(job.request['folder']), 1)
        folder.mkdir(parents=True)
        (folder / 'a.png').write_bytes(b'drawn')
        return HALVED

    made = campaign(world, suite=ONE)
    _, (record,) = go(made, FakePool(answer))
    own = made.store.work_folder('tiny', record.spec, record.fingerprint)
    assert (own / 'a.png').read_bytes() == b'drawn'
    assert not list(made.store.work.rglob('*-1'))


def test_another_run_trains_it_no_second_time(world: Declarations) -> None:
    """A worker that claims the cell afterwards finds the record through the note."""
    made = campaign(world, suite=ONE)
    plan, _ = go(made, FakePool(halving))
    request = made.job(plan.to_do[0]).request
    note = read_note(Path(request['folder']))
    assert note is not None
    assert (note.halvings, note.record.is_file()) == (1, True)
    note.record.unlink()
    assert len(campaign(world, suite=ONE).prepare(FakePool()).to_do) == 1


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
