"""``tbench doctor``: is this environment complete?"""

from __future__ import annotations

from argparse import Namespace

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``doctor``."""
    parser = subparsers.add_parser(
        'doctor', help='versions, device, what is missing and its remedy'
    )
    parser.set_defaults(command=doctor)


def doctor(options: Namespace) -> int:
    """Print versions, device and what is missing; return 2 when something needed is."""
    lines, is_complete = api.check_environment()
    for line in lines:
        say(line)
    return 0 if is_complete else 2
