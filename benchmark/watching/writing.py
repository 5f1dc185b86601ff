"""Scores over steps as CSV, JSON and one page."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmark.analysis.drawing import COLOURS, FAINT, grid_of_axes
from benchmark.analysis.writing import image_bytes
from benchmark.results.store import write_atomically
from benchmark.watching.ledger import (
    Entry,
    Ledger,
    Score,
    State,
    band_of,
    best_first,
    columns_of,
    oriented,
    values_of,
)

SCORES, CURVES, HEALTH = 'scores.csv', 'curves.csv', 'health.csv'
PAGE, CONTENT = 'index.html', 'scores.json'
"""The files that a watch writes."""

_COLUMNS = 3
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222;
background:#fff}
table{border-collapse:collapse;display:block;overflow-x:auto;font-variant-numeric:tabular-nums}
td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}
svg{max-width:100%;height:auto}
"""


def write_results(ledger: Ledger, out: Path) -> None:
    """Write the scores and health of all evaluated checkpoints to ``out``.

    Raises:
        RecordError: a file cannot be written.
    """
    entries = ledger.having(State.EVALUATED)
    write_atomically(out / SCORES, scores_csv(entries, ledger.final))
    write_atomically(out / CURVES, curves_csv(entries))
    write_atomically(out / HEALTH, health_csv(entries))
    write_atomically(out / CONTENT, json.dumps(_content(ledger), indent=1, allow_nan=False) + '\n')
    write_atomically(out / PAGE, page(ledger))


def scores_csv(entries: Sequence[Entry], final: Entry | None) -> str:
    """Return a row per checkpoint, task, protocol and seed, the final test last."""
    rows = [
        (entry.step, entry.name, entry.sha256[:12], s.split, s.task, s.protocol, s.seed, s.metric,
         s.unit, repr(s.value))
        for entry in (*entries, *([final] if final else []))
        for s in entry.scores
    ]  # fmt: skip
    head = ('step', 'checkpoint', 'sha256', 'split', 'task', 'protocol', 'seed', 'metric', 'unit',
            'value')  # fmt: skip
    return _csv(head, rows)


def curves_csv(entries: Sequence[Entry]) -> str:
    """Return a row per checkpoint, task and protocol: the mean over seeds and its interval."""
    rows = [
        (entry.step, *column, repr(band.mean), _plain(band.low), _plain(band.high), band.over,
         band.repeats)
        for entry in entries
        for column in columns_of([entry])
        if (band := band_of(entry, column)) is not None
    ]  # fmt: skip
    return _csv(('step', 'task', 'protocol', 'mean', 'low', 'high', 'over', 'count'), rows)


def health_csv(entries: Sequence[Entry]) -> str:
    """Return a row per checkpoint with its label-free measures."""
    names = _measures(entries)
    rows = [
        (entry.step, entry.name, *(_plain(entry.health.get(name)) for name in names))
        for entry in entries
        if entry.health
    ]
    return _csv(('step', 'checkpoint', *names), rows)


def _plain(value: float | None) -> str:
    return '' if value is None else repr(value)


def _csv(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator='\n').writerows([head, *rows])
    return target.getvalue()


def _measures(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(name for entry in entries for name in entry.health))


def agreement(entries: Sequence[Entry]) -> dict[str, dict[str, float]]:
    """Return Kendall's tau-b of each measure of health with each task's scores over checkpoints.

    By measure and ``'TASK PROTOCOL'``; scores are turned such that higher is better. A pair with
    fewer than three checkpoints, or with constant numbers, is left out.
    """
    import numpy as np

    from benchmark.statistics.health import rank_agreement

    found: dict[str, dict[str, float]] = {}
    for name in _measures(entries):
        health = np.array([_known(entry.health.get(name)) for entry in entries])
        for column in columns_of(entries):
            scores = np.array([oriented(entry, column) for entry in entries])
            tau = rank_agreement(health, scores)
            if math.isfinite(tau):
                found.setdefault(name, {})[' '.join(column)] = tau
    return found


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def agreement_lines(ledger: Ledger) -> list[str]:
    """Return a line per measure of health: how its order of checkpoints agrees with each task's."""
    entries = ledger.having(State.EVALUATED)
    return [
        f'{name} agrees with '
        + ', '.join(f'{column} {tau:+.2f}' for column, tau in taus.items())
        + f' (Kendall tau over {len(entries)} checkpoints)'
        for name, taus in agreement(entries).items()
    ]


def outcome_line(entry: Entry) -> str:
    """Return what was found of a checkpoint in one line."""
    parts = [_shown(entry, column) for column in columns_of([entry])]
    rank = entry.health.get('rank_me')
    if rank is not None:
        parts.append(f'RankMe {rank:.1f}')
    parts += [f'failed: {error}' for error in entry.errors]
    return f'step {entry.step}: {"; ".join(parts) or "no score"}'


def _shown(entry: Entry, column: tuple[str, str]) -> str:
    values = values_of(entry, column)
    score = next(s for s in entry.scores if (s.task, s.protocol) == column)
    return f'{" ".join(column)} {_number(sum(values) / len(values), score)}'


def _number(value: float, score: Score) -> str:
    from benchmark.report.data.units import show_with_sign
    from benchmark.specs import Unit

    return show_with_sign(value, Unit(score.unit))


def _content(ledger: Ledger) -> dict[str, Any]:
    plain = ledger.plain()
    del plain['seen']
    evaluated = ledger.having(State.EVALUATED)
    ordered = best_first(evaluated)
    return {**plain, 'best': [entry.step for entry in ordered], 'agreement': agreement(evaluated)}


# the page


def page(ledger: Ledger) -> str:
    """Return one HTML page, which loads nothing: curves, health, agreement and what was skipped."""
    entries = ledger.having(State.EVALUATED)
    skipped = ledger.having(State.UNREADABLE, State.SKIPPED)
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f'<title>Scores over steps</title><style>{_STYLE}</style>',
        '<h1>Scores over steps</h1>',
        f'<p>{len(entries)} checkpoints, scored on validation splits. Lines are means over seeds, '
        'bands their 95 % intervals.</p>',
    ]
    if columns_of(entries):  # every cell may have failed
        parts += [_curves(entries), f'<p>{escape(_bands_said(entries))}</p>', _table(entries)]
    if _measures(entries):
        parts += ['<h2>Label-free measures</h2>', _health_curves(entries), _agreement(entries)]
    if ledger.final:
        parts += ['<h2>Test splits</h2>', f'<p>{escape(outcome_line(ledger.final))}</p>']
    if skipped:
        listed = ''.join(f'<li>{escape(_why(entry))}</li>' for entry in skipped)
        parts += ['<h2>Not evaluated</h2>', f'<ul>{listed}</ul>']
    return '\n'.join(parts) + '\n'


def _why(entry: Entry) -> str:
    return f'{entry.name}: {entry.reason}'


def _curves(entries: Sequence[Entry]) -> str:
    """Return a panel per task, a line per protocol."""
    columns = columns_of(entries)
    tasks = list(dict.fromkeys(task for task, _ in columns))
    protocols = list(dict.fromkeys(protocol for _, protocol in columns))
    figure, axes = grid_of_axes(-(-len(tasks) // _COLUMNS), min(len(tasks), _COLUMNS))
    for ax in axes.flat[len(tasks) :]:
        ax.set_visible(False)
    for ax, task in zip(axes.flat, tasks, strict=False):
        ax.set_title(task, fontsize=9)
        ax.set_xlabel('step', fontsize=8)
        first = next(s for entry in entries for s in entry.scores if s.task == task)
        ax.set_ylabel(first.metric, fontsize=8)
        for number, protocol in enumerate(protocols):
            _line(ax, entries, (task, protocol), COLOURS[number % len(COLOURS)])
        ax.legend(fontsize=7, frameon=False)
    return _svg(figure, 'A curve of scores over steps for each task')


def _line(ax: Any, entries: Sequence[Entry], column: tuple[str, str], colour: str) -> None:
    found = [(entry.step, band_of(entry, column)) for entry in entries]
    known = [(step, band) for step, band in found if band is not None]
    if not known:
        return
    steps = [step for step, _ in known]
    means = [band.mean for _, band in known]
    ax.plot(steps, means, 'o-', color=colour, markersize=3, linewidth=1.2, label=column[1])
    low, high = ([_known(getattr(band, end)) for _, band in known] for end in ('low', 'high'))
    ax.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)


def _bands_said(entries: Sequence[Entry]) -> str:
    """Return what the band of each line covers."""
    said: dict[str, list[str]] = {}
    for column in columns_of(entries):
        bands = [band for e in entries if (band := band_of(e, column)) is not None]
        for over in dict.fromkeys(band.over for band in bands):
            what = _what_is_covered(over, [band.repeats for band in bands if band.over == over])
            said.setdefault(what, []).append(' '.join(column))
    return ' '.join(f'{what}: {", ".join(names)}.' for what, names in said.items())


def _what_is_covered(over: str, counts: Sequence[int]) -> str:
    several = '' if min(counts) == max(counts) else f'{min(counts)} to '
    if over == 'seeds':
        return f"Over {several}{max(counts)} seeds, by Student's t"
    if over == 'examples':
        return (
            f'Over {several}{max(counts)} validation examples, since there is one seed or seeds '
            'change nothing'
        )
    return 'No band, since neither a spread over seeds nor outcomes of several examples are known'


def _health_curves(entries: Sequence[Entry]) -> str:
    names = _measures(entries)
    figure, axes = grid_of_axes(-(-len(names) // _COLUMNS), min(len(names), _COLUMNS), height=1.7)
    for ax in axes.flat[len(names) :]:
        ax.set_visible(False)
    for ax, name in zip(axes.flat, names, strict=False):
        known = [(entry.step, entry.health.get(name)) for entry in entries]
        points = [(step, value) for step, value in known if value is not None]
        ax.set_title(name, fontsize=9)
        ax.plot(*zip(*points, strict=True), 'o-', color=FAINT, markersize=3) if points else None
    return _svg(figure, 'Label-free measures over steps')


def _svg(figure: Any, title: str) -> str:
    text = image_bytes(figure, 'svg').decode()
    return f'<figure aria-label="{escape(title)}">{text[text.index("<svg") :]}</figure>'


def _table(entries: Sequence[Entry]) -> str:
    columns = columns_of(entries)
    rows = [
        [str(entry.step), *(_cell(entry, column) for column in columns)]
        for entry in sorted(entries, key=lambda entry: entry.step)
    ]
    return _html_table(['step', *(' '.join(column) for column in columns)], rows)


def _cell(entry: Entry, column: tuple[str, str]) -> str:
    values = values_of(entry, column)
    if not values:
        return '\N{EN DASH}'
    score = next(s for s in entry.scores if (s.task, s.protocol) == column)
    return _number(sum(values) / len(values), score)


def _agreement(entries: Sequence[Entry]) -> str:
    found = agreement(entries)
    columns = list(dict.fromkeys(column for taus in found.values() for column in taus))
    if not columns:
        return '<p>Their agreement with the scores is shown from three checkpoints on.</p>'
    rows = [
        [name, *(f'{taus[c]:+.2f}' if c in taus else '\N{EN DASH}' for c in columns)]
        for name, taus in found.items()
    ]
    said = (
        "<p>Kendall's tau-b between each measure and each task's scores over the checkpoints: near "
        '1, checkpoints with a higher value are better; near -1, those with a lower one.</p>'
    )
    return said + _html_table(['measure', *columns], rows)


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = ''.join(f'<th>{escape(name)}</th>' for name in head)
    body = ''.join(f'<tr>{"".join(f"<td>{escape(c)}</td>" for c in row)}</tr>' for row in rows)
    return f'<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
