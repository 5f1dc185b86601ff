"""``tbench check``: is a backbone, a task or its data right?"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_data_root, add_normalisation, add_work, normalised
from benchmark.cli.printing import say

if TYPE_CHECKING:
    from benchmark.specs import CheckResult


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``check``."""
    parser = subparsers.add_parser('check', help='validate a backbone, a task or its data')
    kinds = parser.add_subparsers(title='what', required=True, metavar='backbone|task|data')
    backbone = kinds.add_parser('backbone', help='build it, load its weights, run it')
    backbone.add_argument(
        'id',
        metavar='ID|FILE',
        help='as in `tbench run --backbones`, for example timm:NAME@WEIGHTS or FILE.py:CLASS',
    )
    add_normalisation(backbone)
    backbone.set_defaults(command=check_backbone)
    task = kinds.add_parser('task', help='validate its declaration and compile it')
    data = kinds.add_parser('data', help="compare a task's data with its declaration")
    for parser_, command in ((task, check_task), (data, check_data)):
        parser_.add_argument(
            'name',
            metavar='NAME|FILE',
            help='of `tbench list tasks`, or a file of your own',
        )
        add_data_root(parser_)
        parser_.set_defaults(command=command)
    data.add_argument(
        '--full', action='store_true', help='read every picture, and compare those of two splits'
    )
    data.add_argument(
        '--draw',
        type=Path,
        metavar='FILE.html',
        help='write a page with samples of each split and their labels, to look at',
    )
    add_work(data)


def check_backbone(options: Namespace) -> int:
    """Check a backbone's contract and what it can serve; return 2 when the contract is broken."""
    (backbone,) = normalised([options.id], options)
    found = api.check(backbone)
    for line in found.lines():
        say(line)
    return 0 if found.is_ok else 2


def check_task(options: Namespace) -> int:
    """Check a task's declaration and, where its data are there, look at some of them."""
    from benchmark.checking.task import data_findings, task_lines

    for line in task_lines(options.name, options.data_root):
        say(line)
    return _say_findings(data_findings(options.name, options.data_root))


def check_data(options: Namespace) -> int:
    """Compare a task's data with its declaration; return 2 when they are missing or differ."""
    from benchmark.errors import DataError
    from benchmark.planning.contents import DataReader
    from benchmark.planning.data import keep_manifest, layout_lines, locate

    task = api.get_task(options.name)
    if task.source.provider:
        say(f'ok      data: made by the project ({task.source.provider}) on first use')
        return 0
    try:
        folder = locate(task, options.data_root)
    except DataError as error:
        say(f'absent  {error}')
        for line in layout_lines(task):
            say(line)
        return 2
    reader = DataReader(options.work_dir / 'cache' / 'data', say=say)
    findings = api.check_data(task, folder, full=options.full, reader=reader)
    if options.draw is not None:
        say(f'drawn   {api.draw_data(task, folder, options.draw)}')
    code = _say_findings(findings)
    manifest = reader.manifest(task, folder)
    say(f'written {keep_manifest(task, options.data_root, findings, manifest)}')
    return code


def _say_findings(findings: Iterable[CheckResult]) -> int:
    """Print findings, one per line, and return 2 when one is bad."""
    are_ok = []
    for finding in findings:
        mark = 'WARNING ' if finding.is_warning else 'ok      '
        say(f'{mark if finding.is_ok else "BROKEN  "}{finding.what}: {finding.detail}')
        are_ok.append(finding.is_ok)
    return 0 if all(are_ok) else 2
