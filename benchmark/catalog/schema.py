"""Check a declared block against its allowed keys and types, and say precisely what is wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import DeclarationError, did_you_mean

_NAMES: dict[type, str] = {Mapping: 'dict'}
_LONGEST = 200


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'


@dataclass(frozen=True)
class Key:
    """What a declared key may hold.

    Attributes:
        types: Python types of the value.
        required: whether it must be there.
        allowed: values that it may have; all of its types unless given.
        least: the least number that it may be.
        hint: how to find out what to write.
    """

    types: tuple[type, ...]
    required: bool = False
    allowed: tuple[Any, ...] | None = None
    least: int | None = None
    hint: str = ''


COUNT = Key((int,), least=1)
"""How many of something that has to be there."""


class Faults:
    """What is wrong with a declaration, gathered so that all of it is said at once."""

    def __init__(self) -> None:
        self._problems: list[str] = []

    def __bool__(self) -> bool:
        """Whether anything is wrong so far."""
        return bool(self._problems)

    def add(self, error: DeclarationError) -> None:
        """Remember the problems of an error; one that is known is not said twice."""
        self._problems += [one for one in error.problems if one not in self._problems]

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Remember a :class:`DeclarationError` of the block and go on behind it."""
        try:
            yield
        except DeclarationError as error:
            self.add(error)

    def refuse_any(self) -> None:
        """Raise what was gathered.

        Raises:
            DeclarationError: anything was.
        """
        if self._problems:
            raise DeclarationError(*self._problems) from None


@dataclass(frozen=True)
class Block:
    """A dictionary of a declaration file, with its place for error messages."""

    path: Path
    name: str
    values: Mapping[str, Any]

    def checked(self, keys: Mapping[str, Key]) -> Mapping[str, Any]:
        """Return the block's values when every key is known, present and of the right type.

        Raises:
            DeclarationError: names the file, and all wrong keys with the values found and what is
                allowed.
        """
        faults = Faults()
        self.sound(keys, faults)
        faults.refuse_any()
        return self.values

    def sound(self, keys: Mapping[str, Key], faults: Faults) -> dict[str, Any]:
        """Return the values that are known and of the right type; all others go to ``faults``."""
        found: dict[str, Any] = {}
        for key in self.values:
            if key not in keys:
                faults.add(self._unknown_key(key, keys))
        for key, rule in keys.items():
            if key in self.values:
                with faults.noted():
                    self._check(key, rule)
                    found[key] = self.values[key]
            elif rule.required:
                faults.add(self._missing_key(key, rule))
        return found

    def _check(self, key: str, rule: Key) -> None:
        value = self.values[key]
        is_number_as_bool = isinstance(value, bool) and bool not in rule.types
        if not isinstance(value, rule.types) or is_number_as_bool:
            wanted = ' or '.join(_NAMES.get(kind, kind.__name__) for kind in rule.types)
            raise self.error(key, f'must be {wanted}')
        if rule.allowed is not None and value not in rule.allowed:
            raise self.error(key, f'allowed are {", ".join(map(str, rule.allowed))}')
        if rule.least is not None and self.values[key] < rule.least:
            raise self.error(key, f'must be at least {rule.least}')

    def _missing_key(self, key: str, rule: Key) -> DeclarationError:
        hint = f'; {rule.hint}' if rule.hint else ''
        return DeclarationError(f"{self.path}: {self.name} lacks the key '{key}'{hint}")

    def _unknown_key(self, key: str, keys: Mapping[str, Key]) -> DeclarationError:
        hint = did_you_mean(str(key), keys)
        return DeclarationError(
            f"{self.path}: {self.name} has the unknown key '{key}'{hint} "
            f'(allowed: {", ".join(sorted(keys))})'
        )

    def error(self, key: str, reason: str) -> DeclarationError:
        """Return an error about the value of ``key``."""
        return DeclarationError(
            f'{self.path}: {self.name}[{key!r}] is {_shorten(self.values.get(key))}: {reason}'
        )


def is_number(value: object) -> bool:
    """Whether ``value`` is a number and not a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def distinct_names(facts: Block, key: str) -> tuple[str, ...]:
    """Return the value of ``key`` when it is a tuple of distinct strings, at least one.

    Raises:
        DeclarationError: it is not.
    """
    names: tuple[str, ...] = facts.values[key]
    if not names or not all(isinstance(name, str) for name in names):
        raise facts.error(key, 'must hold strings, at least one')
    if len(set(names)) != len(names):
        raise facts.error(key, 'must hold distinct entries')
    return names


def block(path: Path, values: Mapping[str, Any], name: str) -> Block:
    """Return the block called ``name`` of a declaration.

    Raises:
        DeclarationError: the file has no such block or it is not a dictionary.
    """
    found = values.get(name)
    if not isinstance(found, Mapping):
        kind = 'nothing' if found is None else type(found).__name__
        raise DeclarationError(f'{path}: needs a block {name} = dict(...), found {kind}')
    return Block(path, name, found)
