"""What a suite declares, kept beside its records: reports of them need no declaration then.

The file is written by ``tbench import`` from the archive of someone else, so that nothing in it is
taken for granted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import RecordError
from benchmark.results.forms import check_facts, parse_json

FORMAT = 1
"""The version that is written."""

_LONGEST = 200
_TASK_TEXTS = ('kind', 'title', 'group', 'head', 'primary')


@dataclass(frozen=True)
class SuiteFacts:
    """What reports and comparisons need of a suite beside its records.

    Attributes:
        name: of the suite, as its records have it.
        title: for headings.
        version: rises when tasks, protocols or seeds change.
        groups: by task name, where the suite counts a task in another group than its own.
        films: by task name, the regular expression that finds the film in a picture's name.
        asked: the tasks that the suite asks for under each protocol.
        tasks: by name, what a record says of its task, with the key of its ``primary`` metric.
    """

    name: str
    title: str
    version: int
    groups: Mapping[str, str]
    films: Mapping[str, str]
    asked: Mapping[str, tuple[str, ...]]
    tasks: Mapping[str, Mapping[str, Any]]

    def to_json(self) -> str:
        """Return the facts as indented JSON with the version of the form."""
        content = {'format': FORMAT, **asdict(self)}
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def suite_from_json(text: str | bytes, place: Path) -> SuiteFacts:
    """Return the facts that ``text`` (the content of ``place``) holds.

    Raises:
        RecordError: the text is not JSON, of an unknown version, or lacks a part.
    """
    try:
        content = parse_json(text)
        if content['format'] != FORMAT:
            raise ValueError(f'format is {content["format"]!r}, this version reads {FORMAT}')
        return _facts(content)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise RecordError(f'{place}: no readable facts of a suite ({error})') from None


def _facts(content: Mapping[str, Any]) -> SuiteFacts:
    tasks = _by_name(content, 'tasks', dict)
    for name, task in tasks.items():
        wrong = [key for key in _TASK_TEXTS if not isinstance(task[key], str)]
        if wrong:
            raise TypeError(f"'tasks.{name}.{wrong[0]}' must be a text")
        check_facts({'task': task})
    asked = _by_name(content, 'asked', list)
    for name in (name for names in asked.values() for name in names):
        if name not in tasks:
            raise ValueError(f"'asked' names {name!r:.60}, which 'tasks' lacks")
    films = _by_name(content, 'films', str)
    for pattern in films.values():
        _check_pattern(pattern)
    if not isinstance(content['version'], int):
        raise TypeError("'version' must be a whole number")
    return SuiteFacts(
        name=_text(content, 'name'),
        title=_text(content, 'title'),
        version=content['version'],
        groups=_by_name(content, 'groups', str),
        films=films,
        asked={protocol: tuple(names) for protocol, names in asked.items()},
        tasks=tasks,
    )


def _text(content: Mapping[str, Any], key: str) -> str:
    found = content[key]
    if not isinstance(found, str):
        raise TypeError(f"'{key}' must be a text, found {found!r:.60}")
    return found


def _by_name(content: Mapping[str, Any], key: str, kind: type[Any]) -> dict[str, Any]:
    found = content[key]
    if not isinstance(found, dict) or not all(isinstance(item, kind) for item in found.values()):
        raise TypeError(f"'{key}' must hold values of type {kind.__name__} by name")
    return found


_REPEATS = re.compile(r'(?<!\\)[*+]|\{\d*,\d*\}')
_OF_GROUPS = re.compile(r'\)\s*[*+?{]')


def _check_pattern(pattern: str) -> None:
    """Raise unless a pattern has a group and ends soon, whatever name it is held against."""
    if re.compile(pattern).groups < 1:
        raise ValueError(f"'films' has {pattern!r:.60} without a group")
    is_short = len(pattern) <= _LONGEST and len(_REPEATS.findall(pattern)) <= 2
    if not is_short or _OF_GROUPS.search(pattern):
        raise ValueError(
            f"'films' has {pattern!r:.60}: at most {_LONGEST} letters, two repeats and no repeated "
            'group are taken from an archive'
        )
