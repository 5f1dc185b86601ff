"""What `status` tells of campaigns that are at work, ended, or were killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main
from benchmark.cli.overviews import status_lines
from benchmark.errors import RecordError
from benchmark.execution.locking import exclusive, holder_since
from benchmark.launching import Job
from benchmark.launching.ledger import Entry, ledgers, open_ledger
from benchmark.launching.status import CampaignStatus, State, statuses
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, FakePool, campaign, go

SPECS = [RunSpec('t', 'b', 'finetune', seed) for seed in range(3)]
CAMPAIGN = """
import select
import sys
from contextlib import ExitStack
from pathlib import Path
from benchmark.execution.locking import exclusive
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec
root = Path(sys.argv[1])
store = ResultStore(root / 'results', root / 'work')
entries = [Entry(RunSpec('t', 'b', 'finetune', seed), 'f' * 64) for seed in range(3)]
with open_ledger(store, 'tiny', entries), exclusive(store.work_folder('tiny', *entries[0])):
    print('at work', flush=True)
    while select.select([sys.stdin], [], [], 0.2)[0] == []:
        pass
"""


@pytest.fixture
def world(declare: Declarations) -> Declarations:
    declare.task()
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')
    return declare


@pytest.fixture
def at_work(tmp_path: Path, default_signals: None) -> Iterator[subprocess.Popen[str]]:
    """Return another process that runs the first of three cells until its input ends."""
    with subprocess.Popen(
        [sys.executable, '-c', CAMPAIGN, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == 'at work\n'
        yield process
        process.kill()


def states(status: CampaignStatus) -> list[State]:
    return [cell.state for cell in status.cells]


class TestFromAnotherProcess:
    def test_what_runs_and_what_waits_is_seen(
        self, tmp_path: Path, at_work: subprocess.Popen[str]
    ) -> None:
        (found,) = statuses(tmp_path / 'work')
        assert found.is_alive
        assert states(found) == [State.RUNNING, State.WAITING, State.WAITING]
        assert found.cells[0].seconds is not None
        assert 0 <= found.cells[0].seconds < 60
        assert str(at_work.pid) in found.process

    def test_a_killed_one_is_not_shown_as_running(
        self, tmp_path: Path, at_work: subprocess.Popen[str]
    ) -> None:
        at_work.send_signal(signal.SIGKILL)
        at_work.wait()
        (found,) = statuses(tmp_path / 'work')
        assert not found.is_alive
        assert set(states(found)) == {State.INTERRUPTED}
        text = '\n'.join(status_lines([found]))
        assert 'not running' in text
        assert 'interrupted: the same `tbench run` continues' in text

    def test_the_last_iteration_of_the_log_is_the_progress(
        self, tmp_path: Path, at_work: subprocess.Popen[str]
    ) -> None:
        store = ResultStore(tmp_path / 'results', tmp_path / 'work')
        log = store.work_folder('tiny', SPECS[0], 'f' * 64) / 'log.txt'
        log.write_text(
            'x' * 20000 + '\n07/01 - mmengine - INFO - Iter(train) [ 20/100]  lr: 1e-3\n'
            'Iter(train) [ 40/100]  lr: 1e-3\n'
        )
        (found,) = statuses(tmp_path / 'work')
        assert found.cells[0].detail == 'train 40/100'
        assert any('train 40/100' in line for line in status_lines([found]))

    def test_the_log_of_an_earlier_attempt_is_no_progress(
        self, tmp_path: Path, at_work: subprocess.Popen[str]
    ) -> None:
        store = ResultStore(tmp_path / 'results', tmp_path / 'work')
        log = store.work_folder('tiny', SPECS[0], 'f' * 64) / 'log.txt'
        log.write_text('Iter(train) [ 20/100]')
        os.utime(log, (1.0, 1.0))
        assert statuses(tmp_path / 'work')[0].cells[0].detail == ''


class TestWorkers:
    def test_who_runs_a_cell_and_its_last_sign_of_life_are_shown(
        self, tmp_path: Path, at_work: subprocess.Popen[str]
    ) -> None:
        (found,) = statuses(tmp_path / 'work')
        assert found.cells[0].worker.startswith(f'{at_work.pid} on ')
        assert found.cells[0].silence is not None
        assert [name for name, _ in found.processes] == [found.process]
        assert any(f'by {at_work.pid} on ' in line for line in status_lines([found]))
        assert found.to_plain()['cells'][0]['worker'] == found.cells[0].worker

    def test_workers_of_one_suite_are_shown_together(
        self, tmp_path: Path, at_work: subprocess.Popen[str]
    ) -> None:
        store = ResultStore(tmp_path / 'results', tmp_path / 'work')
        with open_ledger(store, 'tiny', [Entry(spec, 'f' * 64) for spec in SPECS]):
            (found,) = statuses(tmp_path / 'work')
        assert len(found.processes) == 2
        lines = list(status_lines([found]))
        assert 'running (2 processes)' in lines[0]
        assert sum('last sign of life' in line for line in lines) == 2

    def test_cancelling_stops_a_campaign_and_what_is_over_is_none(
        self, tmp_path: Path, at_work: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(['cancel', '--work-dir', str(tmp_path / 'work'), '--suite', 'other']) == 0
        assert 'nothing is running' in capsys.readouterr().out
        assert main(['cancel', '--work-dir', str(tmp_path / 'work')]) == 0
        assert f'asked to stop: process {at_work.pid} on ' in capsys.readouterr().out
        assert at_work.wait(20) != 0  # interrupted
        assert main(['cancel', '--work-dir', str(tmp_path / 'work')]) == 0
        assert 'nothing is running' in capsys.readouterr().out


class TestRecords:
    def test_cells_end_one_by_one(self, world: Declarations) -> None:
        made = campaign(world)
        seen: list[list[State]] = []

        def answer(job: Job) -> dict[str, Any]:
            (found,) = statuses(made.store.work)
            assert found.is_alive
            seen.append(states(found))
            bad = {'error': 'the loss diverged', 'user_error': True}
            return bad if job.name.endswith('seed0') else OUTCOME

        go(made, FakePool(answer))
        assert seen[0] == [State.WAITING, State.WAITING]
        (found,) = statuses(made.store.work, 'tiny')
        assert states(found) == [State.FAILED, State.DONE]
        assert found.cells[0].detail == 'the loss diverged'
        assert found.counts == {State.DONE: 1, State.FAILED: 1}
        assert any('the loss diverged' in line for line in status_lines([found]))

    def test_a_failure_of_an_earlier_campaign_is_tried_again(self, world: Declarations) -> None:
        made = campaign(world, suite={'seeds': (0,)})
        go(made, FakePool(lambda job: {'error': 'no', 'user_error': True}))
        (record,) = made.store.records('tiny')
        earlier = record.to_json().replace(
            record.provenance['finished'], '2001-01-01T00:00:00+00:00'
        )
        made.store.record_path('tiny', record.spec, record.fingerprint).write_text(earlier)
        (found,) = statuses(made.store.work)
        assert states(found) == [State.INTERRUPTED]

    def test_only_the_newest_campaign_of_a_suite_stays(self, world: Declarations) -> None:
        for _ in range(3):
            go(campaign(world), FakePool())
        made = campaign(world)
        assert len(ledgers(made.store.work)) == 1
        (found,) = statuses(made.store.work)
        assert states(found) == [State.DONE, State.DONE]
        json.dumps(found.to_plain())

    def test_another_suite_is_not_asked_for(self, world: Declarations) -> None:
        go(campaign(world), FakePool())
        assert statuses(campaign(world).store.work, 'other') == []

    def test_a_damaged_file_is_named(self, world: Declarations) -> None:
        go(campaign(world), FakePool())
        work = campaign(world).store.work
        (path,) = work.glob('*/campaigns/*/campaign.json')
        path.write_text('{')
        with pytest.raises(RecordError, match=r'campaign\.json: cannot be read'):
            statuses(work)


class TestLooking:
    def test_a_free_folder_has_no_holder(self, tmp_path: Path) -> None:
        assert holder_since(tmp_path / 'none') is None
        with exclusive(tmp_path):
            assert holder_since(tmp_path) is not None
        assert holder_since(tmp_path) is None

    def test_looking_does_not_take_the_folder_away(self, tmp_path: Path) -> None:
        with exclusive(tmp_path) as lease:
            assert holder_since(tmp_path) is not None
            assert lease.is_mine
