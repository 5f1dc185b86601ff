from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import RecordError
from benchmark.results import index
from benchmark.results.briefs import Brief, brief
from benchmark.results.index import read_briefs
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec
from tests.support.record_builders import full_record

LONG_AGO = 1_000_000_000


@pytest.fixture(autouse=True)
def always_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, 'WORTHWHILE', 1)


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / 'results', tmp_path / 'work')


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are read, growing."""
    names: list[str] = []
    read = index.read_record

    def counted(path: Path) -> RunRecord:
        names.append(path.name)
        return read(path)

    monkeypatch.setattr(index, 'read_record', counted)
    return names


def save(store: ResultStore, *records: RunRecord, at: int = LONG_AGO) -> list[Path]:
    paths = [store.save(record) for record in records]
    for path in paths:
        os.utime(path, (at, at))
    return paths


def varied() -> list[RunRecord]:
    """Return records that differ in every field of a brief, with every kind of number."""
    base = full_record()
    return [
        base,
        full_record(RunSpec('parts', 'vit-s-mae', 'finetune', 1)),
        replace(full_record(RunSpec('teile', 'b', 'frozen', 0)), scores={'mIoU': 12}, raw={}),
        replace(
            full_record(RunSpec('parts', 'c', 'trivial', 3), fingerprint='e' * 64),
            status=Status.FAILED,
            error='zwei\nZeilen “”',
            scores={},
            task={},
            cost={'train_seconds': None, 'peak_memory_mb': 3},
            provenance={'options': ['a=b'], 'weights': 'w', 'libraries': {'torch': '2'}},
        ),
    ]


def by_path(found: list[Brief]) -> list[Brief]:
    return sorted(found, key=lambda item: item.path)


def expected(store: ResultStore, records: list[RunRecord]) -> list[Brief]:
    folder = store.runs_folder('quick')
    made = [
        brief(r, str(store.record_path('quick', r.spec, r.fingerprint).relative_to(folder)))
        for r in records
    ]
    return by_path(made)


def test_what_is_remembered_equals_what_was_read(store: ResultStore, opened: list[str]) -> None:
    save(store, *varied())
    first = read_briefs(store, 'quick')
    assert sorted(opened) == sorted(Path(item.path).name for item in first)
    second = read_briefs(store, 'quick')
    assert len(opened) == len(first)
    # the texts tell whole numbers from broken ones, and nan from nan
    assert list(map(repr, by_path(second))) == list(map(repr, by_path(first)))
    assert list(map(repr, by_path(first))) == list(map(repr, expected(store, varied())))


def test_only_what_changed_is_read_again(store: ResultStore, opened: list[str]) -> None:
    paths = save(store, *varied())
    read_briefs(store, 'quick')
    opened.clear()
    (changed,) = save(store, replace(varied()[0], primary='aAcc'), at=LONG_AGO + 1)
    (added,) = save(store, full_record(RunSpec('new', 'b', 'p', 0)))
    paths[1].unlink()
    found = {item.path: item for item in read_briefs(store, 'quick')}
    assert sorted(opened) == sorted([changed.name, added.name])
    assert len(found) == len(paths)
    assert found[str(changed.relative_to(store.runs_folder('quick')))].primary == 'aAcc'
    read_briefs(store, 'quick')
    assert len(opened) == 2


def test_an_edit_that_keeps_the_size_is_seen(store: ResultStore) -> None:
    (path,) = save(store, full_record())
    read_briefs(store, 'quick')
    path.write_text(path.read_text().replace('46.3', '64.3'))
    (found,) = read_briefs(store, 'quick')
    assert found.scores['mIoU'] == 64.3


def test_a_file_is_not_remembered_so_soon_that_its_time_could_hide_a_change(
    store: ResultStore, opened: list[str]
) -> None:
    store.save(full_record())
    for _ in range(2):
        read_briefs(store, 'quick')
    assert len(opened) == 2


@pytest.mark.parametrize('damage', ['cut', 'flipped', 'old', 'empty', 'folder'])
def test_an_index_that_is_not_whole_is_made_anew(
    store: ResultStore, opened: list[str], damage: str
) -> None:
    save(store, *varied())
    first = read_briefs(store, 'quick')
    path = store.index_path('quick')
    whole = path.read_bytes()
    if damage == 'folder':
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {
                'cut': whole[:-9],
                'flipped': whole.replace(b'46.3', b'64.3'),
                'old': whole.replace(b'briefs', b'letters', 1),
                'empty': b'',
            }[damage]
        )
    opened.clear()
    assert list(map(repr, read_briefs(store, 'quick'))) == list(map(repr, first))
    assert len(opened) == len(first)
    assert damage == 'folder' or path.read_bytes() == whole


def test_without_a_place_to_remember_all_is_read(store: ResultStore, opened: list[str]) -> None:
    save(store, full_record())
    store.work.write_text('a file where the work folder should be')
    for _ in range(2):
        assert len(read_briefs(store, 'quick')) == 1
    assert len(opened) == 2


def test_a_damaged_record_is_named_however_often(store: ResultStore) -> None:
    _, path = save(store, full_record(), full_record(RunSpec('new', 'b', 'p', 0)))
    read_briefs(store, 'quick')
    path.write_text('{"schema": 1')
    for _ in range(2):
        with pytest.raises(RecordError, match=path.name):
            read_briefs(store, 'quick')


def test_a_link_to_nowhere_hides_no_record(store: ResultStore) -> None:
    (path,) = save(store, full_record())
    (path.parent / 'gone.json').symlink_to(path.parent / 'nothing')
    with pytest.raises(RecordError, match='cannot be read'):
        read_briefs(store, 'quick')


def test_a_small_suite_leaves_no_index(store: ResultStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, 'WORTHWHILE', 2)
    save(store, full_record())
    assert len(read_briefs(store, 'quick')) == 1
    assert not store.work.exists()
    assert read_briefs(store, 'nothing') == []


def test_two_results_folders_share_a_work_folder(tmp_path: Path) -> None:
    one, two = (ResultStore(tmp_path / name, tmp_path / 'work') for name in ('one', 'two'))
    save(one, full_record())
    save(two, replace(full_record(), primary='aAcc'))
    for _ in range(2):
        assert [item.primary for item in read_briefs(one, 'quick')] == ['mIoU']
        assert [item.primary for item in read_briefs(two, 'quick')] == ['aAcc']


def test_the_make_is_all_but_the_seed() -> None:
    base = full_record()
    other = replace(base, config={**base.config, 'randomness': {'seed': 7}}, error='x')
    assert brief(other).make == brief(base).make
    for change in (
        {'config': {**base.config, 'lr': 1}},
        {'provenance': {'weights': 'w'}},
        {'provenance': {'libraries': {'torch': '2'}}},
        {'provenance': {'data_manifest': 'm'}},
    ):
        assert brief(replace(base, **change)).make != brief(base).make
    assert json.loads(json.dumps(brief(base).make))
