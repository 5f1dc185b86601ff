"""What a campaign takes for done: data by content, records of older releases, numbers by part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.compiling import identity, names_and_sizes
from benchmark.launching.survey import survey
from benchmark.planning.contents import Level
from benchmark.results.records import RunRecord
from benchmark.results.store import read_record
from benchmark.results.upgrades import NAMES_AND_SIZES
from tests.support.declarations import Declarations

from .test_campaign import FakePool, campaign, go, records, world

__all__ = ['world']


def labels(world: Declarations) -> Path:
    return world.folder / 'data' / 'small' / 'train.txt'


def as_written_before(record: RunRecord, path: Path, data: Path) -> Path:
    """Put in the place of a record the same one as schema 2 wrote it, and return its file."""
    content = json.loads(record.to_json())
    said = content['provenance']
    for key in ('numerics', 'data_level', 'release'):
        del said[key]
    said['libraries'] = {'benchmark': '0.1.0', **said['libraries']}
    said['data_manifest'] = names_and_sizes(data)
    content |= {'schema': 2, 'fingerprint': '9' * 64}
    old = path.with_name(f'{record.spec.id}--{"9" * 10}.json')
    path.unlink()
    old.write_text(json.dumps(content))
    return old


@pytest.fixture
def before(world: Declarations, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the files of two records as schema 2 wrote them, before any number was raised."""
    for part in identity.NUMERICS:
        monkeypatch.setitem(identity.NUMERICS, part, 1)  # type: ignore[arg-type]
    made = campaign(world)
    go(made, FakePool())
    return [
        as_written_before(r, made.store.places(r)[0], world.folder / 'data/small')
        for r in records(made)
    ]


class TestData:
    def test_corrected_labels_of_the_same_size_are_another_run(self, world: Declarations) -> None:
        first, _ = go(campaign(world), FakePool())
        labels(world).write_text('y')
        second, _ = go(campaign(world), FakePool())
        assert (len(second.done), len(second.to_do)) == (0, 2)
        labels(world).write_text('x')
        again = campaign(world).prepare(FakePool())
        assert [c.fingerprint for c in again.done] == [c.fingerprint for c in first.to_do]

    def test_features_kept_for_other_labels_are_not_found(self, world: Declarations) -> None:
        keys = []
        for content in ('x', 'y', 'x'):
            labels(world).write_text(content)
            pool = FakePool()
            made = campaign(world, suite={'protocols': ('knn',), 'seeds': (len(keys),)})
            go(made, pool)
            (job,) = (job for job in pool.asked if job.request['job'] == 'probe')
            keys.append(job.request['cache']['key'])
        assert keys[0] == keys[2] != keys[1]

    def test_the_record_says_how_much_of_the_data_was_read(self, world: Declarations) -> None:
        marks = set()
        for level in Level:
            plan, (one, _) = go(campaign(world, level=level), FakePool())
            assert one.provenance['data_level'] == level.value
            marks.add(plan.to_do[0].fingerprint)
        assert len(marks) == 2

    def test_a_plan_leaves_data_unread_that_are_too_large(
        self, world: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go(campaign(world), FakePool())
        (world.folder / 'data/small/1.png').write_bytes(b'12345')
        monkeypatch.setattr('benchmark.launching.survey._MOST_READ', 4)
        found = survey(campaign(world), FakePool(), 'cpu')  # type: ignore[arg-type]
        assert (len(found.plan.to_do), found.unread) == (2, {'small': 5})
        assert found.to_plain()['unread_bytes'] == {'small': 5}


class TestRecordsOfAnOlderRelease:
    def test_they_count(self, world: Declarations, before: list[Path]) -> None:
        found = survey(campaign(world), FakePool(), 'cpu')  # type: ignore[arg-type]
        assert (len(found.plan.done), len(found.plan.to_do)) == (2, 0)
        assert all(path.exists() for path in before)  # a plan changes nothing

    def test_a_run_moves_them_to_their_place_and_knows_their_data_by_content(
        self, world: Declarations, before: list[Path]
    ) -> None:
        made = campaign(world)
        work = made.store.work_folder('tiny', read_record(before[0]).spec, '9' * 64)
        work.mkdir(parents=True)
        (work / 'a.png').write_bytes(b'picture')
        plan, _ = go(made, FakePool())
        assert (len(plan.done), len(plan.to_do)) == (2, 0)
        assert not any(path.exists() for path in before)
        for record, cell in zip(records(made), plan.done, strict=True):
            said: Any = record.provenance
            assert record.fingerprint == cell.fingerprint
            assert (said['data_manifest'], said['data_level']) == (cell.manifest, 'contents')
            assert said['earlier']['fingerprint'] == '9' * 64
            assert said['earlier']['data_manifest'] == names_and_sizes(world.folder / 'data/small')
        moved = made.store.work_folder('tiny', plan.done[0].spec, plan.done[0].fingerprint)
        assert (moved / 'a.png').read_bytes() == b'picture'
        assert not work.exists()

    def test_once_moved_they_do_not_count_for_corrected_labels(
        self, world: Declarations, before: list[Path]
    ) -> None:
        go(campaign(world), FakePool())
        labels(world).write_text('y')
        assert len(campaign(world).prepare(FakePool()).to_do) == len(before)

    def test_other_sizes_are_other_data(self, world: Declarations, before: list[Path]) -> None:
        labels(world).write_text('longer')
        assert len(campaign(world).prepare(FakePool()).to_do) == len(before)

    def test_a_raised_number_ends_their_use(
        self, world: Declarations, before: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert read_record(before[0]).provenance['data_level'] == NAMES_AND_SIZES
        monkeypatch.setitem(identity.NUMERICS, 'training', 2)  # type: ignore[arg-type]
        assert len(campaign(world).prepare(FakePool()).to_do) == len(before)

    def test_another_suite_takes_them_over(self, world: Declarations, before: list[Path]) -> None:
        made = campaign(world, suite={'name': 'other', 'reuses': ('tiny',)})
        plan, _ = go(made, FakePool())
        assert len(plan.done) == len(before)
        assert len(list(made.store.records('other'))) == 2


def test_a_new_release_finds_its_records_done(
    world: Declarations, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (one, _) = go(campaign(world), FakePool())
    monkeypatch.setattr('benchmark.__version__', '9.9.9')
    monkeypatch.setattr('benchmark.launching.campaign.__version__', '9.9.9')
    plan = campaign(world).prepare(FakePool())
    assert len(plan.done) == 2
    assert one.provenance['release'] != '9.9.9'
    assert one.provenance['numerics'] == {
        'reading': 1,
        'networks': 1,
        'training': identity.NUMERICS['training'],
        'kind segmentation': 1,
        'protocol finetune': 1,
        'source timm': 1,
    }
