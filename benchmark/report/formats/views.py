"""What the page knows of a suite, as JSON: names once, numbers as columns of a board."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from benchmark.report.data.baselines import Baseline
from benchmark.report.data.boards import Board, BoardCell, Column
from benchmark.report.data.facts import TRIVIAL, BackboneFacts, TaskFacts
from benchmark.report.data.units import decimals, difference, heading, show, show_interval, sign
from benchmark.report.formats.overall import Json, board_overall, suite_overall
from benchmark.report.inference.answers import answer, short_titles
from benchmark.report.inference.findings import Findings
from benchmark.report.inference.flags import MARKS, marks
from benchmark.report.text.sentences import column_sentences, set_aside_notes, version_notes
from benchmark.results.records import RunRecord
from benchmark.statistics.spread import mean

Place = tuple[str, str, str]
"""Protocol, task and backbone: the runs of a cell."""

_FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled', 'none')
_SPARE_COLOURS = 4


def family_classes(backbones: Iterable[BackboneFacts]) -> dict[str, str]:
    """Return a CSS class for each pretraining family; families unknown here get spare colours."""
    families = sorted({backbone.family for backbone in backbones})
    others = [family for family in families if family not in _FAMILIES]
    spare = {family: f'family-{i % _SPARE_COLOURS}' for i, family in enumerate(others)}
    return {family: spare.get(family, f'family-{family}') for family in families}


def by_place(records: Iterable[RunRecord]) -> dict[Place, list[RunRecord]]:
    """Return the records of each cell, without the trivial predictors'."""
    cells: dict[Place, list[RunRecord]] = {}
    for record in records:
        spec = record.spec
        if spec.protocol != TRIVIAL:
            cells.setdefault((spec.protocol, spec.task, spec.backbone), []).append(record)
    return cells


def suite_data(
    suite: str,
    records: Sequence[RunRecord],
    boards: Sequence[Board],
    findings: Findings,
    backbones: Mapping[str, BackboneFacts],
) -> Json:
    """Return all that the page shows before a cell is opened; boards refer to names by index.

    Args:
        suite: name of the suite.
        records: the records that count.
        boards: leaderboards made of ``records``.
        findings: statistics of ``boards``.
        backbones: facts by id.
    """
    competitors = _competitors(boards)
    tasks = _tasks(boards)
    order = {name: place for place, name in enumerate(competitors)}
    short = short_titles(task.title for task in tasks.values())
    titles = {r.spec.protocol: str(r.protocol.get('title') or '') for r in records}
    return {
        'suite': suite,
        'families': family_classes(backbones[name] for name in competitors),
        'backbones': [_backbone(backbones[name]) for name in competitors],
        'tasks': [_task(task) | {'short': short[task.title]} for task in tasks.values()],
        'boards': [
            {'title': titles.get(board.protocol, '')}
            | _board(board, order, tuple(tasks))
            | {'overall': board_overall(board, found)}
            for board, found in zip(boards, findings.boards, strict=True)
        ],
        'answers': [
            answer(board, found)._asdict()
            for board, found in zip(boards, findings.boards, strict=True)
        ],
        **suite_overall(findings),
        'failed': _failure_rows(records, backbones),
        'marks': {sign: str(flag) for flag, sign in MARKS.items()},
    }


def _competitors(boards: Sequence[Board]) -> list[str]:
    return list(dict.fromkeys(row.backbone.id for board in boards for row in board.rows))


def _tasks(boards: Sequence[Board]) -> dict[str, TaskFacts]:
    found = {column.task.name: column.task for board in boards for column in board.columns}
    return dict(sorted(found.items(), key=lambda item: item[1].order))


def _backbone(facts: BackboneFacts) -> Json:
    return {
        'id': facts.id,
        'label': facts.label,
        'family': facts.family,
        'method': facts.method,
        'data': facts.data,
        'architecture': facts.architecture or 'unknown',
        'parameters': facts.parameters,
        'flops': facts.flops,
    }


def _task(task: TaskFacts) -> Json:
    return {
        'name': task.name,
        'title': task.title,
        'kind': task.kind,
        'words': task.has_words,
        'head': task.head,
        'splits': [f'{role} {count}' for role, count in task.splits.items()],
        'versions': list(task.versions),
        'metric': heading(task.primary),
        'higher': task.primary.higher_is_better,
        'sign': sign(task.primary.unit),
        'decimals': decimals(task.primary.unit),
    }


def _board(board: Board, order: Mapping[str, int], tasks: Sequence[str]) -> Json:
    return {
        'protocol': board.protocol,
        'rows': [order[row.backbone.id] for row in board.rows],
        'ranks': [row.mean_rank for row in board.rows],
        'warnings': [*version_notes(board), *set_aside_notes(board)],
        'baselines': [_published(row, board) for row in board.baselines],
        'not_run': [{'title': task.title, 'kind': task.kind} for task in board.not_run],
        'columns': [
            {'task': tasks.index(column.task.name)} | _column(board, index)
            for index, column in enumerate(board.columns)
        ],
    }


def _published(row: Baseline, board: Board) -> Json:
    values = [(row.values.get(c.task.name), c.task.primary.unit) for c in board.columns]
    texts = [None if value is None else show(value, unit) for value, unit in values]
    return {'label': row.label, 'citation': row.citation, 'texts': texts}


def _column(board: Board, index: int) -> Json:
    column = board.columns[index]
    cells = [row.cells[index] for row in board.rows]
    unit = column.task.primary.unit
    ends = column.judgement.ends
    # a best mark is a judgement: a mean that no second seed supports gets none
    best, _ = column.marked
    near = column.near_best
    return {
        'seeds': list(column.seeds),
        'means': [cell.mean for cell in cells],
        'sds': [cell.sd for cell in cells],
        'texts': [None if c.mean is None else show_interval(c.mean, c.sd, unit) for c in cells],
        'scores': [[cell.scores.get(seed) for seed in column.seeds] for cell in cells],
        'problems': {i: cell.problem for i, cell in enumerate(cells) if cell.problem},
        'flags': {i: _flags(cell) for i, cell in enumerate(cells) if cell.flags},
        'best': [i for i, cell in enumerate(cells) if cell.backbone in best],
        'near': [i for i, cell in enumerate(cells) if cell.backbone in near],
        'limit': None if ends is None else ends.smallest,
        'deterministic': column.judgement.is_deterministic,
        'limit_text': '' if ends is None else difference(ends.smallest, unit),
        'sentences': column_sentences(board, index),
        'floors': [_floor(column, i) for i in range(len(column.trivial))],
        **_costs(cells),
    }


def _flags(cell: BoardCell) -> Json:
    """Return the signs of a cell's flags, and what each says."""
    return {'marks': marks(cell), 'texts': list(cell.flags)}


def _floor(column: Column, index: int) -> Json:
    name, value = column.trivial[index]
    return {'name': name, 'value': value, 'text': show(value, column.task.primary.unit)}


def _costs(cells: Sequence[BoardCell]) -> Json:
    """Return what the runs of each cell cost on average, and the devices they ran on."""
    costs = [tuple(cell.costs.values()) for cell in cells]
    return {
        'seconds': [_mean_cost([cost.seconds for cost in found]) for found in costs],
        'memory': [_mean_cost([cost.memory_mb for cost in found]) for found in costs],
        'devices': sorted({cost.device for found in costs for cost in found}),
    }


def _mean_cost(values: Iterable[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return float(f'{mean(known):.5g}') if known else None


def _failure_rows(
    records: Sequence[RunRecord], backbones: Mapping[str, BackboneFacts]
) -> list[Json]:
    return [
        {
            'protocol': record.spec.protocol,
            'task': record.spec.task,
            'backbone': record.spec.backbone,
            'label': backbones[record.spec.backbone].label,
            'seed': record.spec.seed,
            'error': record.error or 'no reason recorded',
        }
        for record in records
        if not record.is_ok
    ]
