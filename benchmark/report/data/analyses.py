"""The analyses found in a results folder, for a page to show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import RecordError

SCHEMA = 1
RECORD, VALUES, FIGURE, PICTURE = 'record.json', 'values.csv', 'figure.svg', 'figure.png'


@dataclass(frozen=True)
class FoundAnalysis:
    """An analysis on disk.

    ``figure`` is the text of an SVG, without the XML declaration; ``facts``, ``backbones``,
    ``images`` and ``provenance`` are as its record has them.
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


def find_analyses(results: Path) -> list[FoundAnalysis]:
    """Return the analyses below ``results/analysis``, by name.

    Raises:
        RecordError: a record is unreadable or of another schema version, or its figure is gone.
    """
    return [_read_analysis(path) for path in sorted((results / 'analysis').glob(f'*/{RECORD}'))]


def _read_analysis(path: Path) -> FoundAnalysis:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        figure = (path.parent / FIGURE).read_text(encoding='utf-8')
        if content['schema'] != SCHEMA:
            raise RecordError(
                f'{path}: schema is {content["schema"]!r}, this version reads {SCHEMA}'
            )
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
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f'{path}: not the record of an analysis ({error!r}); run `tbench analyze` again'
        ) from None
