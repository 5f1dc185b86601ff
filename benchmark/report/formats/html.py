"""The report as one HTML file that needs no network; pictures lie beside it, or inside.

The page draws itself from JSON. What a cell has to show is packed into compressed blocks
that are opened on demand.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from benchmark.hashing import slug
from benchmark.report.data.analyses import find_analyses
from benchmark.report.data.boards import Board
from benchmark.report.data.facts import BackboneFacts
from benchmark.report.data.pictures import Gallery, Picture, Pictures, collect
from benchmark.report.formats.analysis_section import (
    embedded_analyses,
    linked_analyses,
    named_analyses,
)
from benchmark.report.formats.packing import pack
from benchmark.report.formats.pairs import HEADS
from benchmark.report.formats.views import by_place, suite_data
from benchmark.report.inference.findings import Findings
from benchmark.report.text.sentences import RULE
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore

LARGEST_PAGE = 25_000_000
"""Bytes with pictures inside; curves become coarser and pictures move out rather than exceed it."""

LIGHT_PAGE = 2_000_000
"""Bytes without pictures inside, for a page that can be sent; curves become coarser first."""

_SHARE_OF_EVIDENCE = 0.6
_SHARE_OF_ANALYSES = 0.2
_SCRIPTS = (
    'dom', 'state', 'scales', 'overall', 'board', 'profile', 'scatter', 'losses', 'tasks', 'cell',
    'pairs', 'compare', 'history', 'main',
)  # fmt: skip


class Page(NamedTuple):
    """The text of a page, and the files to copy beside it by their relative place."""

    text: str
    files: Mapping[str, Path]


def page(
    store: ResultStore,
    suite: str,
    records: Sequence[RunRecord],
    boards: Sequence[Board],
    findings: Findings,
    backbones: Mapping[str, BackboneFacts],
    *,
    history: Mapping[str, Any] | None = None,
    pairs: Sequence[Mapping[str, Any]] = (),
    beside: Sequence[Sequence[Sequence[str]]] = (),
    pictures: Pictures = Pictures.BESIDE,
    heading: str = '',
    home: str = '',
) -> Page:
    """Return the page of ``suite``, as large as its limit as long as scores allow.

    The limit is ``LARGEST_PAGE`` with pictures inside, else ``LIGHT_PAGE``.

    ``records`` are the chosen ones, ``boards`` and ``findings`` were made of them; ``history``
    is drawn where it is given. Evidence takes its share of the room that scores leave,
    pictures the rest.

    Args:
        store: where records, pictures and analyses are.
        suite: name of the suite.
        records: the records that count.
        boards: leaderboards made of ``records``.
        findings: statistics of ``boards``.
        backbones: facts by id.
        history: earlier nights to plot, if any.
        pairs: what each board says of pairs of backbones.
        beside: further sentences of each board's columns.
        pictures: where predictions, and the figures and values of analyses, are.
        heading: what the page is headed by; the suite's name unless given.
        home: where it links to as the list of all suites; nowhere unless given.
    """
    data = suite_data(suite, records, boards, findings, backbones)
    said = [column for board in data['boards'] for column in board['columns']]
    for column, sentences in zip(said, itertools.chain.from_iterable(beside), strict=False):
        column['sentences'] = [*column['sentences'], *sentences]
    common = _common(
        suite, records, {**data, 'history': history, 'pairs': list(pairs), 'pair_heads': HEADS}
    )
    common |= {'suite': heading or suite, 'home': home}
    folder = f'{slug(suite)}_pictures'
    limit = LARGEST_PAGE if pictures is Pictures.INSIDE else LIGHT_PAGE
    common['analyses'], files = _analyses(store, pictures, folder)
    room = limit - len(_render(common, {}, {}, ()).encode())
    blocks = pack(boards, by_place(records), budget=int(_SHARE_OF_EVIDENCE * room))
    text = _render(common, blocks.texts, {}, blocks.notes)
    room = limit - len(text.encode()) - 600 * len(records)
    gallery = Gallery((), ())
    if pictures is not Pictures.NONE:
        budget = room if pictures is Pictures.INSIDE else 0
        gallery = collect(store, records, budget=budget, folder=folder)
    text = _render(common, blocks.texts, _pictures(boards, gallery), blocks.notes + gallery.notes)
    return Page(text, files | gallery.files)


def _render(
    common: Mapping[str, Any],
    blocks: Mapping[tuple[int, int], str],
    pictures: Mapping[tuple[int, int], object],
    notes: Sequence[str],
) -> str:
    texts = {place: _json(content) for place, content in pictures.items()}
    return _template().render({**common, 'blocks': blocks, 'pictures': texts, 'notes': notes})


def _analyses(
    store: ResultStore, pictures: Pictures, folder: str
) -> tuple[Markup, dict[str, Path]]:
    """Return the section of the analyses, empty without any, and the files to copy for it."""
    found, files = find_analyses(store.results), dict[str, Path]()
    match pictures:
        case Pictures.INSIDE:
            shown = embedded_analyses(found, budget=int(_SHARE_OF_ANALYSES * LARGEST_PAGE))
        case Pictures.BESIDE:
            shown, files = linked_analyses(found, folder)
        case Pictures.NONE:
            shown = named_analyses(found)
    text = Markup(_template('analyses').render(analyses=shown)) if shown else Markup()
    return text, files


def _template(name: str = 'page') -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_asset(f'{name}.html.j2'))


def _asset(name: str) -> str:
    return (resources.files('benchmark.report') / 'page' / name).read_text(encoding='utf-8')


def _common(suite: str, records: Sequence[RunRecord], data: Mapping[str, Any]) -> dict[str, Any]:
    style, script = _asset('style.css') + _asset('analyses.css'), _script()
    return {
        'suite': suite,
        'rule': RULE,
        'scale': data['scale'],
        'style': Markup(style),
        'style_hash': _hash(style),
        'script': Markup(script),
        'script_hash': _hash(script),
        'data': _json(data),
        'counts': _counts(records, data),
        'answers': data['answers'],
        'finished': max((str(r.provenance.get('finished', '')) for r in records), default=''),
        'has_failed': bool(data['failed']),
        'has_history': bool(data['history']),
        'has_pairs': any(board['pairs'] for board in data['pairs']),
        'stem': slug(suite),
    }


def _script() -> str:
    parts = '\n'.join(_asset(f'{name}.js') for name in _SCRIPTS)
    return f"'use strict';\n(() => {{\n{parts}}})();\n"


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(content: object) -> Markup:
    """Return JSON that cannot close its HTML element."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(',', ':'))
    return Markup(text.replace('<', '\\u003c'))


def _counts(records: Sequence[RunRecord], data: Mapping[str, Any]) -> dict[str, int]:
    return {
        'backbones': len(data['backbones']),
        'tasks': len(data['tasks']),
        'protocols': len(data['boards']),
        'runs': len(records),
        'failed': len(data['failed']),
    }


def _pictures(boards: Sequence[Board], gallery: Gallery) -> dict[tuple[int, int], object]:
    """Return the pictures of each column: by row of the board, as name, place and extent."""
    found: dict[tuple[str, str, str], list[Picture]] = {}
    for picture in gallery.pictures:
        spec = picture.spec
        found.setdefault((spec.protocol, spec.task, spec.backbone), []).append(picture)
    columns: dict[tuple[int, int], object] = {}
    for b, board in enumerate(boards):
        for c, column in enumerate(board.columns):
            rows = {
                i: [[p.name, p.uri, p.width, p.height, p.spec.seed] for p in found[place]]
                for i, row in enumerate(board.rows)
                if (place := (board.protocol, column.task.name, row.backbone.id)) in found
            }
            if rows:
                columns[b, c] = rows
    return columns
