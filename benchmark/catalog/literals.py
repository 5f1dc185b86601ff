"""Read declaration files as data: only literals are allowed, so none of their code ever runs.

A declaration looks like an mmengine text config: assignments of literals,
``dict(...)`` calls, names assigned earlier, and ``_base_`` for inheritance.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import DeclarationError

BASE = '_base_'
DELETE = '_delete_'

_MOST_VALUES = 100_000
"""A declaration holds hundreds; names in names in names could make it fill the memory."""


Stamp = tuple[tuple[str, int, int], ...]
"""Path, time of change and size of files, by which is known whether they are as they were."""


def stamp_of(folder: Path) -> Stamp:
    """Return the stamp of all declarations below ``folder``, those that others inherit included."""
    found = ((str(path), path.stat()) for path in sorted(folder.rglob('*.py')))
    return tuple((path, facts.st_mtime_ns, facts.st_size) for path, facts in found)


def read_literals(path: Path) -> dict[str, Any]:
    """Return the top-level names of the declaration at ``path`` with their values.

    Dictionaries inherited through ``_base_`` are merged key by key; a dictionary
    with ``_delete_=True`` replaces the inherited one.

    Raises:
        DeclarationError: the file is missing, not Python syntax, inherits from itself, or holds
            anything but literals.
    """
    return _read_with_bases(path, ())


def _read_with_bases(path: Path, children: tuple[Path, ...]) -> dict[str, Any]:
    if '\0' in str(path):
        raise DeclarationError(f'{str(path)!r}: no name of a file')
    if path.resolve() in children:
        raise DeclarationError(f'{path}: {BASE} leads back to the file itself')
    values = _evaluate_file(path)
    inherited: dict[str, Any] = {}
    for base in _bases(path, values.pop(BASE, ())):
        inherited = merge(
            inherited, _read_with_bases(path.parent / base, (*children, path.resolve()))
        )
    return merge(inherited, values)


def _bases(path: Path, declared: object) -> tuple[str, ...]:
    bases = (declared,) if isinstance(declared, str) else declared
    if not isinstance(bases, tuple | list) or not all(isinstance(base, str) for base in bases):
        raise DeclarationError(
            f'{path}: {BASE} is {declared!r}: must be a file or a tuple of files'
        )
    return tuple(bases)


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` updated with ``changes``; nested dictionaries are merged key by key."""
    merged = {} if changes.get(DELETE) else dict(base)
    for key, value in changes.items():
        if key != DELETE:
            merged[key] = _laid_over(merged.get(key), value)
    return merged


def _laid_over(old: Any, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return merge(old if isinstance(old, Mapping) else {}, value)


def _evaluate_file(path: Path) -> dict[str, Any]:
    try:
        tree = ast.parse(path.read_text(encoding='utf-8'), str(path))
    except OSError as error:
        raise DeclarationError(f'{path}: cannot be read ({error.strerror})') from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DeclarationError(f'{path}: not a valid declaration ({error})') from None
    names: dict[str, Any] = {}
    for statement in tree.body:
        try:
            _evaluate_statement(statement, names, path)
        except RecursionError:
            raise DeclarationError(
                f'{path}:{statement.lineno}: nested too deep for a declaration'
            ) from None
    if _written_out(list(names.values()), {}) > _MOST_VALUES:
        raise DeclarationError(
            f'{path}: written out, more than {_MOST_VALUES} values; '
            'names are used in names too often'
        )
    return names


def _written_out(value: Any, known: dict[int, int]) -> int:
    """Return how many values a value holds where what occurs often is counted as often.

    ``known`` holds the number of each container by its identity.
    """
    if not isinstance(value, dict | list | tuple):
        return 1
    if id(value) not in known:
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_written_out(item, known) for item in items)
    return known[id(value)]


def _evaluate_statement(statement: ast.stmt, names: dict[str, Any], path: Path) -> None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            names[name] = _Evaluator(names, path).evaluate(value)
        case ast.Expr(value=ast.Constant(value=str())):
            pass
        case _:
            raise DeclarationError(
                f'{path}:{statement.lineno}: only assignments of literals are allowed here'
            )


class _Evaluator:
    """Evaluates one literal expression; refuses anything that would run code."""

    def __init__(self, names: Mapping[str, Any], path: Path) -> None:
        self._names = names
        self._path = path

    def evaluate(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return value
            case ast.Tuple(elts=items):
                return tuple(self.evaluate(item) for item in items)
            case ast.List(elts=items):
                return [self.evaluate(item) for item in items]
            case ast.Dict(keys=keys, values=values):
                return self._dict(node, keys, values)
            case ast.Call(func=ast.Name(id='dict'), args=[], keywords=keywords):
                return self._distinct(node, [(self._name(k), k.value) for k in keywords])
            case ast.Name(id=name) if name in self._names:
                return self._names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._negate(operand)
        raise self._refusal(node)

    def _dict(self, node: ast.Dict, keys: list[ast.expr | None], values: list[ast.expr]) -> Any:
        if any(key is None for key in keys):
            raise self._refusal(node)
        names = [self._key(key) for key in keys if key is not None]
        return self._distinct(node, list(zip(names, values, strict=True)))

    def _distinct(self, node: ast.expr, pairs: list[tuple[Any, ast.expr]]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in pairs:
            if key in found:
                raise DeclarationError(f'{self._path}:{value.lineno}: key {key!r} is given twice')
            found[key] = self.evaluate(value)
        return found

    def _key(self, node: ast.expr) -> Any:
        key = self.evaluate(node)
        if not isinstance(key, str | int):
            raise self._refusal(node)
        return key

    def _name(self, keyword: ast.keyword) -> str:
        if keyword.arg is None:
            raise self._refusal(keyword.value)
        return keyword.arg

    def _negate(self, operand: ast.expr) -> Any:
        value = self.evaluate(operand)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refusal(operand)
        return -value

    def _refusal(self, node: ast.expr) -> DeclarationError:
        return DeclarationError(
            f"{self._path}:{node.lineno}: '{ast.unparse(node)[:60]}' is not a literal; allowed are "
            'numbers, strings, tuples, lists, dict(...) and names assigned above'
        )
