"""Content of records that is JSON, and yet not what reports take for granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import RecordError
from benchmark.results.forms import FACTS, parse_json
from benchmark.results.records import from_json
from tests.support.record_builders import full_record

DEEP = '[' * 100_000 + ']' * 100_000


def changed(place: str, value: object) -> str:
    content = json.loads(full_record().to_json())
    *parents, last = place.split('.')
    target: Any = content
    for step in parents:
        target = target.setdefault(step, {})
    target[last] = value
    return json.dumps(content)


@pytest.mark.parametrize('place', FACTS)
@pytest.mark.parametrize('value', [1j, False, ['nan'], [[1]], 'x'], ids=str)
def test_a_fact_of_another_form_is_named_or_right(place: str, value: object) -> None:
    _, check = FACTS[place]
    if value == 1j:
        value = 1.0
    text = changed(place, value)
    if check(value):
        from_json(text, Path('a.json'))
        return
    with pytest.raises(RecordError, match=f"a.json: .*'{place}' must be") as caught:
        from_json(text, Path('a.json'))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('mark', ['a/b/c', '../x', '.hidden', 'a\\b', '/etc/passwd'])
def test_a_fingerprint_cannot_lead_out_of_the_store(mark: str) -> None:
    with pytest.raises(RecordError, match='points outside the store'):
        from_json(changed('fingerprint', mark), Path('a.json'))


def test_an_old_record_with_facts_of_another_form_is_refused_as_well() -> None:
    content = json.loads(changed('provenance.libraries', 1.0))
    content['schema'] = 2
    with pytest.raises(RecordError, match=r'provenance\.libraries'):
        from_json(json.dumps(content), Path('a.json'))


@pytest.mark.parametrize('text', [DEEP, f'{{"schema": {DEEP}}}'])
def test_depth_without_end_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match='nested too deep'):
        parse_json(text)
    with pytest.raises(RecordError) as caught:
        from_json(text, Path('a.json'))
    assert len(str(caught.value)) < 500


def test_half_a_letter_becomes_a_question_mark() -> None:
    assert parse_json('{"a": "x\\ud800y"}') == {'a': 'x?y'}
    assert parse_json('{"a": "\\ud83d\\ude00"}') == {'a': '\U0001f600'}
