"""The report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

import jinja2
import pandas as pd
from markupsafe import Markup

from benchmark.report.boards import Board
from benchmark.report.curves import HEIGHT, WIDTH, Panel, panels
from benchmark.report.evidence import Grid, Section, config_text, groups, sections
from benchmark.report.facts import TRIVIAL, BackboneFacts, TaskFacts
from benchmark.report.pictures import Gallery, Picture, collect
from benchmark.report.sentences import RULE
from benchmark.report.tables import long_csv
from benchmark.report.views import BoardView, CellView, ColumnView, board_views, family_classes
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore

LARGEST_PAGE = 25_000_000
"""Bytes; pictures, and before them configurations, are left out rather than exceed it."""

_CONFIGS_AT_MOST = 4_000_000


class Detail(NamedTuple):
    """All that a cell has to show: evidence by seed, curves and configuration."""

    view: CellView
    column: ColumnView
    protocol: str
    seeds: tuple[int, ...]
    errors: tuple[tuple[int, str], ...]
    curve_seeds: tuple[int, ...]
    panels: tuple[Panel, ...]
    sections: tuple[Section, ...]
    groups: Grid | None
    config: str


class TaskPart(NamedTuple):
    """A task under a protocol: its chart, sentences, pictures by file name, and cells."""

    protocol: str
    column: ColumnView
    pictures: tuple[tuple[str, tuple[tuple[Picture, CellView], ...]], ...]
    details: tuple[Detail, ...]


class KindPart(NamedTuple):
    """The tasks of a kind, each with one part per protocol."""

    kind: str
    tasks: tuple[tuple[TaskFacts, tuple[TaskPart, ...]], ...]


def page(
    store: ResultStore,
    suite: str,
    records: Sequence[RunRecord],
    frame: pd.DataFrame,
    boards: Sequence[Board],
    backbones: Mapping[str, BackboneFacts],
) -> str:
    """Return the page of ``suite``, at most ``LARGEST_PAGE`` bytes as long as text allows.

    ``records`` are the chosen ones, ``frame`` and ``boards`` were made of them.
    Pictures get the room that the text leaves.
    """
    views = board_views(boards, family_classes(backbones.values()))
    common = _common(suite, records, frame, views, backbones)
    text = _render(common, views, records, Gallery((), ()))
    room = LARGEST_PAGE - len(text.encode()) - 1000 * len(records)
    return _render(common, views, records, collect(store, records, budget=room))


def _render(
    common: Mapping[str, Any],
    views: Sequence[BoardView],
    records: Sequence[RunRecord],
    gallery: Gallery,
) -> str:
    parts = _kind_parts(views, records, gallery)
    return _template().render({**common, 'parts': parts, 'gallery_notes': gallery.notes}).lstrip()


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_asset('page.html.j2'))


def _asset(name: str) -> str:
    return (resources.files('benchmark.report') / name).read_text(encoding='utf-8')


def _common(
    suite: str,
    records: Sequence[RunRecord],
    frame: pd.DataFrame,
    views: Sequence[BoardView],
    backbones: Mapping[str, BackboneFacts],
) -> dict[str, Any]:
    script = _asset('page.js')
    competitors = {row.backbone.id: row for view in views for row in view.rows}
    return {
        'suite': suite,
        'rule': RULE,
        'css': Markup(_asset('page.css')),
        'script': Markup(script),
        'script_hash': base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        'boards': views,
        'families': {
            row.backbone.family: row.family_class
            for _, row in sorted(competitors.items(), key=lambda item: item[1].backbone.family)
        },
        'kinds': _kinds(views),
        'backbone_count': len(competitors),
        'task_count': len({record.spec.task for record in records}),
        'run_count': len(records),
        'failed': [record for record in records if not record.is_ok],
        'labels': {name: facts.label for name, facts in backbones.items()},
        'finished': max((str(r.provenance.get('finished', '')) for r in records), default=''),
        'csv': long_csv(frame),
        'curve_width': WIDTH,
        'curve_height': HEIGHT,
    }


def _kinds(views: Iterable[BoardView]) -> list[str]:
    tasks = {item.column.task.order: item.column.task for view in views for item in view.columns}
    return list(dict.fromkeys(tasks[order].kind for order in sorted(tasks)))


def _kind_parts(
    views: Sequence[BoardView], records: Sequence[RunRecord], gallery: Gallery
) -> list[KindPart]:
    runs = _by_cell(records)
    parts: dict[str, list[TaskPart]] = {}
    tasks = {item.column.task.name: item.column.task for v in views for item in v.columns}
    room = _CONFIGS_AT_MOST
    for view in views:
        for column in view.columns:
            details = []
            for cell in column.cells:
                detail = _detail(view.protocol, column, cell, runs, room)
                room -= len(detail.config)
                details.append(detail)
            pictures = _pictures(view.protocol, column, gallery)
            part = TaskPart(view.protocol, column, pictures, tuple(details))
            parts.setdefault(column.column.task.name, []).append(part)
    ordered = sorted(tasks.values(), key=lambda task: task.order)
    return [
        KindPart(kind, tuple((t, tuple(parts[t.name])) for t in ordered if t.kind == kind))
        for kind in _kinds(views)
    ]


def _by_cell(records: Iterable[RunRecord]) -> dict[tuple[str, str, str], list[RunRecord]]:
    cells: dict[tuple[str, str, str], list[RunRecord]] = {}
    for record in records:
        spec = record.spec
        if spec.protocol != TRIVIAL:
            cells.setdefault((spec.protocol, spec.task, spec.backbone), []).append(record)
    return cells


def _detail(
    protocol: str,
    column: ColumnView,
    cell: CellView,
    runs: Mapping[tuple[str, str, str], list[RunRecord]],
    room: int,
) -> Detail:
    task = column.column.task
    records = runs.get((protocol, task.name, cell.backbone.id), [])
    scored = [record for record in records if record.is_ok] or records
    config = next(filter(None, map(config_text, scored)), '')
    return Detail(
        view=cell,
        column=column,
        protocol=protocol,
        seeds=tuple(record.spec.seed for record in records),
        errors=tuple((r.spec.seed, r.error) for r in records if not r.is_ok),
        curve_seeds=tuple(record.spec.seed for record in records if record.curves),
        panels=tuple(panels({r.spec.seed: r.curves for r in records if r.curves})),
        sections=tuple(sections(records, task)),
        groups=next(filter(None, map(groups, scored)), None),
        config=config if len(config) <= room else '',
    )


def _pictures(
    protocol: str, column: ColumnView, gallery: Gallery
) -> tuple[tuple[str, tuple[tuple[Picture, CellView], ...]], ...]:
    cells = {cell.backbone.id: cell for cell in column.cells}
    order = {name: place for place, name in enumerate(cells)}
    place = (protocol, column.column.task.name)
    mine = [p for p in gallery.pictures if (p.spec.protocol, p.spec.task) == place]
    names: dict[str, list[Picture]] = {}
    for picture in sorted(mine, key=lambda item: (item.name, order[item.spec.backbone])):
        names.setdefault(picture.name, []).append(picture)
    return tuple(
        (name, tuple((p, cells[p.spec.backbone]) for p in found)) for name, found in names.items()
    )
