"""What a tracker is told of a watched folder: one run, whose steps are those of the training."""

from __future__ import annotations

from pathlib import Path

from benchmark.tracking import Result, Subject
from benchmark.tracking.feed import finite
from benchmark.watching.ledger import Entry, Ledger, columns_of, values_of
from benchmark.watching.writing import CURVES, HEALTH, SCORES


def watch_subject(ledger: Ledger, out: Path) -> Subject:
    """Return the watch whose results are in ``out`` as a run in a tracker."""
    settings = ledger.plain()['settings']
    where = out.resolve()
    return Subject(f'watch-{where.name}', f'watch {where.name}', f'{settings["suite"]}-val', where,
                   settings, goes_on=True)  # fmt: skip


def tracked_values(entry: Entry) -> dict[str, float]:
    """Return the scores of a checkpoint, means over seeds, and its label-free measures, by name."""
    found: dict[str, float | None] = {}
    for column in columns_of([entry]):
        score = next(s for s in entry.scores if (s.task, s.protocol) == column)
        values = values_of(entry, column)
        found['/'.join((score.split, *column, score.metric))] = sum(values) / len(values)
    return finite(found | {f'health/{name}': value for name, value in entry.health.items()})


def watch_result(ledger: Ledger, out: Path) -> Result:
    """Return what a tracker gets at the end of a watch: the tables, and the final test if any."""
    final = ledger.final
    files = [path for path in (out / SCORES, out / CURVES, out / HEALTH) if path.is_file()]
    if final is None:
        return Result(artefacts=files)
    return Result(final.step, tracked_values(final), artefacts=files)
