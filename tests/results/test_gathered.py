"""Many records in their order, without holding them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import RecordError
from benchmark.results import gathered
from benchmark.results.gathered import Kept, Records, records_of
from benchmark.results.records import Status
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec
from tests.support.record_builders import full_record


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    store = ResultStore(tmp_path / 'results', tmp_path / 'work')
    for seed in range(5):
        record = full_record(RunSpec('parts', 'vit', 'finetune', seed), fingerprint=f'{seed:064x}')
        store.save(replace(record, status=Status.FAILED, error='no') if seed == 2 else record)
    return store


def test_records_in_files_equal_those_in_memory(
    store: ResultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = records_of(store, 'quick')
    monkeypatch.setattr(gathered, 'MOST_HELD', 3)
    kept = records_of(store, 'quick')
    assert not any(isinstance(entry, Kept) for entry in held.entries)
    assert all(isinstance(entry, Kept) for entry in kept.entries)
    assert kept == held == tuple(store.records('quick'))
    assert [record.to_json() for record in kept] == [record.to_json() for record in held]
    assert (kept[1], kept[-1], len(kept[1:3])) == (held[1], held[4], 2)
    assert [record.spec.seed for record in kept.failed] == [2]
    assert kept.specs == held.specs


def test_no_file_is_read_to_count_records_or_to_find_failed_ones(store: ResultStore) -> None:
    entries = [Kept(RunSpec('t', 'b', 'p', n), store.results / 'none.json', n > 0) for n in (0, 1)]
    records = Records(entries)
    assert (len(records), len(records.failed), records.specs[1].seed) == (2, 1, 1)
    with pytest.raises(RecordError, match='cannot be read'):
        records[0]
