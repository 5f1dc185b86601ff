"""The analyses found in a results folder, for a page to show."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, RecordError
from benchmark.results.forms import parse_json

SCHEMA = 1
RECORD, VALUES, FIGURE, PICTURE = 'record.json', 'values.csv', 'figure.svg', 'figure.png'

Value = float | str | None
"""A key number, or a text that stands for some, as a mean with its interval."""


class KeyNumbers(NamedTuple):
    """The few numbers of an analysis that a page or a text shows beside its figure.

    Attributes:
        heading: what a row is.
        columns: headings of the numbers.
        rows: the name and the numbers of each row.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Value, ...]], ...]

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> KeyNumbers:
        """Return the key numbers of a record.

        Raises:
            ValueError: a row has another number of values than there are columns.
        """
        columns = tuple(map(str, plain['columns']))
        rows = tuple((str(name), tuple(values)) for name, values in plain['rows'])
        for name, values in rows:
            if len(values) != len(columns):
                raise ValueError(f"key numbers of '{name}': {len(values)} for {len(columns)}")
        return cls(str(plain['heading']), columns, rows)

    def to_plain(self) -> dict[str, Any]:
        """Return the key numbers as JSON data."""
        rows = [[name, list(values)] for name, values in self.rows]
        return {'heading': self.heading, 'columns': list(self.columns), 'rows': rows}


@dataclass(frozen=True)
class FoundAnalysis:
    """An analysis on disk.

    Attributes:
        name: its name, as on the command line.
        title: its heading.
        caption: what the figure shows.
        figure: text of an SVG, without the XML declaration.
        facts: those of its record.
        backbones: those that were looked at, as in its record.
        images: facts of the pictures, as in its record.
        provenance: versions and date, as in its record.
        folder: where it lies.
        key_numbers: the few that a report prints; ``None`` where it wrote none.
    """

    name: str
    title: str
    caption: str
    figure: str
    facts: Mapping[str, Any]
    backbones: tuple[Mapping[str, Any], ...]
    images: Mapping[str, Any]
    provenance: Mapping[str, Any]
    folder: Path
    key_numbers: KeyNumbers | None = None


def find_analyses(results: Path) -> list[FoundAnalysis]:
    """Return the analyses below ``results/analysis``, by name.

    Raises:
        RecordError: a record is unreadable or of another schema version, or its figure is gone.
    """
    return [_read_analysis(path) for path in sorted((results / 'analysis').glob(f'*/{RECORD}'))]


def _read_analysis(path: Path) -> FoundAnalysis:
    try:
        content = parse_json(path.read_text(encoding='utf-8'))
        figure = (path.parent / FIGURE).read_text(encoding='utf-8')
        if content['schema'] != SCHEMA:
            raise RecordError(
                f'{path}: schema is {content["schema"]!r}, this version reads {SCHEMA}'
            )
        numbers = content.get('key_numbers')
        return FoundAnalysis(
            name=str(content['analysis']),
            title=str(content['title']),
            caption=str(content['caption']),
            figure=figure[figure.index('<svg') :],
            facts=content['facts'],
            backbones=tuple(content['backbones']),
            images=content['images'],
            provenance=content['provenance'],
            folder=path.parent,
            key_numbers=KeyNumbers.from_plain(numbers) if numbers else None,
        )
    except (OSError, *UNFIT) as error:
        raise RecordError(
            f'{path}: not the record of an analysis ({error!r}); run `tbench analyze` again'
        ) from None


@contextmanager
def reading(found: FoundAnalysis) -> Iterator[None]:
    """Turn what is missing in an analysis while it is read into one line.

    Raises:
        RecordError: its values or facts lack what its name promises.
    """
    try:
        yield
    except (*UNFIT, StopIteration) as error:
        raise RecordError(
            f'{found.folder}: not what analysis `{found.name}` writes ({error!r}); run '
            '`tbench analyze` again'
        ) from None


def values_of(found: FoundAnalysis) -> list[dict[str, str]]:
    """Return the rows of the analysis's values.

    Raises:
        RecordError: the file cannot be read.
    """
    path = found.folder / VALUES
    try:
        with path.open(encoding='utf-8', newline='') as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f'{path}: cannot be read ({error})') from None
