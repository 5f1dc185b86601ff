"""What the documents for people hold: fenced blocks, code spans and headings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {'recipes.md', 'study.md', 'backbones.md'}
"""Pages that tools write."""

_FENCE = re.compile(
    r'^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$',
    re.DOTALL | re.MULTILINE,
)
_TITLE = re.compile(r'title="([^"]+)"')
_SPAN = re.compile(r'`([^`\n]+(?:\n[^`\n]+)?)`')


class Block(NamedTuple):
    """A fenced block: where it stands, its language, its title if it has one, and its text."""

    place: str
    language: str
    title: str
    text: str


def documents() -> list[Path]:
    """Return the documents that people write, sorted."""
    pages = [page for page in ROOT.glob('docs/**/*.md') if page.name not in GENERATED]
    return sorted([*pages, *(ROOT / name for name in ('README.md', 'CONTRIBUTING.md'))])


def blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks in one of ``languages``; '' is that of a fence without one."""
    return [block for page in documents() for block in _blocks(page) if block.language in languages]


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding='utf-8')
    for found in _FENCE.finditer(text):
        language, _, rest = found['info'].strip(' {.}').partition(' ')
        title = _TITLE.search(rest)
        line = text.count('\n', 0, found.start()) + 1
        yield Block(
            f'{page.relative_to(ROOT)}:{line}',
            language,
            title[1] if title else '',
            textwrap.dedent(found['text']),
        )


def spans(page: Path) -> list[str]:
    """Return the code spans of a page outside of fenced blocks, each on one line."""
    text = _FENCE.sub('', page.read_text(encoding='utf-8'))
    return [' '.join(span.split()) for span in _SPAN.findall(text)]
