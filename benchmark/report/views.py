"""What the page knows of a suite, as JSON: names once, numbers as columns of a board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.report.boards import Board, Cell, Column
from benchmark.report.facts import TRIVIAL, BackboneFacts, TaskFacts
from benchmark.report.sentences import column_sentences, version_notes
from benchmark.report.statistics import mean
from benchmark.report.units import decimals, difference, heading, show, show_interval, sign
from benchmark.results.records import RunRecord

Json = dict[str, Any]
Place = tuple[str, str, str]
"""Protocol, task and backbone: the runs of a cell."""

_FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled', 'none')
_SPARE_COLOURS = 4
_LONGEST_SENTENCE = 600


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
    backbones: Mapping[str, BackboneFacts],
) -> Json:
    """Return all that the page shows before a cell is opened; boards refer to names by index."""
    competitors = _competitors(boards)
    tasks = _tasks(boards)
    order = {name: place for place, name in enumerate(competitors)}
    runs = by_place(records)
    return {
        'suite': suite,
        'families': family_classes(backbones[name] for name in competitors),
        'backbones': [_backbone(backbones[name], runs) for name in competitors],
        'tasks': [_task(task) for task in tasks.values()],
        'boards': [_board(board, order, tuple(tasks), runs) for board in boards],
        'failed': _failed(records, backbones),
    }


def _competitors(boards: Sequence[Board]) -> list[str]:
    return list(dict.fromkeys(row.backbone.id for board in boards for row in board.rows))


def _tasks(boards: Sequence[Board]) -> dict[str, TaskFacts]:
    found = {column.task.name: column.task for board in boards for column in board.columns}
    return dict(sorted(found.items(), key=lambda item: item[1].order))


def _backbone(facts: BackboneFacts, runs: Mapping[Place, Sequence[RunRecord]]) -> Json:
    return {
        'id': facts.id,
        'label': facts.label,
        'family': facts.family,
        'method': facts.method,
        'data': facts.data,
        'architecture': facts.architecture or 'unknown',
        'parameters': facts.parameters,
    }


def _task(task: TaskFacts) -> Json:
    return {
        'name': task.name,
        'title': task.title,
        'kind': task.kind,
        'head': task.head,
        'splits': [f'{role} {count}' for role, count in task.splits.items()],
        'versions': list(task.versions),
        'metric': heading(task.primary),
        'higher': task.primary.higher_is_better,
        'sign': sign(task.primary.unit),
        'decimals': decimals(task.primary.unit),
    }


def _board(
    board: Board,
    order: Mapping[str, int],
    tasks: Sequence[str],
    runs: Mapping[Place, Sequence[RunRecord]],
) -> Json:
    return {
        'protocol': board.protocol,
        'title': _title(board.protocol, runs),
        'rows': [order[row.backbone.id] for row in board.rows],
        'ranks': [row.mean_rank for row in board.rows],
        'warnings': version_notes(board),
        'columns': [
            {'task': tasks.index(column.task.name)} | _column(board, index, runs)
            for index, column in enumerate(board.columns)
        ],
    }


def _title(protocol: str, runs: Mapping[Place, Sequence[RunRecord]]) -> str:
    said = (
        found[0].protocol.get('title') for (name, *_), found in runs.items() if name == protocol
    )
    return str(next(filter(None, said), ''))


def _column(board: Board, index: int, runs: Mapping[Place, Sequence[RunRecord]]) -> Json:
    column = board.columns[index]
    cells = [row.cells[index] for row in board.rows]
    unit = column.task.primary.unit
    limit = column.judgement.threshold
    near = column.near_best
    return {
        'seeds': list(column.seeds),
        'means': [cell.mean for cell in cells],
        'sds': [cell.sd for cell in cells],
        'texts': [None if c.mean is None else show_interval(c.mean, c.sd, unit) for c in cells],
        'scores': [[cell.scores.get(seed) for seed in column.seeds] for cell in cells],
        'problems': {i: cell.problem for i, cell in enumerate(cells) if cell.problem},
        'best': [i for i, cell in enumerate(cells) if cell.backbone in column.best],
        'near': [i for i, cell in enumerate(cells) if cell.backbone in near],
        'limit': limit,
        'limit_text': '' if limit is None else difference(limit, unit),
        'sentences': [_bounded(text) for text in column_sentences(board, index)],
        'floors': [_floor(column, i) for i in range(len(column.trivial))],
        **_costs([runs.get((board.protocol, c.task, c.backbone), ()) for c in cells]),
    }


def _bounded(sentence: str) -> str:
    if len(sentence) <= _LONGEST_SENTENCE:
        return sentence
    return sentence[:_LONGEST_SENTENCE].rsplit(', ', 1)[0] + ', … (shortened)'


def _floor(column: Column, index: int) -> Json:
    name, value = column.trivial[index]
    return {'name': name, 'value': value, 'text': show(value, column.task.primary.unit)}


def _costs(cells: Sequence[Sequence[RunRecord]]) -> Json:
    """Return what the runs of each cell cost on average, and the devices they ran on."""
    devices = Counter(str(r.cost['device']) for runs in cells for r in runs if 'device' in r.cost)
    return {
        'seconds': [_mean_cost(runs, 'train_seconds') for runs in cells],
        'memory': [_mean_cost(runs, 'peak_memory_mb') for runs in cells],
        'devices': sorted(devices),
    }


def _mean_cost(runs: Sequence[RunRecord], key: str) -> float | None:
    said = [float(run.cost[key]) for run in runs if run.is_ok and run.cost.get(key) is not None]
    return float(f'{mean(said):.5g}') if said else None


def _failed(records: Sequence[RunRecord], backbones: Mapping[str, BackboneFacts]) -> list[Json]:
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
