"""Two folders of records, compared: does one say that something got worse?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from benchmark.errors import BenchmarkError
from benchmark.regression.cells import gather
from benchmark.regression.compare import Comparison, Rules, add_night, compare
from benchmark.regression.history import History, read_history, write_history
from benchmark.regression.outputs import write_outputs
from benchmark.regression.rules import check_margin
from benchmark.results.store import ResultStore, one_writer


def today() -> date:
    """Return the date of today in UTC, by which nights are named."""
    return datetime.now(UTC).date()


def compare_folders(
    baseline: Path,
    candidate: Path,
    *,
    rules: Rules,
    suite: str | None = None,
    night: date | None = None,
    history: Path | None = None,
    append: bool = False,
    out: Path | None = None,
) -> Comparison:
    """Return how the records of ``candidate`` compare with those of ``baseline``.

    Args:
        baseline: folder of the records to compare with.
        candidate: folder of the records that are judged.
        rules: what counts as worse.
        suite: whose records; the only one of the baseline unless given.
        night: the date that the comparison is of; today (UTC) unless given.
        history: file with the scores of earlier nights, to search for drift.
        append: whether this night is written into ``history``.
        out: folder for text, Markdown, JUnit and JSON; nothing is written unless given.

    Raises:
        BenchmarkError: a folder or the history is missing, there are no records to compare with,
            or a margin is of an unknown metric.
    """
    stores = {}
    for name, folder in (('baseline', baseline), ('candidate', candidate)):
        if not folder.is_dir():
            raise BenchmarkError(f'--{name} {folder}: no such folder')
        stores[name] = ResultStore(folder, folder)
    chosen = suite or _only_suite(stores['baseline'])
    before = gather(record for record in stores['baseline'].records(chosen) if record.is_ok)
    if not before:
        raise BenchmarkError(f"--baseline {baseline}: no good record of suite '{chosen}'")
    earlier = _history(history, chosen, is_written=append)
    now = gather(stores['candidate'].records(chosen))
    runs = (*before.values(), *now.values())
    check_margin(rules.margin, (run.metric.key for run in runs))
    comparison = compare(before, now, earlier, (night or today()).isoformat(), rules)
    if append and history is not None:
        with one_writer(history):  # another night may have been written meanwhile
            latest = _history(history, chosen, is_written=True)
            write_history(history, add_night(latest, comparison))
    if out is not None:
        write_outputs(comparison, out)
    return comparison


def _history(path: Path | None, suite: str, *, is_written: bool) -> History:
    """Return the earlier nights: those of the file, which may begin with this one."""
    if is_written and path is None:
        raise BenchmarkError('--append needs --history FILE, the file to write into')
    if path is None or (is_written and not path.exists()):
        return History(suite)
    return read_history(path, suite)


def _only_suite(store: ResultStore) -> str:
    suites = store.suites()
    if len(suites) != 1:
        known = ', '.join(suites) or 'none'
        raise BenchmarkError(
            f'--baseline {store.results}: name one suite by --suite (there: {known})'
        )
    return suites[0]
