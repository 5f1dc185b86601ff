"""Mutated copies of data give the score of the whole copy or are refused by name; a small sample.

`tools/fuzz_data.py` runs many more, and cells of two iterations.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fuzzing import FAULTS, SOURCES, Source

SEEDS = range(4)
# each of them has been a fault
FOUND = {'voc2007': (19,), 'coco-detection': (22,)}


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize('name', [name for name in SOURCES if name != 'lvis'])
def test_a_mutated_copy_is_the_same_or_refused_by_name(name: str, tmp_path: Path) -> None:
    source = Source(name, tmp_path)
    cases = [source.case(seed) for seed in (*SEEDS, *FOUND.get(name, ()))]
    assert [case for case in cases if case.result in FAULTS] == []
    assert len({case.kind for case in cases}) > 1
