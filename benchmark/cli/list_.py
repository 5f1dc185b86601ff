"""``tbench list``: what is declared."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from benchmark import api
from benchmark.cli.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``list``."""
    parser = subparsers.add_parser('list', help='list what is declared')
    parser.add_argument(
        'what',
        choices=('tasks', 'backbones', 'suites', 'protocols'),
        help='what to list; the first three come with the project, files of your own do not show',
    )
    parser.add_argument('--json', action='store_true', help='for programs')
    parser.set_defaults(command=list_declared)


def list_declared(options: Namespace) -> int:
    """Print what is declared, as a table or as JSON."""
    rows = api.list_declared(options.what)
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
