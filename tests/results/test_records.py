from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import RecordError
from benchmark.results.records import RunRecord, Status, from_json
from benchmark.results.upgrades import SCHEMA
from tests.support.record_builders import full_record

PATH = Path('results/runs/quick/x.json')


def edited(**changes: Any) -> str:
    return json.dumps({**json.loads(full_record().to_json()), **changes})


def test_a_record_survives_json_unchanged() -> None:
    assert from_json(full_record().to_json(), PATH) == full_record()


def test_a_failed_record_survives_json_unchanged() -> None:
    record = full_record()
    failed = RunRecord(
        record.suite, record.spec, record.fingerprint, Status.FAILED, 'out of memory'
    )
    loaded = from_json(failed.to_json(), PATH)
    assert loaded == failed
    assert (loaded.is_ok, record.is_ok) == (False, True)


def test_json_names_its_schema_and_keeps_unicode_readable() -> None:
    text = full_record().to_json()
    assert json.loads(text)['schema'] == SCHEMA
    assert 'Körperteile · 部分' in text
    assert text.endswith('}\n')


def test_json_of_equal_records_is_equal() -> None:
    assert full_record().to_json() == replace(full_record(), error='').to_json()


def test_a_number_that_is_not_finite_is_not_written() -> None:
    with pytest.raises(ValueError, match='not JSON compliant'):
        replace(full_record(), scores={'mIoU': float('nan')}).to_json()


@pytest.mark.parametrize('schema', [SCHEMA + 1, 0, None, str(SCHEMA)])
def test_another_schema_is_refused(schema: object) -> None:
    with pytest.raises(RecordError, match=r'x\.json: schema is .*this version reads 1 to 3'):
        from_json(edited(schema=schema), PATH)


@pytest.mark.parametrize('text', ['', '{', '{"schema": 1,', 'NaN NaN'])
def test_text_that_is_not_json_names_the_file_and_the_remedy(text: str) -> None:
    with pytest.raises(RecordError, match=r'x\.json: not JSON .*delete the file'):
        from_json(text, PATH)


@pytest.mark.parametrize('text', ['[]', '3', 'null', '"record"'])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match=r'x\.json: schema is'):
        from_json(text, PATH)


@pytest.mark.parametrize('key', ['suite', 'spec', 'fingerprint', 'status'])
def test_a_missing_field_is_refused(key: str) -> None:
    content = json.loads(full_record().to_json())
    del content[key]
    with pytest.raises(RecordError, match=rf'x\.json: incomplete record .*{key}'):
        from_json(json.dumps(content), PATH)


@pytest.mark.parametrize(
    'changes',
    [
        {'status': 'done'},
        {'spec': {'task': 'parts'}},
        {'spec': {**json.loads(full_record().to_json())['spec'], 'extra': 1}},
        {'spec': 'parts'},
        {'cost': {'train_seconds': 'long'}},
        {'cost': {'peak_memory_mb': [1]}},
    ],
)
def test_a_field_of_the_wrong_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match=r'x\.json: incomplete record'):
        from_json(edited(**changes), PATH)


def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(RecordError, match=r"unknown keys \['colour'\].*'status'"):
        from_json(edited(colour='red'), PATH)


def test_a_file_name_that_is_no_text_makes_no_record_unreadable() -> None:
    broken = replace(full_record(), status=Status.FAILED, error='cannot read caf\udce9.jpg')
    assert from_json(broken.to_json(), PATH).error == 'cannot read caf?.jpg'
    # as records were written before
    older = json.dumps({**json.loads(broken.to_json()), 'error': broken.error})
    assert '\\udce9' in older
    assert from_json(older, PATH).error == 'cannot read caf?.jpg'


@pytest.mark.parametrize(
    ('cost', 'features', 'expected'),
    [
        ({'train_seconds': 30.0, 'resumed_at': 0}, {}, 30.0),
        ({'train_seconds': 30.0, 'search_seconds': 90.0}, {}, 120.0),
        ({'train_seconds': 3.0, 'resumed_at': 100}, {}, None),
        ({'train_seconds': 3.0, 'search_seconds': None}, {}, None),
        ({'train_seconds': 3.0}, {'train': 'read from the cache'}, None),
        ({'train_seconds': 3.0}, {'train': 'written to the cache'}, 3.0),
        ({}, {}, None),
    ],
)
def test_only_a_whole_training_has_a_time(
    cost: dict[str, Any], features: dict[str, str], expected: float | None
) -> None:
    item = replace(full_record(), cost=cost, proof={'features': features})
    assert item.training_seconds == expected
