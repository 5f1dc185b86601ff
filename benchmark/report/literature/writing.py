"""The literature's leaderboard as files: Markdown, CSV and one page that needs nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape as escape_html
from importlib import resources
from pathlib import Path

from benchmark.catalog import find_task
from benchmark.errors import unknown_name
from benchmark.hashing import slug
from benchmark.report.data.boards import Board
from benchmark.report.formats.markdown import escape
from benchmark.report.literature.layout import Block, Grid, blocks
from benchmark.report.literature.reading import (
    Published,
    for_tasks,
    published_folder,
    read_published,
)
from benchmark.results.store import write_atomically
from benchmark.specs import Suite


def write_literature(
    results: Path,
    suite: Suite,
    *,
    out: Path,
    formats: tuple[str, ...],
    boards: Sequence[Board] = (),
) -> list[Path]:
    """Write what is published on a suite's tasks and return the files' paths.

    With ``boards`` the suite's own rows are added, in separate tables.

    Args:
        results: the results folder.
        suite: the suite whose tasks are looked up.
        out: folder to write to.
        formats: names of file formats.
        boards: the suite's own leaderboards, if they are to be shown too.

    Raises:
        BenchmarkError: a format is unknown, a published number breaks a rule, or a file
            cannot be written.
    """
    for name in formats:
        if name not in _FORMATS:
            raise unknown_name('report format', name, _FORMATS)
    rows = read_published(published_folder(results))
    tasks = _tasks(suite)
    content = blocks(suite.name, tasks, rows, boards)
    stem = f'{slug(suite.name)}.{"with-published" if boards else "published"}'
    paths = []
    for name in dict.fromkeys(formats):
        paths.append(out / f'{stem}.{name}')
        write_atomically(paths[-1], _FORMATS[name](content, for_tasks(rows, tasks)))
    return paths


def _tasks(suite: Suite) -> list[str]:
    """Return the names of the suite's tasks; a file is read for its name."""
    folder = suite.path.parent
    return [
        find_task(entry, relative_to=folder).name if entry.endswith('.py') else entry
        for entry in suite.tasks
    ]


def markdown(content: Iterable[Block]) -> str:
    """Return the blocks as Markdown."""
    parts: list[str] = []
    for block in content:
        parts.append(f'{"#" * block.level} {escape(block.title)}')
        parts += [escape(paragraph) for paragraph in block.paragraphs]
        if block.grid:
            parts.append('\n'.join(_markdown_grid(block.grid)))
    return '\n\n'.join(parts) + '\n'


def _markdown_grid(grid: Grid) -> Iterator[str]:
    yield _markdown_line(map(escape, grid.columns))
    yield _markdown_line(['---'] * len(grid.columns))
    for index, row in enumerate(grid.rows):
        cells = (
            f'**{escape(cell)}**' if (index, place) in grid.strong else escape(cell)
            for place, cell in enumerate(row)
        )
        yield _markdown_line(cells)


def _markdown_line(cells: Iterable[str]) -> str:
    return f'| {" | ".join(cells)} |'


def page(content: Sequence[Block]) -> str:
    """Return the blocks as one page."""
    style = (
        resources.files('benchmark.report.literature')
        .joinpath('page.css')
        .read_text(encoding='utf-8')
    )
    body = '\n'.join(_html_blocks(content))
    title = escape_html(content[0].title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n'
        f'{body}\n</main>\n</body>\n</html>\n'
    )


def _html_blocks(content: Sequence[Block]) -> Iterator[str]:
    """Yield the page's body: the first block, a table of contents, the other blocks."""
    part = ''
    for index, block in enumerate(content):
        part = block.title if block.level <= _PART else part
        yield f'<h{block.level} id="part-{index}">{escape_html(block.title)}</h{block.level}>'
        yield from (f'<p>{escape_html(paragraph)}</p>' for paragraph in block.paragraphs)
        if block.grid:
            name = block.title if block.level <= _PART else f'{part}: {block.title}'
            yield from _html_grid(block.grid, name)
        if index == 0:
            yield from _html_contents(content)


_PART = 2
"""The level of the headings that the table of contents lists."""


def _html_contents(content: Sequence[Block]) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    for index, block in enumerate(content):
        if block.level == _PART:
            yield f'<li><a href="#part-{index}">{escape_html(block.title)}</a></li>'
    yield '</ul></nav>'


def _html_grid(grid: Grid, name: str) -> Iterator[str]:
    shown = len(grid.columns) - grid.details
    label = escape_html(name)
    yield f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>'
    heads = ''.join(f'<th scope="col">{escape_html(text)}</th>' for text in grid.columns[:shown])
    yield f'<thead><tr>{heads}</tr></thead>'
    yield '<tbody>'
    for index, row in enumerate(grid.rows):
        strong = {place for line, place in grid.strong if line == index}
        details = _html_details(grid.columns[shown:], row[shown:])
        opening = '<tr class="told">' if details else '<tr>'
        yield f'{opening}{_html_cells(row[:shown], strong)}</tr>'
        if details:
            yield f'<tr class="details"><td colspan="{shown}"><div>{details}</div></td></tr>'
    yield '</tbody></table></div>'


def _html_cells(cells: Sequence[str], strong: Iterable[int]) -> str:
    chosen = set(strong)
    texts = [
        f'<b>{escape_html(cell)}</b>' if place in chosen else escape_html(cell)
        for place, cell in enumerate(cells)
    ]
    head = f'<th scope="row">{texts[0]}</th>'
    return head + ''.join(f'<td>{text}</td>' for text in texts[1:])


def _html_details(columns: Iterable[str], cells: Iterable[str]) -> str:
    """Return the texts of a row that have a line of their own, each with its heading."""
    return ' '.join(
        f'<span><i>{escape_html(column)}:</i> {escape_html(cell)}</span>'
        for column, cell in zip(columns, cells, strict=True)
        if cell
    )


def long_csv(rows: Iterable[Published]) -> str:
    """Return one line per published number: canonical value and all that identifies it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(_CSV_COLUMNS)
    writer.writerows(_csv_line(row) for row in rows)
    return text.getvalue()


_CSV_COLUMNS = (
    'kind', 'data_set', 'split', 'metric', 'unit', 'higher_is_better', 'value', 'backbone',
    'architecture', 'pretraining', 'tag', 'pretraining_data', 'protocol', 'source', 'head',
    'recipe', 'place', 'status', 'same_as', 'note',
)  # fmt: skip


def _csv_line(row: Published) -> tuple[object, ...]:
    unit = 'percent' if row.metric.unit == 'fraction' else row.metric.unit.value
    return (
        row.kind, row.data_set, row.split, row.metric.key, unit, row.metric.higher_is_better,
        round(row.canonical, 9), row.backbone, row.architecture, row.pretraining, row.tag,
        row.pretraining_data, row.protocol, row.source.source, row.head, row.recipe, row.place,
        row.status, row.same_as, row.note,
    )  # fmt: skip


_FORMATS: Mapping[str, Callable[[Sequence[Block], Sequence[Published]], str]] = {
    'md': lambda content, _: markdown(content),
    'csv': lambda _, rows: long_csv(rows),
    'html': lambda content, _: page(content),
}
