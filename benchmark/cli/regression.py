"""``tbench regress`` and ``tbench nightly``: options, and one call each."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import api
from benchmark.cli.arguments import day, real, whole
from benchmark.errors import BenchmarkError, unknown_name

if TYPE_CHECKING:
    from benchmark.regression.compare import Comparison, Margin, Rules
    from benchmark.regression.history import History
    from benchmark.results.store import ResultStore

CORRECTIONS = ('holm', 'bh', 'none')

_count = whole(1, 500)


def add_regress_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``regress``."""
    parser.add_argument('--baseline', type=Path, required=True, metavar='DIR')
    parser.add_argument('--candidate', type=Path, required=True, metavar='DIR')
    parser.add_argument('--suite', metavar='NAME', help='default: the only one in the baseline')
    parser.add_argument(
        '--history', type=Path, metavar='FILE', help='scores of earlier nights, to search for drift'
    )
    parser.add_argument(
        '--append', action='store_true', help='write this night into the file of --history'
    )
    parser.add_argument('--out', type=Path, metavar='DIR', help='text, Markdown, JUnit and JSON')
    parser.add_argument('--json', action='store_true', help='print JSON')
    _add_rules(parser)
    parser.set_defaults(command=regress)


def add_nightly_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``nightly`` to those of a request."""
    parser.add_argument(
        '--out', type=Path, default=Path('nightly'), metavar='DIR',
        help='nights, history and canaries (default: ./nightly)',
    )  # fmt: skip
    parser.add_argument('--baseline', type=Path, metavar='DIR', help='default: OUT/baseline')
    parser.add_argument('--seeds', type=_count, default=2, metavar='N', help='runs of each cell')
    parser.add_argument(
        '--confirm', type=_count, default=4, metavar='N', help='fresh runs of a suspicious cell'
    )
    _add_rules(parser)
    parser.set_defaults(command=nightly)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--night', type=day, metavar='DATE', help='default: today (UTC)')
    parser.add_argument('--junit', type=Path, metavar='FILE', help='JUnit XML for a CI service')
    parser.add_argument(
        '--accepted', type=Path, metavar='FILE', help='TOML file of shifts that are right'
    )
    parser.add_argument(
        '--margin', nargs='+', default=(), metavar='N%|METRIC=X',
        help='drops that do not matter: a share of the baseline, or absolute by metric',
    )  # fmt: skip
    parser.add_argument('--correction', choices=CORRECTIONS, default='holm')
    parser.add_argument('--time-limit', type=real, default=1.5, metavar='RATIO')
    parser.add_argument('--memory-limit', type=real, default=1.25, metavar='RATIO')


def _night(options: Namespace) -> date:
    return options.night or datetime.now(UTC).date()


def _rules(options: Namespace) -> Rules:
    from benchmark.regression.accepted import read_accepted
    from benchmark.regression.compare import Rules
    from benchmark.statistics.decisions import Correction, Levels

    for name, limit in (
        ('--time-limit', options.time_limit),
        ('--memory-limit', options.memory_limit),
    ):
        if not limit >= 1:
            raise BenchmarkError(f'{name} is {limit}, must be a ratio from 1')
    return Rules(
        levels=Levels(correction=Correction(options.correction)),
        margin=_margin(options.margin),
        limits={'seconds': options.time_limit, 'memory_mb': options.memory_limit},
        accepted=read_accepted(options.accepted) if options.accepted else (),
    )


def _margin(texts: tuple[str, ...]) -> Margin:
    from benchmark.regression.compare import Margin

    by_metric: dict[str, float] = {}
    share = 0.0
    for text in texts:
        key, equals, number = text.rpartition('=')
        try:
            if equals:
                by_metric[key] = _not_negative(number)
            elif text.endswith('%'):
                share = _not_negative(text.removesuffix('%')) / 100
            else:
                raise ValueError
        except ValueError:
            raise BenchmarkError(
                f"--margin '{text}' must be a share as in 1% or METRIC=X with X from 0"
            ) from None
    return Margin(by_metric, share)


def _check_margin(margin: Margin, known: Iterable[str]) -> None:
    """Refuse a margin of a metric that no cell has: it would do nothing."""
    keys = sorted(set(known))
    for key in margin.by_metric:
        if key not in keys:
            raise BenchmarkError(f'--margin {unknown_name("headline metric", key, keys)}')


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < float('inf'):
        raise ValueError(text)
    return number


def regress(options: Namespace) -> int:
    """Compare two folders of records; return 0 fine, 1 regression, 2 could not tell."""
    from benchmark.regression.cells import gather
    from benchmark.regression.compare import compare, tell
    from benchmark.regression.history import write_history
    from benchmark.regression.outputs import to_json, write_outputs
    from benchmark.results.store import ResultStore, one_writer

    rules = _rules(options)
    stores = {}
    for name in ('baseline', 'candidate'):
        folder: Path = getattr(options, name)
        if not folder.is_dir():
            raise BenchmarkError(f'--{name} {folder}: no such folder')
        stores[name] = ResultStore(folder, folder)
    suite = options.suite or _only_suite(stores['baseline'])
    baseline = gather(record for record in stores['baseline'].records(suite) if record.is_ok)
    if not baseline:
        raise BenchmarkError(f"--baseline {options.baseline}: no good record of suite '{suite}'")
    history = _history(options, suite)
    candidate = gather(stores['candidate'].records(suite))
    runs = (*baseline.values(), *candidate.values())
    _check_margin(rules.margin, (run.metric.key for run in runs))
    comparison = compare(
        baseline,
        candidate,
        history,
        _night(options).isoformat(),
        rules,
    )
    if options.append:
        with one_writer(options.history):  # another night may have been written meanwhile
            write_history(options.history, tell(_history(options, suite), comparison))
    if options.out:
        write_outputs(comparison, options.out)
    if options.json:
        print(to_json(comparison), end='')
    _tell(comparison, options.junit, is_quiet=options.json)
    return comparison.exit_code


def _history(options: Namespace, suite: str) -> History:
    """Return the earlier nights: those of the file, which may begin with this one."""
    from benchmark.regression.history import History, read_history

    if options.append and options.history is None:
        raise BenchmarkError('--append needs --history FILE, the file to write into')
    if options.history is None or (options.append and not options.history.exists()):
        return History(suite)
    return read_history(options.history, suite)


def _only_suite(store: ResultStore) -> str:
    suites = store.suites()
    if len(suites) != 1:
        known = ', '.join(suites) or 'none'
        raise BenchmarkError(
            f'--baseline {store.results}: name one suite by --suite (there: {known})'
        )
    return suites[0]


def _tell(comparison: Comparison, junit_file: Path | None, *, is_quiet: bool) -> None:
    from benchmark.regression.outputs import junit, summary
    from benchmark.results.store import write_atomically

    if junit_file:
        write_atomically(junit_file, junit(comparison))
    if not is_quiet:
        print(summary(comparison), end='', flush=True)


def nightly(options: Namespace) -> int:
    """Run a night and judge it; return 0 fine, 1 regression, 2 could not tell."""
    from benchmark.cli.commands import place_of, request_of
    from benchmark.launching.nightly import Nightly

    rules = _rules(options)
    api.check_folder('--out', options.out)
    with api.open_campaign(**request_of(options), say=partial(print, flush=True)) as campaign:
        _check_margin(rules.margin, (task.metric.key for task in campaign.request.tasks))
        night = Nightly(
            campaign=campaign,
            baseline=options.baseline or options.out / 'baseline',
            folder=options.out,
            night=_night(options),
            seeds=options.seeds,
            fresh=options.confirm,
            rules=rules,
        )
        with api.open_executor(campaign=campaign, **place_of(options)) as executor:
            comparison = night.run(executor)
    _tell(comparison, options.junit, is_quiet=False)
    print(f'written: {night.night_folder}')
    return comparison.exit_code
