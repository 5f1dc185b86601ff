"""A comparison of two backbones as lines, a data frame, JSON and a small page."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from benchmark.report.data.units import MINUS, NO_SCORE, show, show_change
from benchmark.report.inference.duels import Duel, TaskDuel
from benchmark.report.text.verdicts import covered, interval_text, task_verdict, verdicts

_HEADS = (
    'task',
    'metric',
    'A',
    'B',
    f'A {MINUS} B',
    '95 % interval',
    'p (Holm)',
    'covers',
    'verdict',
)
_STYLE = (
    'body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}'
    'table{border-collapse:collapse}td,th{padding:.3rem .7rem;border-bottom:1px solid #bbb;'
    'text-align:left;vertical-align:top}'
)


@dataclass(frozen=True)
class BackboneComparison:
    """Two backbones compared from the records of a suite.

    Attributes:
        suite: the suite.
        a: title of A.
        b: title of B.
        ids: ids of A and of B.
        duels: what each protocol says.
        notes: what holds for all of it.
    """

    suite: str
    a: str
    b: str
    ids: tuple[str, str]
    duels: tuple[Duel, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """What the comparison says, a sentence per line."""
        lines = [line for duel in self.duels for line in verdicts(duel, self.a, self.b)]
        return '\n'.join([*lines, *(f'note: {note}' for note in self.notes)])

    def frame(self) -> pd.DataFrame:
        """Return one row per protocol and task.

        ``difference`` is A minus B in canonical units and positive where A is better, whatever
        the direction of the metric; ``low`` and ``high`` are the ends of its 95 % interval.
        """
        rows = [_row(duel, one) for duel in self.duels for one in duel.tasks]
        return pd.DataFrame(rows, columns=None if rows else list(_COLUMNS))

    def to_json(self) -> str:
        """Return everything as JSON."""
        content = {
            'suite': self.suite,
            'a': {'id': self.ids[0], 'title': self.a},
            'b': {'id': self.ids[1], 'title': self.b},
            'protocols': [self._said(duel) for duel in self.duels],
            'notes': list(self.notes),
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + '\n'

    def _said(self, duel: Duel) -> dict[str, Any]:
        total = duel.total
        return {
            'protocol': duel.protocol,
            'tasks': [
                {
                    **{key: _plain(value) for key, value in _row(duel, one).items()},
                    'verdict': task_verdict(one, self.a, self.b),
                }
                for one in duel.tasks
            ],
            'total': None
            if total is None
            else {
                'difference': total.value,
                'low': total.low,
                'high': total.high,
                'p': total.p,
                'tasks': duel.counted,
            },
            'missing': list(duel.missing),
            'verdict': list(verdicts(duel, self.a, self.b)),
        }

    def lines(self) -> Iterator[str]:
        """Yield the comparison for a terminal."""
        yield f'A: {self.a} ({self.ids[0]})'
        yield f'B: {self.b} ({self.ids[1]})'
        for duel in self.duels:
            yield ''
            said = list(verdicts(duel, self.a, self.b))
            yield said[0]
            yield from _table(duel)
            yield from (f'  {line}' for line in said[1:])
        for note in self.notes:
            yield f'note: {note}'

    def __repr__(self) -> str:
        """Return the comparison as a terminal shows it."""
        return '\n'.join(self.lines())

    def _repr_html_(self) -> str:
        """Return tables and sentences for a notebook."""
        head = ''.join(f'<th>{escape(name)}</th>' for name in _HEADS)
        parts = [f'<p>A: {escape(self.a)}<br>B: {escape(self.b)}</p>']
        for duel in self.duels:
            said = list(verdicts(duel, self.a, self.b))
            rows = ''.join(
                f'<tr>{"".join(f"<td>{escape(text)}</td>" for text in (*_texts(one), line))}</tr>'
                for one, line in zip(duel.tasks, said[1:], strict=False)
            )
            left = ''.join(f'<p>{escape(line)}</p>' for line in said[1 + len(duel.tasks) :])
            parts.append(f'<p>{escape(said[0])}</p><table><tr>{head}</tr>{rows}</table>{left}')
        notes = ''.join(f'<p>{escape(note)}</p>' for note in self.notes)
        return ''.join(parts) + notes

    def to_html(self) -> str:
        """Return a page that needs nothing else."""
        title = escape(f'{self.a} against {self.b}')
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            f'<title>{title}</title><style>{_STYLE}</style>'
            f'<h1>{title}</h1><p>Suite {escape(self.suite)}</p>{self._repr_html_()}</html>\n'
        )


_COLUMNS = (
    'protocol', 'task', 'metric', 'a', 'b', 'difference', 'low', 'high', 'error', 'p', 'holm',
    'is_clear', 'runs_a', 'runs_b', 'test_examples', 'covers', 'sd_of_seeds', 'sd_of_examples',
    'notes',
)  # fmt: skip


def _row(duel: Duel, one: TaskDuel) -> dict[str, Any]:
    found = one.found
    values = (
        duel.protocol, one.task.name, one.task.primary.key, *one.means, found.value, found.low,
        found.high, found.error, found.p, one.holm, one.is_clear, *found.runs, found.groups,
        covered(one), _root(found.seeds), _root(found.examples), '; '.join(one.notes),
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _root(part: tuple[float, float] | None) -> float:
    return math.nan if part is None else math.sqrt(part[0])


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _texts(one: TaskDuel) -> tuple[str, ...]:
    unit, found = one.task.primary.unit, one.found
    metric = one.task.primary.title or one.task.primary.key
    ends = interval_text((found.low, found.high), unit) if found.is_known else NO_SCORE
    return (
        one.task.title,
        metric,
        *(show(value, unit) for value in one.means),
        show_change(found.value, unit),
        ends,
        f'{one.holm:.2g}' if found.is_known else NO_SCORE,
        covered(one),
    )


def _table(duel: Duel) -> Iterator[str]:
    rows: Sequence[tuple[str, ...]] = [_HEADS[:-1], *(_texts(one) for one in duel.tasks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield (
            '  '
            + '  '.join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        )
