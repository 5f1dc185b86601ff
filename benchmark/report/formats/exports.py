"""The whole report for programs: JSON with every number, pandas frames for notebooks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import orjson
import pandas as pd

from benchmark.report.data.boards import Board
from benchmark.report.formats.tables import flat, wide_rows
from benchmark.report.inference.agreements import Agreement
from benchmark.report.inference.contrasts import Contrast
from benchmark.report.inference.findings import BoardFindings, Findings
from benchmark.report.text.sentences import (
    agreement_sentence,
    column_sentences,
    contrast_sentence,
    overall_sentences,
    set_aside_notes,
)

SCHEMA = 2
"""Version of the JSON document; raised when a key changes its meaning or goes away."""


def report_json(suite: str, boards: Sequence[Board], findings: Findings) -> str:
    """Return all leaderboards with their statistics and sentences as JSON, for programs.

    What is not a finite number is ``null``.
    """
    document = {
        'schema': SCHEMA,
        'suite': suite,
        'normaliser': findings.normaliser,
        'boards': [
            _board(board, found) for board, found in zip(boards, findings.boards, strict=True)
        ],
        'agreements': [
            {**_fields(item), 'sentence': agreement_sentence(item)} for item in findings.agreements
        ],
    }
    return orjson.dumps(document, default=_plain, option=_OPTIONS).decode() + '\n'


# data classes are taken apart here, since what they have cached is nobody's business
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS


def _board(board: Board, found: BoardFindings) -> dict[str, Any]:
    diagram = found.diagram and {**_fields(found.diagram), 'label': found.diagram.label}
    return {
        'protocol': board.protocol,
        'columns': [
            {**_fields(column), 'sentences': column_sentences(board, index)}
            for index, column in enumerate(board.columns)
        ],
        'rows': board.rows,
        'not_run': [task.name for task in board.not_run],
        'notes': set_aside_notes(board),
        'baselines': board.baselines,
        'sentences': overall_sentences(board, found),
        **_fields(found),
        'diagram': diagram,
        'contrasts': [
            {**_fields(item), 'sentence': contrast_sentence(item, board.labels)}
            for item in found.contrasts
        ],
    }


def _plain(value: Any) -> Any:
    """Return data classes, named tuples, sets and mappings as what JSON has."""
    return _way(type(value))(value)  # type: ignore[arg-type]


@functools.cache
def _way(kind: type[Any]) -> Callable[[Any], Any]:
    """Return how values of a type become what JSON has."""
    if is_dataclass(kind):
        return _fields
    if issubclass(kind, frozenset):
        return sorted
    return kind._asdict if issubclass(kind, tuple) else dict  # type: ignore[attr-defined]


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _names(type(value))}  # type: ignore[arg-type]


@functools.cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    # what is not compared follows from the rest, as the limits of single pairs do
    return tuple(item.name for item in fields(kind) if item.compare)


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
        'agreements': pd.DataFrame([_agreement_values(item) for item in findings.agreements]),
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


def _agreement_values(item: Agreement) -> dict[str, Any]:
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
