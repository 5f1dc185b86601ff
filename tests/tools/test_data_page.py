from __future__ import annotations

from benchmark.acquiring.declared import distributions
from tests.support.tool_loading import load_tool

page = load_tool('data_page')


def test_the_table_of_data_sets_is_that_of_the_declarations() -> None:
    text = page.PAGE.read_text()
    assert page.with_table(text) == text
    assert text.count('\n| [`') == len(distributions())


def test_a_changed_row_is_noticed() -> None:
    text = page.PAGE.read_text()
    assert page.with_table(text.replace('CC BY 4.0', 'public domain')) == text
