"""The frozen, versioned scale that makes tasks of different units comparable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.catalog.literals import read_literals
from benchmark.catalog.schema import Block, Key, block
from benchmark.errors import DeclarationError
from benchmark.report.data.boards import Column
from benchmark.specs import Metric, Unit

STANDARD = Path(__file__).resolve().parents[2] / 'normalisers' / 'standard.py'
"""The declaration of the scale that reports use by default."""

BY_BOUNDS, LEFT_OUT = 'bounds', 'none'

_TEXT = Key((str,), required=True)
_NUMBER = Key((int, float), required=True)
_KEYS = {
    'name': _TEXT,
    'version': Key((int,), required=True),
    'title': _TEXT,
    'others': Key((str,), required=True, allowed=(BY_BOUNDS, LEFT_OUT)),
    'tasks': Key((Mapping,), required=True),
}
_ENTRY_KEYS = {
    'version': Key((int,), required=True),
    'metric': _TEXT,
    'floor': _NUMBER,
    'reference': _NUMBER,
}


class Scale(NamedTuple):
    """The scores of a task that become 0 and 100; ``is_frozen`` where the declaration has them."""

    floor: float
    reference: float
    is_frozen: bool

    def at(self, value: float) -> float:
        """Return ``value`` on the scale; it is not cut off at either end."""
        return 100 * (value - self.floor) / (self.reference - self.floor)


@dataclass(frozen=True)
class Normaliser:
    """A declared scale.

    Attributes:
        name: its name.
        version: rises when the scale changes.
        title: how reports call it.
        others: what becomes of a task without an entry: ``'bounds'`` scales it from the suite's own
            trivial record to the best bound of its metric, ``'none'`` leaves it out.
        tasks: ends of the scale by task.
    """

    name: str
    version: int
    title: str
    others: str
    tasks: Mapping[str, Mapping[str, Any]]

    @property
    def label(self) -> str:
        """Name and version, as a report states them."""
        return f'{self.name} v{self.version}'

    def scale(self, column: Column) -> Scale | None:
        """Return the scale of a leaderboard's column, ``None`` where it has none."""
        entry = self.tasks.get(column.task.name)
        if entry and _fits(entry, column):
            return Scale(float(entry['floor']), float(entry['reference']), is_frozen=True)
        best = best_bound(column.task.primary)
        if self.others == LEFT_OUT or best is None or not column.trivial:
            return None
        floor = column.trivial[0].value
        is_below = floor < best if column.task.primary.higher_is_better else floor > best
        return Scale(floor, best, is_frozen=False) if is_below else None


def _fits(entry: Mapping[str, Any], column: Column) -> bool:
    """Whether an entry is about this very task: same metric, and only this version."""
    is_version = column.task.versions == (str(entry['version']),)
    return is_version and entry['metric'] == column.task.primary.key


def best_bound(metric: Metric) -> float | None:
    """Return the best value of ``metric`` in canonical units; ``None`` where it is infinite."""
    bound = metric.bounds[1] if metric.higher_is_better else metric.bounds[0]
    if not math.isfinite(bound):
        return None
    return 100 * bound if metric.unit is Unit.FRACTION else float(bound)


def read_normaliser(path: Path = STANDARD) -> Normaliser:
    """Return the scale that the file at ``path`` declares.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    facts = block(path, read_literals(path), 'normaliser')
    values = facts.checked(_KEYS)
    tasks = Block(path, 'normaliser tasks', values['tasks'])
    tasks.checked(dict.fromkeys(tasks.values, Key((Mapping,))))
    for name, entry in tasks.values.items():
        _check_entry(Block(path, f"normaliser tasks['{name}']", entry))
    return Normaliser(
        values['name'], values['version'], values['title'], values['others'], tasks.values
    )


def _check_entry(entry: Block) -> None:
    values = entry.checked(_ENTRY_KEYS)
    ends = values['floor'], values['reference']
    if not all(map(math.isfinite, ends)) or ends[0] == ends[1]:
        raise DeclarationError(
            f'{entry.path}: {entry.name} runs from {ends[0]} to {ends[1]}: '
            'floor and reference must be two different finite numbers'
        )
