"""Records of every older version are read as those of today; the files stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.errors import RecordError
from benchmark.results.records import from_json
from benchmark.results.store import ResultStore, read_record
from benchmark.results.upgrades import SCHEMA, UPGRADES, upgraded

GOLDEN = Path(__file__).parent / 'golden'
TREES = sorted(GOLDEN.glob('schema*'))


def test_there_is_a_golden_tree_of_every_older_version() -> None:
    assert [tree.name for tree in TREES] == [f'schema{version}' for version in range(1, SCHEMA)]
    assert sorted(UPGRADES) == list(range(1, SCHEMA))


@pytest.mark.parametrize('tree', TREES, ids=lambda tree: tree.name)
def test_an_old_tree_is_read_where_it_lies(tree: Path, tmp_path: Path) -> None:
    store = ResultStore(tree, tmp_path)
    records = list(store.records('real-mini'))
    assert len(records) == 4
    for record in records:
        assert store.find(record.suite, record.spec, record.fingerprint) == record
        assert from_json(record.to_json(), tmp_path) == record
        assert json.loads(record.to_json())['schema'] == SCHEMA


def test_version_1_keeps_all_it_said_and_lacks_the_processor() -> None:
    folder = GOLDEN / 'schema1' / 'runs' / 'real-mini' / 'elpv2'
    path = folder / 'elpv2--dinov2-vits14--frozen--seed0--d28bc6d338.json'
    record = read_record(path)
    assert record.scores == {'accuracy': 77.5, 'mean_class_accuracy': 77.5}
    assert record.cost == {
        'train_seconds': 252.57,
        'test_seconds': 8.64,
        'peak_memory_mb': 1190,
        'device': 'cpu',
        'iterations': 150,
        'resumed_at': 0,
        'processor': None,
    }
    old = json.loads(path.read_text())
    new = json.loads(record.to_json())
    assert {k for k in new if new[k] != old.get(k)} == {'schema', 'cost'}


def test_a_failed_record_has_no_cost_to_complete() -> None:
    folder = GOLDEN / 'schema1' / 'runs' / 'real-mini' / 'elpv2'
    record = read_record(folder / 'elpv2--dinov2-vits14--frozen--seed1--ffffffffff.json')
    assert not record.is_ok
    assert record.cost == {}


@pytest.mark.parametrize('schema', [0, SCHEMA + 1, True, 1.0, '1', None])
def test_what_is_not_known_is_refused_with_what_is(schema: object) -> None:
    with pytest.raises(RecordError, match=rf'x: schema is .*reads 1 to {SCHEMA}'):
        upgraded({'schema': schema}, Path('x'))


def test_the_content_that_was_read_is_not_changed() -> None:
    content = {'schema': 1, 'cost': {'device': 'cpu'}}
    assert upgraded(content, Path('x'))['cost'] == {'device': 'cpu', 'processor': None}
    assert content == {'schema': 1, 'cost': {'device': 'cpu'}}
