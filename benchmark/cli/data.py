"""``tbench data``: get data sets, see what they take, convert, check, link and remove them."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark import api
from benchmark.cli.arguments import Subparsers, positive
from benchmark.cli.check import check_data
from benchmark.cli.options import add_data_root, add_work
from benchmark.cli.printing import say
from benchmark.cli.terminal import printable

_EXISTING = "data set, task or suite (FILE.py for a suite of one's own)"


def add_parser(subparsers: Subparsers) -> None:
    """Add ``data`` with its own commands."""
    parser = subparsers.add_parser('data', help='get, check, convert, link and remove data sets')
    kinds = parser.add_subparsers(title='what', required=True, metavar='COMMAND')
    _add_get(kinds)
    planning = _add(kinds, 'plan', plan, 'bytes, time, licence and gate; fetches nothing')
    planning.add_argument('names', nargs='+', metavar='NAME', help=_EXISTING)
    _add_speed(planning)
    listing = _add(kinds, 'list', list_all, 'all declared data sets, and which are there')
    listing.set_defaults(names=())
    _add_speed(listing)
    checking = _add(kinds, 'check', check, "compare a task's data with its declaration")
    checking.add_argument('names', nargs='+', metavar='TASK', help='names or files of tasks')
    checking.add_argument('--full', action='store_true', help='read every picture')
    checking.set_defaults(draw=None)
    add_work(checking)
    _add_convert(kinds)
    removing = _add(kinds, 'remove', remove, 'delete archives; with --data the unpacked files too')
    removing.add_argument('names', nargs='+', metavar='NAME', help=_EXISTING)
    removing.add_argument('--data', action='store_true', help='the unpacked files or links, too')
    probing = _add(kinds, 'probe', probe, 'ask every address whether it still has its file')
    probing.add_argument('names', nargs='*', metavar='NAME', help=f'{_EXISTING}; default: all')
    linking = _add(
        kinds, 'link', link, 'let a folder or archives stand for a data set, without copying'
    )
    linking.add_argument('name', metavar='NAME', help='data set')
    linking.add_argument(
        'places',
        nargs='+',
        type=Path,
        metavar='FOLDER|ARCHIVE',
        help='where it lies unpacked, or zip and tar files that are read in place',
    )


def _add(kinds: Any, name: str, command: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=text)
    add_data_root(parser)
    parser.set_defaults(command=command)
    return parser


def _add_get(kinds: Any) -> None:
    parser = _add(kinds, 'get', get, 'fetch, verify, unpack and convert; run again to continue')
    parser.add_argument('names', nargs='+', metavar='NAME', help=_EXISTING)
    parser.add_argument('--keep', action='store_true', help='leave the archives when unpacked')
    parser.add_argument(
        '--at-once', type=positive, default=2, metavar='N', help='files at a time (default: 2)'
    )


def _add_speed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--speed', type=positive, default=10, metavar='MB', help='MB a second (default: 10)'
    )
    parser.add_argument('--json', action='store_true', help='for programs')


def _add_convert(kinds: Any) -> None:
    from benchmark.acquiring.converting import CONVERTERS

    parser = kinds.add_parser('convert', help='bring a release into the layout that a task reads')
    parser.add_argument('layout', choices=sorted(CONVERTERS), help='whose release it is')
    parser.add_argument('folder', type=Path, help='where the unpacked release lies')
    parser.add_argument('--lists', type=Path, metavar='DIR', help='kitti: published Eigen lists')
    parser.set_defaults(command=convert)


def get(options: Namespace) -> int:
    """Fetch what is missing; return 1 where a person is waited for or files lack."""
    return fetch(options.names, options.data_root, keep=options.keep, at_once=options.at_once)


def fetch(names: Sequence[str], data_root: Path, *, keep: bool = False, at_once: int = 2) -> int:
    """Fetch the data of tasks, suites or data sets; return 1 where files still lack.

    Args:
        names: tasks, suites or data sets.
        data_root: folder of the data sets.
        keep: whether archives stay after they are unpacked.
        at_once: how many files come at a time.
    """
    from benchmark.acquiring.declared import chosen
    from benchmark.acquiring.getting import Manner
    from benchmark.cli.bars import Bars
    from benchmark.errors import DataError

    how = Manner(keep, at_once, Bars(), say=say)
    failed, wanted = 0, chosen(names)
    for number, one in enumerate(wanted, start=1):
        try:
            lines = api.get_data(one.name, data_root, replace(how, later=tuple(wanted[number:])))
        except DataError as error:
            print(printable(f'open    {error}'), file=sys.stderr, flush=True)
            failed = 1
            continue
        for line in (*lines, *(f'{one.name}: next: {step}' for step in one.after)):
            say(f'ok      {line}')
    return max(failed, _missing(wanted, data_root))


def _missing(wanted: list[Any], data_root: Path) -> int:
    """Say of each task whose data sets were all asked for what it lacks; return 1 if any does."""
    from benchmark.acquiring.declared import distributions, serving
    from benchmark.acquiring.getting import shortfalls
    from benchmark.catalog import shipped_tasks

    declared, tasks, failed = distributions(), shipped_tasks(), 0
    for name in dict.fromkeys(task for one in wanted for task in one.tasks):
        if name in tasks and all(one in wanted for one in serving(name, declared)):
            lacking = shortfalls(tasks[name], data_root)
            for line in lacking:
                print(printable(f'open    {line}'), file=sys.stderr, flush=True)
            if not lacking:
                say(f'ok      {name}: all files; next: tbench data check {name}')
            failed = max(failed, int(bool(lacking)))
    return failed


def plan(options: Namespace) -> int:
    """Print what getting the named data sets would take."""
    from benchmark.acquiring.declared import chosen

    return _show(chosen(options.names), options)


def list_all(options: Namespace) -> int:
    """Print all declared data sets."""
    from benchmark.acquiring.declared import distributions

    return _show(list(distributions().values()), options)


def _show(chosen: list[Any], options: Namespace) -> int:
    from benchmark.acquiring.planning import plan as planned
    from benchmark.catalog import shipped_tasks

    items = planned(chosen, options.data_root, shipped_tasks())
    speed = options.speed * 1e6
    if options.json:
        say(json.dumps([item.facts(speed) for item in items]))
        return 0
    for item in items:
        more = f' + {item.unknown} files of unknown size' if item.unknown else ''
        size = f'{item.remaining / 1e9:8.2f} GB {item.seconds(speed) / 3600:7.1f} h'
        say(f'{item.state:<8} {item.one.name:<18} {size}{more}; {item.one.licence}')
        if item.one.gate and item.state == 'by hand':
            say(f'{"":<8} {item.one.gate}: {item.one.page}')
    total = sum(item.remaining for item in items)
    say(f'{total / 1e9:.2f} GB to fetch, {total / speed / 3600:.1f} h at {options.speed} MB/s')
    return 0


def check(options: Namespace) -> int:
    """Do what `tbench check data` does, for several tasks; return the worst code."""
    facts = vars(options)
    return max(check_data(Namespace(**{**facts, 'name': name})) for name in options.names)


def convert(options: Namespace) -> int:
    """Convert one unpacked release."""
    from benchmark.acquiring.converting import convert as converted

    for line in converted(options.layout, options.folder, options.lists):
        say(line)
    return 0


def remove(options: Namespace) -> int:
    """Delete archives, and what was unpacked where that is asked for."""
    from benchmark.acquiring.declared import chosen, distributions
    from benchmark.acquiring.getting import Shelf, remove_archives, remove_data

    for one in chosen(options.names):
        shelf = Shelf(options.data_root, one)
        say(f'{one.name}: {remove_archives(shelf) / 1e6:.1f} MB of archives deleted')
        if options.data:
            say(remove_data(shelf, distributions().values()))
    return 0


def probe(options: Namespace) -> int:
    """Ask every address; return 1 where a file has none that answers with it."""
    from benchmark.acquiring.declared import chosen, distributions
    from benchmark.acquiring.planning import probe_all

    found = probe_all(chosen(options.names) if options.names else distributions().values())
    for one in found:
        mark = 'ok   ' if one.is_alive else 'dead '
        say(f'{mark} {one.data_set}: {one.file}: {one.address}: {one.detail}')
    files = {(one.data_set, one.file) for one in found}
    alive = {(one.data_set, one.file) for one in found if one.is_alive}
    return int(files != alive)


def link(options: Namespace) -> int:
    """Let a folder, or archives, stand for a data set."""
    from benchmark.acquiring.declared import distributions
    from benchmark.acquiring.getting import Shelf
    from benchmark.acquiring.getting import link as linked
    from benchmark.acquiring.linking import link_archives
    from benchmark.acquiring.planning import reading
    from benchmark.catalog import shipped_tasks
    from benchmark.errors import unknown_name

    declared = distributions()
    if options.name not in declared:
        raise unknown_name('data set', options.name, declared)
    shelf = Shelf(options.data_root, declared[options.name])
    first, *others = options.places
    if others or first.is_file():
        lines = link_archives(shelf, options.places, reading(shelf.one, shipped_tasks()))
    else:
        lines = [linked(shelf, first)]
    for line in lines:
        say(line)
    return 0
