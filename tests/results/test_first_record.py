"""Of several records of one run the first good one stays."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import RecordError
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec


def record(status: Status, note: str = '') -> RunRecord:
    return RunRecord(
        suite='tiny',
        spec=RunSpec('t', 'b', 'finetune', 0),
        fingerprint='f' * 64,
        status=status,
        primary='mIoU',
        task={},
        protocol={},
        backbone={},
        provenance={'finished': '2030-01-01T00:00:00+00:00', 'note': note},
        config={},
        scores={'mIoU': 1.0} if status is Status.OK else {},
        error='' if status is Status.OK else 'it failed',
    )


GOOD, OTHER = record(Status.OK), record(Status.OK, 'later')
BAD, WORSE = record(Status.FAILED), record(Status.FAILED, 'later')


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / 'results', tmp_path / 'work')


@pytest.mark.parametrize(
    ('first', 'second', 'stays'),
    [(GOOD, OTHER, GOOD), (GOOD, BAD, GOOD), (BAD, GOOD, GOOD), (BAD, WORSE, WORSE)],
)
def test_which_of_two_stays(
    store: ResultStore, first: RunRecord, second: RunRecord, stays: RunRecord
) -> None:
    assert store.save_once(first)
    assert store.save_once(second) is (stays is second)
    (path,) = (store.results / 'runs').rglob('*.json')
    assert path.read_text() == stays.to_json()
    assert len(list(path.parent.iterdir())) == 1  # nothing half written


def test_of_many_writers_at_once_one_good_record_stays(store: ResultStore) -> None:
    store.save_once(BAD)
    made = [replace(GOOD, provenance={**GOOD.provenance, 'note': str(n)}) for n in range(8)]
    start = threading.Barrier(9)

    def go(mine: RunRecord) -> None:
        start.wait()
        store.save_once(mine)

    threads = [threading.Thread(target=go, args=(mine,)) for mine in (*made, WORSE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (found,) = store.records('tiny')
    assert found.is_ok


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / 'results').write_text('a file')
    with pytest.raises(RecordError, match='cannot be written'):
        ResultStore(tmp_path / 'results', tmp_path).save_once(GOOD)
