"""Changes to a compiled configuration: the user's options and this machine's paths."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.errors import DeclarationError
from benchmark.hashing import canonical_json
from benchmark.kinds.base import Config

LOADERS = 'num_workers'
"""Config key: number of data-loader processes; does not affect results."""

_WHOLE = frozenset(
    {
        'accumulative_counts', 'batch_size', 'begin', 'end', 'interval', 'iterations',
        'max_iters', 'max_keep_ckpts', 'num_classes', 'num_workers', 'seed', 'val_interval',
    }
)  # fmt: skip


def parse_options(texts: Sequence[str], flag: str = '--cfg-options') -> dict[str, Any]:
    """Parse ``key=value`` texts into a dictionary; values that are literals are read as such.

    ``flag`` is the option of the command line that they were given to, for messages.

    Raises:
        DeclarationError: a text has no ``=``, or its value is neither text nor plain data.
    """
    options: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition('=')
        if not equals or not key:
            raise DeclarationError(f"{flag} '{text}': must be KEY=VALUE, as in a.b.c=1")
        options[key] = _plain(text, _literal(value), flag)
    return options


def _plain(text: str, value: Any, flag: str) -> Any:
    try:
        canonical_json(value)
    except (TypeError, ValueError):
        raise DeclarationError(
            f"{flag} '{text}': a value is a number, text, True, False, None, list or dict"
        ) from None
    return value


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return {'true': True, 'false': False, 'none': None}.get(text.lower(), text)


def apply_options(config: Config, options: Mapping[str, Any]) -> Config:
    """Return ``config`` with dotted ``options`` set, in a copy; list items are named by number.

    Raises:
        DeclarationError: the place that an option names does not exist, or holds a number and the
            option none of its kind.
    """
    if not options:
        return config
    changed = localise(config, {})  # a copy in which no part occurs twice
    for key, value in options.items():
        *parents, last = key.split('.')
        target: Any = changed
        for step in parents:
            target = _step(target, step, key)
        _set(target, last, value, key)
    return changed


def applicable(config: Config, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dotted ``options`` whose first key exists in ``config``, and the loader option."""
    known = {*config, LOADERS}
    return {key: value for key, value in options.items() if key.partition('.')[0] in known}


def _step(target: Any, step: str, key: str) -> Any:
    try:
        return target[int(step)] if isinstance(target, list) else target[step]
    except (KeyError, IndexError, ValueError, TypeError):
        raise _no_place(target, step, key) from None


def _set(target: Any, step: str, value: Any, key: str) -> None:
    if isinstance(target, dict):
        _check_kind(target.get(step), value, key, step)
        target[step] = value
        return
    _check_kind(_step(target, step, key), value, key, step)
    target[int(step)] = value


def _check_kind(old: Any, value: Any, key: str, name: str) -> None:
    """Raise if a number or a boolean is replaced by something else.

    Most whole numbers may become real ones: rates are often written as 0 or 1.
    """
    if isinstance(old, bool):
        wanted, fits = 'True or False', isinstance(value, bool)
    elif isinstance(old, int) and name in _WHOLE:
        wanted, fits = 'a whole number', type(value) is int
    elif isinstance(old, int | float):
        wanted = 'a number'
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        return
    if not fits:
        raise DeclarationError(f"--cfg-options '{key}' is {value!r}: must be {wanted}, as {old!r}")


def _no_place(target: Any, step: str, key: str) -> DeclarationError:
    names = sorted(target) if isinstance(target, dict) else f'a {type(target).__name__}'
    return DeclarationError(f"--cfg-options '{key}': nothing at '{step}', there is {names}")


def localise(config: Config, places: Mapping[str, str]) -> Config:
    """Return a copy of ``config`` with the placeholders in its strings replaced by local paths."""
    return {key: _localise(value, places) for key, value in config.items()}


def _localise(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for placeholder, path in places.items():
            value = value.replace(placeholder, path)
        return value
    # a dictionary first: to ask whether something is a mapping takes ten times as long
    if isinstance(value, (dict, Mapping)):
        return {key: _localise(item, places) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_localise(item, places) for item in value)
    return value
