"""What each command does: one call into the floors below, and lines for a person.

Heavy imports stay inside the functions, so that a command loads only what it needs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.libraries import quiet_libraries
from benchmark.errors import BenchmarkError

if TYPE_CHECKING:
    from benchmark.launching.campaign import Campaign, Plan
    from benchmark.specs import Finding


def campaign_of(
    options: Namespace, say: Callable[[str], None], seeds: Sequence[int] = ()
) -> Campaign:
    """Return the campaign that the options of a request ask for; ``seeds`` default to the suite's.

    Raises:
        BenchmarkError: a name is unknown, a declaration wrong, or a folder cannot be written.
    """
    from benchmark.compiling import parse_options
    from benchmark.launching.campaign import Campaign
    from benchmark.planning import Request
    from benchmark.planning.contents import Level
    from benchmark.results.store import ResultStore

    for flag in ('--results', '--work-dir'):
        check_folder(flag, getattr(options, flag.strip('-').replace('-', '_')))
    request = Request.read(
        options.suite,
        backbones=options.backbones,
        tasks=options.tasks,
        protocols=options.protocols,
        seeds=seeds,
    )
    return Campaign(
        request,
        ResultStore(options.results, options.work_dir),
        options.data_root,
        parse_options(options.cfg_options) | _split_loading(options),
        say,
        options.feature_cache,
        options.processes,
        Level.QUICK if options.quick_data else Level.CONTENTS,
    )


def check_folder(flag: str, folder: Path) -> None:
    """Refuse a folder, given by the option ``flag``, that is none or into which nothing goes.

    Raises:
        BenchmarkError: names the option and what is in the way.
    """
    there = next((place for place in (folder, *folder.parents) if place.exists()), Path())
    if not there.is_dir():
        raise BenchmarkError(f'{flag} {folder}: {there} is a file; it must be a folder')
    if not os.access(there, os.W_OK | os.X_OK):
        raise BenchmarkError(f'{flag} {folder}: nothing can be written in {there}')


def worker_environments_of(options: Namespace, campaign: Campaign) -> list[dict[str, str]]:
    """Return the environment of each worker: no more of them than the campaign has cells.

    Raises:
        EnvironmentProblem: there is no such device, or not enough of it.
    """
    from benchmark.launching.devices import worker_environments
    from benchmark.planning import expand

    jobs = options.jobs and min(options.jobs, max(len(expand(campaign.request)), 1))
    return worker_environments(options.device, jobs, processes=options.processes)


def _split_loading(options: Namespace) -> dict[str, int]:
    """Return the change to configurations whose processes load apart: it goes into fingerprints."""
    from benchmark.compiling import SPLIT_LOADING

    splits = options.split_loading and options.processes > 1
    return {SPLIT_LOADING: options.processes} if splits else {}


def run(options: Namespace) -> int:
    """Run a suite and return 1 when some cells failed."""
    _, failed = carry_out(campaign_of(options, _say, options.seeds), options)
    _say(f'next: tbench report --suite {options.suite} {_places(options)}'.rstrip())
    return 1 if failed else 0


def carry_out(campaign: Campaign, options: Namespace) -> tuple[Plan, int]:
    """Run what is to do of a campaign; return its plan and how many cells failed.

    Raises:
        BenchmarkError: the request is wrong; nothing was run.
    """
    from benchmark.launching.pool import Pool

    with Pool(worker_environments_of(options, campaign)) as pool:
        plan = campaign.prepare(pool)
        name = campaign.request.suite.name
        _say(f'{name}: {len(plan.done)} cells done, {len(plan.to_do)} to do')
        records = campaign.run(pool, plan)
    failed = sum(not record.is_ok for record in records)
    _say(f'{len(records) - failed} cells ran, {failed} failed, {len(plan.done)} were done before')
    return plan, failed


def plan(options: Namespace) -> int:
    """Print what a run would do and cost; return 2 when a run would refuse the request."""
    from benchmark.cli.overviews import plan_lines
    from benchmark.launching.pool import Pool
    from benchmark.launching.survey import survey

    campaign = campaign_of(options, lambda line: None, options.seeds)
    environments = worker_environments_of(options, campaign)
    device = 'gpu' if environments[0].get('CUDA_VISIBLE_DEVICES') else 'cpu'
    with Pool(environments) as pool:
        found = survey(campaign, pool, device)
    if options.json:
        print(json.dumps(found.to_plain(), indent=1, ensure_ascii=False))
    else:
        for line in plan_lines(found, workers=len(environments), device=device):
            _say(line)
    return 2 if found.plan.impossible else 0


def status(options: Namespace) -> int:
    """Print where the campaigns of a work folder stand."""
    from benchmark.cli.overviews import status_lines
    from benchmark.launching.status import statuses

    while True:
        found = statuses(options.work_dir, options.suite)
        if options.json:
            plain = {'campaigns': [campaign.to_plain() for campaign in found]}
            print(json.dumps(plain, indent=1, ensure_ascii=False))
        for line in () if options.json else status_lines(found):
            _say(line)
        if not found and not options.json:
            _say(f'{options.work_dir}: nothing was run here')
        if not options.watch or not any(campaign.is_alive for campaign in found):
            return 0
        time.sleep(options.watch)


def _places(options: Namespace) -> str:
    """Return the options that lead another command to the same folders."""
    places = (
        ('--results', options.results, 'results'),
        ('--work-dir', options.work_dir, 'work_dirs'),
    )
    return ' '.join(f'{name} {path}' for name, path, default in places if path != Path(default))


def list_declared(options: Namespace) -> int:
    """Print what is declared, as a table or as JSON."""
    from benchmark.cli.listings import listing

    rows = listing(options.what)
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    if not rows:
        print(f'no {options.what} are declared')
        return 0
    if options.what == 'suites':  # some have tens of tasks
        rows = [{**row, 'tasks': len(row['tasks'])} for row in rows]
    columns = list(rows[0])
    table = [columns, *([_cell(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(columns))]
    for line in table:
        print(
            '  '.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        )
    return 0


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ', '.join(map(str, value))
    if isinstance(value, dict):
        return ', '.join(f'{key} {item}' for key, item in value.items())
    return '-' if value is None else str(value)


def report(options: Namespace) -> int:
    """Write a suite's tables and page; with ``--check`` return 1 when committed ones are stale."""
    from benchmark.catalog import find_suite

    suite = find_suite(options.suite)
    from benchmark.report import (
        Wishes,
        read_normaliser,
        stale_files,
        suite_boards,
        write_literature,
        write_report,
    )
    from benchmark.results.store import ResultStore

    if options.history and (options.published or 'html' not in (options.format or ('html',))):
        raise BenchmarkError(
            f'--history {options.history}: nights are drawn on the page of the records: add html '
            'to --format, without --published'
        )
    store = ResultStore(options.results, options.work_dir)
    out: Path = options.out or store.tables_folder()
    scale = None if options.normaliser is None else read_normaliser(options.normaliser)
    wishes = Wishes(options.reference, scale, suite.groups, options.history)
    if options.check:
        formats = tuple(options.format or ())
        stale = stale_files(store, suite.name, out=out, formats=formats, wishes=wishes)
        for path in stale:
            _say(f'stale: {path}')
        return 1 if stale else 0
    formats = tuple(options.format or ('md', 'csv', 'html'))
    paths: list[Path] = []
    if not options.published:
        paths += write_report(store, suite.name, out=out, formats=formats, wishes=wishes)
    if options.published or options.with_published:
        boards = suite_boards(store, suite.name) if options.with_published else ()
        paths += write_literature(store.results, suite, out=out, formats=formats, boards=boards)
    for path in paths:
        _say(str(path))
    return 0


def check_backbone(options: Namespace) -> int:
    """Check a backbone's contract and return 2 when it is broken."""
    from benchmark.catalog import find_backbone

    backbone = find_backbone(options.id)
    from benchmark.checking.backbone import check

    return _say_all(check(backbone))


def _say_all(findings: Iterable[Finding]) -> int:
    """Print findings, one per line, and return 2 when one is bad."""
    are_ok = []
    for finding in findings:
        mark = 'WARNING ' if finding.is_warning else 'ok      '
        _say(f'{mark if finding.is_ok else "BROKEN  "}{finding.what}: {finding.detail}')
        are_ok.append(finding.is_ok)
    return 0 if all(are_ok) else 2


def check_task(options: Namespace) -> int:
    """Check a task's declaration and, where its data are there, look at some of them."""
    from benchmark.cli.checks import data_findings, task_lines

    for line in task_lines(options.name, options.data_root):
        _say(line)
    return _say_all(data_findings(options.name, options.data_root))


def check_data(options: Namespace) -> int:
    """Compare a task's data with its declaration; return 2 when they are missing or differ."""
    from benchmark.catalog import find_task
    from benchmark.errors import DataError
    from benchmark.planning.contents import DataReader
    from benchmark.planning.data import keep_manifest, layout_lines, locate

    task = find_task(options.name)
    if task.source.provider:
        _say(f'ok      data: made by the project ({task.source.provider}) on first use')
        return 0
    try:
        folder = locate(task, options.data_root)
    except DataError as error:
        _say(f'absent  {error}')
        for line in layout_lines(task):
            _say(line)
        return 2
    with quiet_libraries():
        from benchmark.checking.data import check_data as check

        reader = DataReader(options.work_dir / 'cache' / 'data', say=_say)
        findings = check(task, folder, full=options.full, reader=reader)
        if options.draw is not None:
            from benchmark.checking.drawing import draw_data

            _say(f'drawn   {draw_data(task, folder, options.draw)}')
    code = _say_all(findings)
    manifest = reader.manifest(task, folder)
    _say(f'written {keep_manifest(task, options.data_root, findings, manifest)}')
    return code


def doctor(options: Namespace) -> int:
    """Print versions, device and what is missing; return 2 when something needed is."""
    from benchmark.cli.checks import doctor_lines

    lines, is_well = doctor_lines()
    for line in lines:
        _say(line)
    return 0 if is_well else 2


def _say(line: str) -> None:
    print(line, file=sys.stdout, flush=True)
