"""Commands in the documents are understood by the real parsers; files that they name exist."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.cli.main import build_parser
from tests.support.documents import ROOT, Block, blocks, documents, spans

COMMANDS = [
    (block.place, line)
    for block in blocks('', 'bash', 'sh')
    for line in block.text.replace('\\\n', ' ').splitlines()
    if line.partition('#')[0].strip()
]
FOREIGN = {'--checkpoint_key', '--time'}
"""Options of programs of others: DINO's evaluation, Slurm's sbatch."""

_PATH = re.compile(
    r'(?:benchmark|docs|examples|results|studies|task_configs|tests|tools|transferbench)/[\w./-]*'
)


@pytest.mark.parametrize(('place', 'line'), COMMANDS, ids=[place for place, _ in COMMANDS])
def test_a_command_line_is_valid(place: str, line: str) -> None:
    program, *arguments = [word for word in shlex.split(line, comments=True) if word != '...']
    if program == 'tbench':
        build_parser().parse_args(arguments)
    elif program == 'make':
        targets = re.findall(r'^([\w-]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE)
        assert set(arguments) <= set(targets)
    elif program == 'python' and arguments[0] == '-m':
        assert importlib.util.find_spec(arguments[1])
    elif program == 'python':
        assert (ROOT / arguments[0]).is_file()
    else:
        assert (program, *arguments) == ('source', '.venv/bin/activate')


@pytest.mark.parametrize('page', documents(), ids=lambda page: page.name)
def test_commands_within_sentences_exist(page: Path) -> None:
    parser = build_parser()
    for span in spans(page):
        words = span.replace('\\|', '|').split()
        if words[0] != 'tbench':
            continue
        for names in _spelled_out(words[1:]):
            found, rest = _deepest(parser, names)
            known = found._option_string_actions
            flags = [word for word in rest if word.startswith('--')]
            assert not [flag for flag in flags if flag not in known], span


@pytest.mark.parametrize('page', documents(), ids=lambda page: page.name)
def test_options_within_sentences_exist(page: Path) -> None:
    source = _python_source()
    flags = {span.split()[0] for span in spans(page) if span.startswith('--')} - FOREIGN
    assert sorted(flag for flag in flags if f"'{flag.partition('=')[0]}'" not in source) == []


@pytest.mark.parametrize('page', documents(), ids=lambda page: page.name)
def test_paths_of_the_repository_exist(page: Path) -> None:
    named = {
        match[0]
        for span in spans(page)
        for word in span.split()
        if (match := _PATH.match(word)) and '<' not in word and '*' not in word
    }
    written = re.compile(r'^results/(runs|tables|analysis|outcomes|SUITE)|^docs/$')
    assert sorted(p for p in named if not (ROOT / p).exists() and not written.match(p)) == []


def _spelled_out(words: list[str]) -> Iterator[list[str]]:
    """Yield the words with each of the alternatives ``a|b``."""
    place = next((i for i, word in enumerate(words) if '|' in word), None)
    if place is None:
        yield words
        return
    for choice in words[place].split('|'):
        yield [*words[:place], choice, *words[place + 1 :]]


def _deepest(
    parser: argparse.ArgumentParser, words: list[str]
) -> tuple[argparse.ArgumentParser, list[str]]:
    """Return the parser of the command that ``words`` begin with, and the other words."""
    choices = next(
        (action.choices for action in parser._actions if isinstance(action.choices, dict)), None
    )
    if not choices or not words or words[0].isupper() or words[0].startswith('-'):
        return parser, words
    if words[0] == '...':
        return parser, []
    assert words[0] in choices, f'{parser.prog} has no command {words[0]}'
    return _deepest(choices[words[0]], words[1:])


def _python_source() -> str:
    folders = ('benchmark', 'tools', 'studies', 'examples')
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob('*.py'))]
    return '\n'.join(file.read_text() for file in [*files, ROOT / 'tests/conftest.py'])


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 20
    assert all(isinstance(block, Block) for block in blocks('python'))
