from __future__ import annotations

from pathlib import Path

from benchmark.protocols import SOURCES
from benchmark.protocols.document import document, show

DOCS = Path(__file__).parent.parent.parent / 'docs'


def test_the_committed_document_is_made_of_the_declarations() -> None:
    text = (DOCS / 'recipes.md').read_text(encoding='utf-8')
    assert text == document(), 'python tools/recipes.py > docs/recipes.md'


def test_every_number_shows_its_mark_and_every_difference_its_reason() -> None:
    tables = [line.split(' | ') for line in document().splitlines() if line.startswith('| ')]
    numbers = [row for row in tables if len(row) == 5 and row[2] in ('stated', 'adapted', 'ours')]
    assert len(numbers) > 200
    for name, _, mark, source, reason in numbers:
        assert (mark == 'ours') == (source.strip() == ''), name
        assert (mark == 'stated') == (reason.strip(' |') == ''), name
        assert mark == 'ours' or source.split('`')[1] in SOURCES


def test_values_are_short() -> None:
    assert show(163_889 / 184_375) == '0.8889'
    assert show((480, 480)) == '480 x 480'
    assert show((2 / 3, 8 / 9)) == '0.6667, 0.8889'
    assert (show(None), show(184_375), show(5.0)) == ('none', '184375', '5')
