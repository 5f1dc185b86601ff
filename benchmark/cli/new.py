"""``tbench new``: write a declaration from a folder of data."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_data_root
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``new``."""
    parser = subparsers.add_parser('new', help='write the declaration of a task from your data')
    kinds = parser.add_subparsers(title='what', required=True, metavar='task')
    task = kinds.add_parser(
        'task',
        help='search a folder, write a declaration, count the splits and draw samples',
    )
    task.add_argument(
        '--kind',
        required=True,
        metavar='KIND',
        help='classification, segmentation, detection, pose, depth, tracking or mot',
    )
    task.add_argument(
        '--from',
        dest='folder',
        required=True,
        type=Path,
        metavar='FOLDER',
        help='folder of the data; nothing in it is changed',
    )
    task.add_argument(
        '--out',
        type=Path,
        metavar='FILE.py',
        help='the file to write (default: named after the folder, in the working directory)',
    )
    task.add_argument(
        '--small',
        action='store_true',
        help='use small pictures and narrow heads, for CPUs and trials',
    )
    task.add_argument('--replace', action='store_true', help='overwrite an existing file')
    task.add_argument(
        '--no-draw', action='store_true', help='do not write FILE.html with samples of each split'
    )
    add_data_root(task)
    task.set_defaults(command=new_task)


def new_task(options: Namespace) -> int:
    """Write a task's declaration; return 2 when a split cannot be opened."""
    new = api.new_task(
        options.kind,
        options.folder,
        data_root=options.data_root,
        out=options.out,
        replace=options.replace,
        small=options.small,
    )
    task = new.task
    say(f'written {new.path}')
    count = len(task.classes)
    say(f'classes {count}: {", ".join(task.classes[:20])}{" ..." if count > 20 else ""}')
    say('splits  ' + ', '.join(f'{role} {number}' for role, number in task.splits.items()))
    for note in new.notes:
        say(f'note    {note}')
    for fault in new.faults:
        say(f'BROKEN  {fault}')
    if new.faults:
        return 2
    if not options.no_draw:
        say(f'drawn   {api.draw_data(task, options.folder, new.path.with_suffix(".html"))}')
    root = (
        '' if options.data_root == api.default_data_root() else f' --data-root {options.data_root}'
    )
    say(f'next:   tbench check data {new.path}{root}')
    return 0
