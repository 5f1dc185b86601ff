"""Published rows of a user's own file, to stand below a leaderboard with their citations."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import BenchmarkError, unknown_name
from benchmark.report.data.facts import TaskFacts

NEEDED = ('backbone', 'task', 'value', 'citation')
"""Columns that the file must have; ``protocol`` and ``metric`` may be there."""


class Baseline(NamedTuple):
    """A published row: its name, where it was read, and its canonical scores by task.

    It was measured elsewhere, so it takes no part in ranks, aggregates or tests.
    """

    label: str
    citation: str
    values: Mapping[str, float]


class _Line(NamedTuple):
    place: str
    said: Mapping[str, str]


def read_baselines(
    path: Path, protocol: str, tasks: Mapping[str, TaskFacts]
) -> tuple[Baseline, ...]:
    """Return the rows of a CSV file for the leaderboard of ``protocol``, in the file's order.

    A line has one value, in the unit that tables show; lines of one backbone and citation are one
    row. A line without a protocol holds under all of them.

    Args:
        path: the file.
        protocol: name of the leaderboard's protocol.
        tasks: the tasks that have a column, by name.

    Raises:
        BenchmarkError: the file cannot be read, or a line is wrong.
    """
    found: dict[tuple[str, str], dict[str, float]] = {}
    for line in _lines(path):
        value = _checked(line, tasks)
        if (line.said.get('protocol') or protocol) == protocol:
            row = found.setdefault((line.said['backbone'], line.said['citation']), {})
            if line.said['task'] in row:
                raise BenchmarkError(
                    f'{line.place}: a second value of {line.said["backbone"]} on '
                    f"'{line.said['task']}'; keep one, or give them different citations"
                )
            row[line.said['task']] = value
    return tuple(Baseline(*who, values) for who, values in found.items())


def _lines(path: Path) -> Iterable[_Line]:
    try:
        with path.open(encoding='utf-8-sig', newline='') as file:
            reader = csv.DictReader(file, strict=True, restval='')
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise BenchmarkError(
                    f"{path}: lacks the column '{missing[0]}'; required: {', '.join(NEEDED)}"
                )
            return [
                _Line(f'{path}:{reader.line_num}', {k: v.strip() for k, v in row.items() if k})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchmarkError(f'{path}: cannot be read ({error})') from None


def _checked(line: _Line, tasks: Mapping[str, TaskFacts]) -> float:
    """Return the value of a line.

    Raises:
        BenchmarkError: something in it is missing, unknown or out of bounds.
    """
    for name in NEEDED:
        if not line.said[name]:
            raise BenchmarkError(f"{line.place}: '{name}' is empty; every published row needs it")
    task = tasks.get(line.said['task'])
    if task is None:
        error = unknown_name('task of this report', line.said['task'], sorted(tasks))
        raise BenchmarkError(f'{line.place}: {error}')
    metric = task.primary
    if line.said.get('metric') not in (None, '', metric.key):
        raise BenchmarkError(
            f"{line.place}: metric is '{line.said['metric']}', but the table of '{task.name}' "
            f"shows '{metric.key}'"
        )
    try:
        value = float(line.said['value'])
    except ValueError:
        value = math.nan
    low, high = (metric.canonical(end) if math.isfinite(end) else end for end in metric.bounds)
    if not low <= value <= high or math.isinf(value):
        raise BenchmarkError(
            f"{line.place}: value is '{line.said['value']}', must be a number from {low:g} to "
            f'{high:g}, as the tables show it'
        )
    return value
