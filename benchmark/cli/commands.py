"""What each command does: one call into the floors below, and lines for a person.

Heavy imports stay inside the functions, so that a command loads only what it needs.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import api

if TYPE_CHECKING:
    from benchmark.specs import Finding


def request_of(options: Namespace) -> dict[str, Any]:
    """Return the options of a request as :func:`benchmark.api.open_campaign` takes them."""
    from benchmark.compiling import parse_options

    return {
        'backbones': options.backbones,
        'suite': options.suite,
        'tasks': options.tasks,
        'protocols': options.protocols,
        'data_root': options.data_root,
        'results': options.results,
        'work_dir': options.work_dir,
        'processes': options.processes,
        'split_loading': options.split_loading,
        'feature_cache': options.feature_cache,
        'quick_data': options.quick_data,
        'options': parse_options(options.cfg_options),
    }


def place_of(options: Namespace) -> dict[str, Any]:
    """Return where cells run, as :func:`benchmark.api.open_executor` takes it."""
    return {'executor': options.executor, 'device': options.device, 'jobs': options.jobs}


def run(options: Namespace) -> int:
    """Run a suite and return 1 when some cells failed."""
    done = api.evaluate(
        **request_of(options),
        **place_of(options),
        seeds=options.seeds,
        submission=options.submission,
        say=_say,
    )
    for archive in done.archives:
        _say(f'for the server: {archive}')
    _say(f'next: tbench report --suite {options.suite} {_places(options)}'.rstrip())
    return 1 if done.failed else 0


def plan(options: Namespace) -> int:
    """Print what a run would do and cost; return 2 when a run would refuse the request."""
    from benchmark.cli.overviews import plan_lines

    with (
        api.open_campaign(**request_of(options), seeds=options.seeds) as campaign,
        api.open_executor(campaign=campaign, **place_of(options)) as executor,
    ):
        found = api.survey_campaign(campaign, executor)
        workers, device = executor.workers, executor.device
    if options.json:
        print(json.dumps(found.to_plain(), indent=1, ensure_ascii=False))
    else:
        for line in plan_lines(found, workers=workers, device=device):
            _say(line)
    return 2 if found.plan.impossible else 0


def status(options: Namespace) -> int:
    """Print where the campaigns of a work folder stand."""
    from benchmark.cli.overviews import status_lines

    while True:
        found = api.campaigns(options.work_dir, options.suite)
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
    asked = {
        'results': options.results,
        'work_dir': options.work_dir,
        'out': options.out,
        'formats': options.format,
        'reference': options.reference,
        'normaliser': options.normaliser,
    }
    if options.check:
        stale = api.stale_report(options.suite, **asked)
        for path in stale:
            _say(f'stale: {path}')
        return 1 if stale else 0
    paths = api.write_report(
        options.suite,
        **asked,
        history=options.history,
        published=options.published,
        with_published=options.with_published,
    )
    for path in paths:
        _say(str(path))
    return 0


def check_backbone(options: Namespace) -> int:
    """Check a backbone's contract and what it can serve; return 2 when the contract is broken."""
    found = api.check(options.id)
    for line in found.lines():
        _say(line)
    return 0 if found.is_ok else 2


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
    from benchmark.errors import DataError
    from benchmark.planning.contents import DataReader
    from benchmark.planning.data import keep_manifest, layout_lines, locate

    task = api.get_task(options.name)
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
    reader = DataReader(options.work_dir / 'cache' / 'data', say=_say)
    findings = api.check_data(task, folder, full=options.full, reader=reader)
    if options.draw is not None:
        from benchmark.cli.libraries import quiet_libraries

        with quiet_libraries():
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
