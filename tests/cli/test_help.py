"""Every option of every command says what it does, and every command has an example that parses."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator

import pytest

from benchmark.cli.examples import EXAMPLES, example_of
from benchmark.cli.main import build_parser

_SILENT = (argparse._HelpAction, argparse._SubParsersAction, argparse._VersionAction)


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    fill = getattr(parser, 'fill', None)
    if fill is not None:
        parser.fill = None  # type: ignore[attr-defined]
        fill(parser)
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for child in dict.fromkeys(action.choices.values()):
            yield from commands(child)


ALL = {command.prog: command for command in commands(build_parser())}


@pytest.mark.parametrize('command', ALL.values(), ids=ALL)
def test_every_option_has_a_help_text(command: argparse.ArgumentParser) -> None:
    silent = [
        action.option_strings or action.dest
        for action in command._actions
        if not isinstance(action, _SILENT) and not action.help
    ]
    assert not silent


@pytest.mark.parametrize('command', ALL.values(), ids=ALL)
def test_every_command_has_an_example_that_parses(command: argparse.ArgumentParser) -> None:
    example = example_of(command.prog)
    assert example
    assert example in command.format_help()
    chosen = build_parser().parse_args(shlex.split(example)[1:])
    assert chosen.command


@pytest.mark.parametrize('name', EXAMPLES)
def test_an_example_is_of_a_command_that_exists(name: str) -> None:
    assert any(f'{prog} '.startswith(f'tbench {name} ') for prog in ALL)
