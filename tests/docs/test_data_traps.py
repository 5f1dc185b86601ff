"""The table of tests in `docs/data-traps.md` names tests that are there, enough for each fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs' / 'data-traps.md').read_text(encoding='utf-8')
SECTION = PAGE.partition('## Where it is tested')[2].partition('\n## ')[0]
ROWS = dict(re.findall(r'^\| \*\*([A-I])\*\* .*? \|(.*)\|$', SECTION, re.MULTILINE))


def test_every_kind_of_fault_has_a_row() -> None:
    assert sorted(ROWS) == list('ABCDEFGHI')


@pytest.mark.parametrize('fault', ROWS)
def test_each_has_two_tests_that_exist(fault: str) -> None:
    named = re.findall(r'`(tests/\S+\.py)::(\w+)`', ROWS[fault])
    assert len(named) >= 2
    for file, name in named:
        assert f'def {name}(' in (ROOT / file).read_text(encoding='utf-8'), f'{file}::{name}'
