"""Print the scores of protocols side by side: do the default recipes get what features hold?

    python tools/recipe_table.py RESULTS [--suites NAME ...] [--csv FILE]

A row per task and backbone, a column per protocol, with the standard error over test examples of
one run in brackets. A score is marked where it is worse than that of the protocol before it by more
than twice the standard error of the difference: frozen features with a head should be at least as
good as a linear head at fixed rates, and fine-tuning at least as good as frozen features. Errors
are taken as independent, so that differences are marked too rarely rather than too often.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmark.report.inference.duels import error_over_examples, evidence_of
from benchmark.results.gathered import records_of
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from benchmark.specs import Unit

PROTOCOLS = ('knn', 'linear-fixed', 'frozen', 'finetune')
JUDGED = {'frozen': 'linear-fixed', 'finetune': 'frozen'}
"""Protocols, and which one each should not be worse than."""


class Scored(NamedTuple):
    """A primary score in the unit of tables, its standard error over examples, and its direction.

    ``error`` is ``None`` where outcomes of examples were not kept.
    """

    value: float
    error: float | None
    higher_is_better: bool

    def is_behind(self, other: Scored) -> bool:
        """Whether this score is worse than ``other`` by more than chance, if that can be said."""
        if self.error is None or other.error is None:
            return False
        ahead = (self.value - other.value) * (1 if self.higher_is_better else -1)
        return ahead < -2 * math.hypot(self.error, other.error)


def main() -> int:
    """Print the table of all suites in a folder of results."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('results', type=Path)
    parser.add_argument('--suites', nargs='+', default=())
    parser.add_argument('--csv', type=Path, help='a file for the scores, a row each')
    options = parser.parse_args()
    store = ResultStore(options.results, options.results)
    rows: dict[tuple[str, str], dict[str, Scored]] = {}
    for suite in options.suites or store.suites():
        facts = store.suite_facts(suite)
        films = {} if facts is None else facts.films
        for record in records_of(store, suite):
            if record.is_ok and record.spec.protocol in PROTOCOLS:
                key = (record.spec.task, record.backbone['title'])
                found = score(record, store, films.get(record.spec.task, ''))
                rows.setdefault(key, {}).setdefault(record.spec.protocol, found)
    print('\n'.join(table(rows)))
    if options.csv:
        write_csv(options.csv, rows)
    return 0


def score(record: RunRecord, store: ResultStore, film: str = '') -> Scored:
    """Return the primary score of a record; ``film`` tells films apart in names of pictures."""
    about = next(m for m in record.task['metrics'] if m['key'] == record.primary)
    place = store.outcomes_path(record)
    content = None if place is None else store.outcomes(record)
    outcomes = evidence_of(record, content, str(place)).outcomes
    found = None if outcomes is None else error_over_examples(outcomes, Unit(about['unit']), film)
    return Scored(
        float(record.scores[record.primary]),
        None if found is None else found.error,
        bool(about['higher_is_better']),
    )


def write_csv(path: Path, rows: dict[tuple[str, str], dict[str, Scored]]) -> None:
    """Write a row per score."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['task', 'backbone', 'protocol', 'score', 'error', 'higher_is_better'])
        for (task, backbone), found in sorted(rows.items()):
            for name in sorted(found, key=PROTOCOLS.index):
                one = found[name]
                error = '' if one.error is None else f'{one.error:.6g}'
                writer.writerow(
                    [task, backbone, name, f'{one.value:.6g}', error, one.higher_is_better]
                )


def table(rows: dict[tuple[str, str], dict[str, Scored]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, the best of each row in bold."""
    yield f'| task | backbone | {" | ".join(f"`{name}`" for name in PROTOCOLS)} |'
    yield '| --- | --- |' + ' --: |' * len(PROTOCOLS)
    for (task, backbone), found in sorted(rows.items()):
        cells = [_cell(name, found) for name in PROTOCOLS]
        yield f'| {task} | {backbone} | {" | ".join(cells)} |'


def _cell(name: str, found: dict[str, Scored]) -> str:
    if name not in found:
        return ''
    own = found[name]
    said = f'{own.value:.3g}' if abs(own.value) < 10 else f'{own.value:.1f}'
    if own == _best(list(found.values())):
        said = f'**{said}**'
    if own.error is not None:
        said += f' ({own.error:.2g})'
    other = found.get(JUDGED.get(name, ''))
    return f'{said} behind' if other is not None and own.is_behind(other) else said


def _best(scores: Sequence[Scored]) -> Scored:
    sign = 1 if scores[0].higher_is_better else -1
    return max(scores, key=lambda one: sign * one.value)


if __name__ == '__main__':
    raise SystemExit(main())
