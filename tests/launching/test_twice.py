"""Two runs of one suite at the same time, over the same folders."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main
from benchmark.execution import jobs
from benchmark.execution.locking import exclusive
from benchmark.execution.outcome import Outcome
from benchmark.launching import Job, Reply
from benchmark.launching.campaign import Campaign
from benchmark.planning import Request
from benchmark.results.store import ResultStore
from tests.support.declarations import Declarations

SLOW = 0.6


class Here:
    """Answers every job in this process."""

    workers, device = 1, 'cpu'

    def run(self, asked: Iterable[Job]) -> Iterator[Reply]:
        for job in asked:
            yield Reply(job, jobs.answer(dict(job.request)), datetime.now(UTC))


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return who measured a cell, in order; the first takes long."""
    ran: list[str] = []

    def measure(config: dict[str, Any], folder: Path) -> Outcome:
        ran.append(threading.current_thread().name)
        time.sleep(SLOW if len(ran) == 1 else SLOW / 6)
        cost = {'train_seconds': 0.1, 'test_seconds': 0.1}
        return Outcome({'mIoU': 40.0, 'mAcc': 50.0}, {}, cost, {}, [])

    monkeypatch.setattr(jobs, 'execute_trivial', measure)
    # there are no data to look at
    monkeypatch.setattr('benchmark.launching.campaign.check_all', lambda *_: {})
    return ran


@pytest.fixture
def suite(declare: Declarations) -> Path:
    for name in ('a', 'b', 'c', 'd'):
        declare.task({'root': 'small'}, name=name)
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')
    tasks = tuple(f'{name}.py' for name in ('a', 'b', 'c', 'd'))
    return declare.suite(tasks=tasks, protocols=('trivial',), backbones=())


def campaign(suite: Path, folder: Path, say: Any = lambda line: None) -> Campaign:
    store = ResultStore(folder / 'results', folder / 'work')
    return Campaign(Request.read(str(suite)), store, folder / 'data', say=say)


def test_each_cell_is_run_once(suite: Path, declare: Declarations, trained: list[str]) -> None:
    """The first cell of one run is slow, and the other run has planned before any was done."""
    planned = threading.Barrier(2)
    lines: list[str] = []

    def go() -> None:
        made = campaign(suite, declare.folder, lines.append)
        plan = made.prepare(Here())
        assert len(plan.to_do) == 4
        planned.wait(20)
        made.run(Here(), plan)

    threads = [threading.Thread(target=go, name=name) for name in ('one', 'two')]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(trained) == 4
    made = campaign(suite, declare.folder)
    assert sum(record.is_ok for record in made.store.records('tiny')) == 4
    assert any('done by another process meanwhile' in line for line in lines)
    assert not list(made.store.work.rglob('measured.json'))


def test_a_run_that_leaves_cells_to_others_says_so_by_its_exit_code(
    suite: Path, declare: Declarations, trained: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    made = campaign(suite, declare.folder)
    first = made.prepare(Here()).to_do[0]
    places = ('--results', 'results', '--work-dir', 'work', '--data-root', 'data')
    named = [str(declare.folder / word) if n % 2 else word for n, word in enumerate(places)]
    command = ['run', '--suite', str(suite), '--executor', 'inline', '--device', 'cpu', *named]
    with exclusive(made.store.work_folder('tiny', first.spec, first.fingerprint)):
        assert main(command) == 3
    assert '1 cell is being run by another process' in capsys.readouterr().out
    assert main(command) == 0
    assert len(trained) == 4
