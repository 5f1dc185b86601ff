"""The whole report for programs: JSON with every number, pandas frames for notebooks."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import pandas as pd

from benchmark.report.agreements import Agreement
from benchmark.report.boards import Board, Cell, Row
from benchmark.report.contrasts import Contrast
from benchmark.report.findings import BoardFindings, Findings
from benchmark.report.sentences import (
    agreement_sentence,
    column_sentences,
    contrast_sentence,
    overall_sentences,
)
from benchmark.report.tables import flat, wide_rows

SCHEMA = 1
"""Version of the JSON document; raised when a key changes its meaning or goes away."""


def report_json(suite: str, boards: Sequence[Board], findings: Findings) -> str:
    """Return all leaderboards with their statistics and sentences as JSON, for programs."""
    document = {
        'schema': SCHEMA,
        'suite': suite,
        'normaliser': plain(findings.normaliser),
        'boards': [
            _board(board, found) for board, found in zip(boards, findings.boards, strict=True)
        ],
        'agreements': [
            {**plain(item), 'sentence': agreement_sentence(item)} for item in findings.agreements
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + '\n'


def _board(board: Board, found: BoardFindings) -> dict[str, Any]:
    statistics = plain(found)
    for item, contrast in zip(statistics['contrasts'], found.contrasts, strict=True):
        item['sentence'] = contrast_sentence(contrast, board.labels)
    if found.diagram is not None:
        statistics['diagram']['label'] = found.diagram.label
    columns = [
        {**plain(column), 'sentences': column_sentences(board, index)}
        for index, column in enumerate(board.columns)
    ]
    return {
        'protocol': board.protocol,
        'columns': columns,
        'rows': [_row(row) for row in board.rows],
        'sentences': overall_sentences(board, found),
        **{key: value for key, value in statistics.items() if key != 'protocol'},
    }


def _row(row: Row) -> dict[str, Any]:
    """Return a row as :func:`plain` does; of its many cells the numbers are checked at once."""
    cells = [
        {
            **{name: getattr(cell, name) for name in _CELL},
            'costs': {seed: cost._asdict() for seed, cost in cell.costs.items()},
        }
        if _is_finite(cell)
        else plain(cell)
        for cell in row.cells
    ]
    return {'backbone': plain(row.backbone), 'cells': cells, 'mean_rank': plain(row.mean_rank)}


_CELL = ('task', 'backbone', 'scores', 'failures', 'missing')


def _is_finite(cell: Cell) -> bool:
    """Whether JSON has all of the cell's numbers."""
    costs = sum(cost.seconds + cost.memory_mb for cost in cell.costs.values())
    return math.isfinite(sum(cell.scores.values()) + costs)


_AS_THEY_ARE = frozenset((str, int, bool, type(None)))


def plain(value: Any) -> Any:
    """Return data classes, named tuples, sets and mappings as JSON data; ``nan`` is ``None``."""
    kind = type(value)
    return value if kind in _AS_THEY_ARE else _way(kind)(value)  # type: ignore[arg-type]


@functools.cache
def _way(kind: type[Any]) -> Callable[[Any], Any]:
    """Return how values of a type become JSON data."""
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, float):
        return lambda value: value if math.isfinite(value) else None
    if is_dataclass(kind):
        names = [item.name for item in fields(kind)]
        return lambda value: _plain_items((name, getattr(value, name)) for name in names)
    if issubclass(kind, Mapping):
        return lambda value: _plain_items((str(key), item) for key, item in value.items())
    if issubclass(kind, tuple) and hasattr(kind, '_fields'):
        return lambda value: _plain_items(zip(kind._fields, value, strict=True))
    if issubclass(kind, frozenset):
        return sorted
    if issubclass(kind, tuple | list):
        return lambda value: [plain(item) for item in value]
    return lambda value: value


def _plain_items(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    # most are texts and numbers: a call for each would be most of the time
    return {
        key: value
        if (kind := type(value)) in _AS_THEY_ARE or (kind is float and math.isfinite(value))
        else plain(value)
        for key, value in items
    }


def frames(
    long: pd.DataFrame, boards: Sequence[Board], findings: Findings
) -> dict[str, pd.DataFrame]:
    """Return the report as pandas frames by name.

    ``long`` has a line per record and metric, ``wide`` one per protocol and backbone, ``pairs``
    one per tested pair of backbones, ``contrasts`` one per protocol and group of tasks,
    ``agreements`` one per protocol that is measured against fine-tuning.
    """
    return {
        'long': long,
        'wide': pd.DataFrame(list(wide_rows(boards, findings))),
        'pairs': pd.DataFrame(list(_pairs(findings.boards))),
        'contrasts': pd.DataFrame(
            [_contrast(item.protocol, c) for item in findings.boards for c in item.contrasts]
        ),
        'agreements': pd.DataFrame([_agreement(item) for item in findings.agreements]),
    }


def _pairs(boards: Iterable[BoardFindings]) -> Iterator[dict[str, Any]]:
    for board in boards:
        for pair in board.comparisons.pairs if board.comparisons else ():
            numbers = pair._asdict()
            practical = numbers.pop('practical')._asdict()
            yield {'protocol': board.protocol, **numbers, **practical}


def _contrast(protocol: str, contrast: Contrast) -> dict[str, Any]:
    return {
        'protocol': protocol,
        'group': contrast.group,
        'pairs': len(contrast.pairs),
        'tasks': len(contrast.tasks),
        **{f'effect{part}': value for part, value in flat(contrast.effect).items()},
        'wins': contrast.wins,
        'p': contrast.p,
        'smallest_p': contrast.smallest_p,
    }


def _agreement(item: Agreement) -> dict[str, Any]:
    return {
        'protocol': item.protocol,
        'reference': item.reference,
        'backbones': len(item.backbones),
        'tasks': len(item.by_task),
        **{f'tau{part}': value for part, value in flat(item.tau).items()},
        'tau_backbones_low': item.backbones_interval.low,
        'tau_backbones_high': item.backbones_interval.high,
        'cost_ratio': None if item.cost is None else item.cost.value,
    }
