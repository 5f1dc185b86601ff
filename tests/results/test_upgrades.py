"""Records of every older version are read as those of today; the files stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.errors import RecordError
from benchmark.results.identity import recorded_fingerprint
from benchmark.results.records import from_json
from benchmark.results.store import ResultStore, read_record
from benchmark.results.upgrades import NAMES_AND_SIZES, SCHEMA, UPGRADES, upgrade

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
    files = store.earlier('real-mini')
    for record in records:
        path = files[record.spec, record.fingerprint]
        assert read_record(path) == record
        assert path in store.places(record)
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
    changed = {'schema', 'cost', 'fingerprint', 'provenance'}
    assert {k for k in new if new[k] != old.get(k)} == changed


def test_version_2_had_the_release_in_its_fingerprint_and_data_known_by_names() -> None:
    (path,) = (GOLDEN / 'schema2/runs/real-mini/bccd').glob('*.json')
    old, record = json.loads(path.read_text()), read_record(path)
    said = record.provenance
    libraries = dict(old['provenance']['libraries'])
    assert said['release'] == libraries.pop('benchmark') == '0.1.0'
    assert said['libraries'] == libraries
    assert said['numerics'] == {
        'reading': 1,
        'trivial': 1,
        'kind detection': 1,
        'protocol trivial': 1,
    }
    assert said['data_level'] == NAMES_AND_SIZES
    assert said['data_manifest'] == old['provenance']['data_manifest']
    assert record.earlier_fingerprint == old['fingerprint'] != record.fingerprint
    assert record.fingerprint == recorded_fingerprint(record.config, record.task, said)
    assert record.scores == old['scores']


def test_two_releases_of_one_experiment_have_one_fingerprint(tmp_path: Path) -> None:
    (path,) = (GOLDEN / 'schema2/runs/real-mini/bccd').glob('*.json')
    old = json.loads(path.read_text())
    marks = set()
    for release in ('0.1.0', '0.9.0'):
        old['provenance']['libraries']['benchmark'] = release
        marks.add(from_json(json.dumps(old), tmp_path).fingerprint)
    assert len(marks) == 1


@pytest.mark.parametrize('key', ['config', 'provenance', 'task'])
def test_a_record_that_lacks_an_ingredient_is_read_all_the_same(key: str) -> None:
    (path,) = (GOLDEN / 'schema2/runs/real-mini/bccd').glob('*.json')
    content = {**json.loads(path.read_text()), key: {}}
    assert from_json(json.dumps(content), path).scores


def test_a_failed_record_has_no_cost_to_complete() -> None:
    folder = GOLDEN / 'schema1' / 'runs' / 'real-mini' / 'elpv2'
    record = read_record(folder / 'elpv2--dinov2-vits14--frozen--seed1--ffffffffff.json')
    assert not record.is_ok
    assert record.cost == {}


@pytest.mark.parametrize('schema', [0, SCHEMA + 1, True, 1.0, '1', None])
def test_what_is_not_known_is_refused_with_what_is(schema: object) -> None:
    with pytest.raises(RecordError, match=rf'x: schema is .*reads 1 to {SCHEMA}'):
        upgrade({'schema': schema}, Path('x'))


def test_the_content_that_was_read_is_not_changed() -> None:
    content = {'schema': 1, 'cost': {'device': 'cpu'}}
    assert upgrade(content, Path('x'))['cost'] == {'device': 'cpu', 'processor': None}
    assert content == {'schema': 1, 'cost': {'device': 'cpu'}}
