"""Write declarations as a person would: assignments of ``dict(...)``, keys one per line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

_WIDTH = 100
_INDENT = 4


def declaration(**blocks: Mapping[str, Any]) -> str:
    """Return the text of a declaration file with the named blocks.

    >>> print(declaration(task={'name': 'a', 'splits': {'train': 1}}), end='')
    task = dict(
        name='a',
        splits=dict(train=1),
    )
    """
    return ''.join(f'{name} = {_spread(values)}\n' for name, values in blocks.items())


def _spread(values: Mapping[str, Any]) -> str:
    """Return a dictionary with a line per key; a value that is too long for its line is spread."""
    lines = [f'{key}={_value(value, len(key) + 2)},' for key, value in values.items()]
    return 'dict(\n' + textwrap.indent('\n'.join(lines), ' ' * _INDENT) + '\n)'


def _value(value: Any, taken: int) -> str:
    text = _literal(value)
    if taken + len(text) + _INDENT <= _WIDTH or not value:
        return text
    if _is_plain(value):
        return _spread(value)
    if isinstance(value, tuple):
        items = ' '.join(f'{_literal(item)},' for item in value)
        # the names of classes may hold spaces, at which a line must not break
        marked = ' '.join(_literal(item).replace(' ', '\0') + ',' for item in value)
        lines = textwrap.wrap(marked, _WIDTH - 3 * _INDENT, break_on_hyphens=False)
        body = '\n'.join(lines).replace('\0', ' ') if lines else items
        return '(\n' + textwrap.indent(body, ' ' * _INDENT) + '\n)'
    return text


def _is_plain(value: object) -> bool:
    """Whether a dictionary can be written as ``dict(key=...)``."""
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and key.isidentifier() for key in value
    )


def _literal(value: Any) -> str:
    if _is_plain(value):
        return f'dict({", ".join(f"{key}={_literal(item)}" for key, item in value.items())})'
    if isinstance(value, Mapping):
        return '{' + ', '.join(f'{key!r}: {_literal(v)}' for key, v in value.items()) + '}'
    if isinstance(value, tuple):
        inner = ', '.join(map(_literal, value))
        return f'({inner},)' if len(value) == 1 else f'({inner})'
    if isinstance(value, list):
        return f'[{", ".join(map(_literal, value))}]'
    return repr(value)
