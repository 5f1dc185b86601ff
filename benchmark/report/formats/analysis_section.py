"""The section of the page that shows the analyses: figures, key numbers, provenance, values."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import RecordError
from benchmark.hashing import slug
from benchmark.report.data.analyses import (
    FIGURE,
    PICTURE,
    VALUES,
    FoundAnalysis,
    KeyNumbers,
    reading,
)
from benchmark.report.data.pictures import png_extent
from benchmark.report.data.units import value_text

LARGEST_VALUES = 1_000_000
"""Largest table of values, in bytes, that the page embeds for download; larger ones are linked."""

_WIDE = 1200
_SVG_WIDTH = re.compile(r'<svg[^>]*?\bviewBox="0 0 ([\d.]+) ([\d.]+)"', re.DOTALL)


class Figure(NamedTuple):
    """A figure as the page shows it, embedded or beside it; width and height in CSS pixels."""

    uri: str
    width: int
    height: int

    @property
    def is_wide(self) -> bool:
        """Whether it is made to fit the page, and shown at its full size on demand."""
        return self.width > _WIDE


@dataclass(frozen=True)
class Shown:
    """An analysis as the section shows it.

    Attributes:
        name: its name.
        title: its heading.
        caption: what the figure shows.
        figure: the figure; ``None`` where the page has no room for it.
        columns: headings of its table.
        rows: name and cells of each row.
        facts: names and values below the table.
        download: the figure as a file; ``None`` likewise.
        place: where the files lie below the results.
    """

    name: str
    title: str
    caption: str
    figure: Figure | None
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    facts: tuple[tuple[str, str], ...]
    download: str | None
    place: str


def linked_analyses(
    analyses: Iterable[FoundAnalysis], folder: str
) -> tuple[list[Shown], dict[str, Path]]:
    """Return ``analyses`` for a page whose figures and values lie in ``folder`` beside it.

    The files to copy come with them, by their place relative to the page.

    Raises:
        RecordError: an analysis is damaged.
    """
    shown, files = list[Shown](), dict[str, Path]()
    for found in analyses:
        stem = f'{folder}/analysis-{slug(found.folder.name)}'
        figure = _vector(found.figure)
        if figure is not None:
            figure = figure._replace(uri=f'{stem}.svg')
            files[figure.uri] = found.folder / FIGURE
        _values(found)
        files[f'{stem}.csv'] = found.folder / VALUES
        shown.append(_section_of(found, figure, f'{stem}.csv'))
    return shown, files


def named_analyses(analyses: Iterable[FoundAnalysis]) -> list[Shown]:
    """Return ``analyses`` for a page that names the places of figures and values alone."""
    return [_section_of(found, None, None) for found in analyses]


def embedded_analyses(analyses: Sequence[FoundAnalysis], *, budget: int) -> list[Shown]:
    """Return ``analyses`` for the page; together they embed at most ``budget`` characters.

    Each in turn gets its figure if there is room, the smaller of its two files, and then its
    values.

    Raises:
        RecordError: an analysis is damaged.
    """
    shown = []
    for found in analyses:
        figure = _figure(found)
        if figure is not None and len(figure.uri) > budget:
            figure = None
        budget -= len(figure.uri) if figure else 0
        download = _download(found, budget)
        budget -= len(download or '')
        shown.append(_section_of(found, figure, download))
    return shown


def _section_of(found: FoundAnalysis, figure: Figure | None, download: str | None) -> Shown:
    numbers = found.key_numbers or KeyNumbers('', (), ())
    with reading(found):
        return Shown(
            name=found.name,
            title=found.title,
            caption=found.caption,
            figure=figure,
            columns=(numbers.heading, *numbers.columns) if numbers.rows else (),
            rows=tuple((name, tuple(map(value_text, values))) for name, values in numbers.rows),
            facts=tuple(_facts(found)),
            download=download,
            place=f'analysis/{found.folder.name}',
        )


def _figure(found: FoundAnalysis) -> Figure | None:
    """Return the smaller of the two files of the figure; ``None`` where neither is one."""
    candidates = [_vector(found.figure), _raster(found.folder / PICTURE)]
    return min((c for c in candidates if c is not None), key=lambda c: len(c.uri), default=None)


def _vector(text: str) -> Figure | None:
    extent = _SVG_WIDTH.search(text[:2000])
    if extent is None:
        return None
    # a figure is measured in points of 1/72 inch, a page in pixels of 1/96
    width, height = (round(float(side) * 96 / 72) for side in extent.groups())
    return Figure(_data_uri('image/svg+xml', text.encode()), width, height)


def _raster(path: Path) -> Figure | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    extent = png_extent(data[:24])
    if extent is None:
        return None
    # drawn at 144 dots per inch
    width, height = (round(side * 96 / 144) for side in extent)
    return Figure(_data_uri('image/png', data), width, height)


def _download(found: FoundAnalysis, budget: int) -> str | None:
    data = _values(found)
    uri = _data_uri('text/csv;charset=utf-8', data)
    return uri if len(data) <= LARGEST_VALUES and len(uri) <= budget else None


def _values(found: FoundAnalysis) -> bytes:
    """Return the file of an analysis's values.

    Raises:
        RecordError: it cannot be read.
    """
    try:
        return (found.folder / VALUES).read_bytes()
    except OSError as error:
        raise RecordError(
            f'{found.folder / VALUES}: cannot be read ({error.strerror}); run `tbench analyze` '
            'again'
        ) from None


def _data_uri(kind: str, data: bytes) -> str:
    return f'data:{kind};base64,{base64.b64encode(data).decode()}'


def _facts(found: FoundAnalysis) -> Iterator[tuple[str, str]]:
    """Yield what a reader needs to know how the numbers came about."""
    for backbone in found.backbones:
        weights = backbone.get('weights_sha256')
        mark = f'weights {str(weights)[:16]}' if weights else 'no file of weights'
        yield f'backbone {backbone.get("id", "?")}', f'{backbone.get("source", "?")}, {mark}'
    if found.images:
        images = found.images
        said = f'{images.get("count")} of {images.get("size")} px, {images.get("source")}'
        yield 'pictures', f'{said}, SHA-256 {str(images.get("sha256"))[:16]}'
    for key in ('finished', 'python', 'platform'):
        if key in found.provenance:
            yield key, str(found.provenance[key])
    libraries: Any = found.provenance.get('libraries') or {}
    yield 'libraries', ', '.join(f'{name} {version}' for name, version in libraries.items())
    for key in ('conventions', 'setting'):
        if key in found.facts:
            yield key, json.dumps(found.facts[key], ensure_ascii=False)
