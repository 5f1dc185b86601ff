"""Error messages in the page on troubleshooting are those of the code."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.documents import ROOT

HEADINGS = re.findall(
    r'^### `([^`]+)`$', (ROOT / 'docs/troubleshooting.md').read_text(), re.MULTILINE
)


@pytest.fixture(scope='module')
def messages() -> str:
    """Return every text of the code, a line each, what is filled in as an ellipsis."""
    files = [*sorted((ROOT / 'benchmark').rglob('*.py')), *(ROOT / 'transferbench').glob('*.py')]
    return '\n'.join(text for file in files for text in _texts(ast.parse(file.read_text())))


def _texts(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else '…' for part in node.values
            ]
            found.append(''.join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


@pytest.mark.parametrize('heading', HEADINGS)
def test_a_message_occurs_in_the_code(heading: str, messages: str) -> None:
    assert heading in messages


def test_there_are_messages() -> None:
    assert len(HEADINGS) > 25
