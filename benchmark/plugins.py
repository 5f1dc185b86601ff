"""One look-up for parts that plug in, ours and those of other packages, by entry point.

Another package adds a part by an entry point of the group ``transferbench.KIND_OF_PART``, as in its
``pyproject.toml``::

    [project.entry-points."transferbench.kinds"]
    counting = "my_package.counting:KIND"

Ours are named in the same notation and loaded by the same code. Only what is asked for is imported.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from typing import Any, Generic, TypeVar

from benchmark.errors import BenchmarkError, EnvironmentProblem, unknown_name

PREFIX = 'transferbench.'
GROUPS = ('kinds', 'protocols', 'sources', 'analyses', 'executors', 'trackers')
"""What may be added, each with an entry-point group ``transferbench.GROUP``."""

OURS = 'transferbench'
"""The package of the parts that come with the project."""

T = TypeVar('T')

_Found = tuple[
    Mapping[str, str], tuple[metadata.EntryPoint, ...], Mapping[str, metadata.EntryPoint]
]
"""Ours by name and place, those of other packages, and both."""


class Plugins(Generic[T]):
    """The parts of one group by name.

    Args:
        group: one of :data:`GROUPS`.
        what: what an error calls one of them.
        own: returns ours, as ``'module:attribute'`` or ``'module'`` by name.
        problem: returns what is wrong with a loaded part, empty where nothing is.
    """

    def __init__(
        self,
        group: str,
        what: str,
        own: Callable[[], Mapping[str, str]],
        problem: Callable[[Any], str] = lambda part: '',
    ) -> None:
        self.group, self._what, self._own, self._problem = group, what, own, problem
        self._found: _Found | None = None

    def names(self) -> tuple[str, ...]:
        """Return the names of all parts, sorted; nothing is imported.

        Raises:
            EnvironmentProblem: two packages add a part of the same name.
        """
        return tuple(sorted(self._entries()))

    def load(self, name: str) -> T:
        """Return the part called ``name``.

        Raises:
            UnknownNameError: there is none.
            EnvironmentProblem: another package adds it and it cannot be imported or used.
        """
        entries = self._entries()
        if name not in entries:
            raise unknown_name(self._what, name, entries)
        entry = entries[name]
        if package_of(entry) == OURS:
            own: T = entry.load()
            return own
        try:
            part: T = entry.load()
        except BenchmarkError as error:
            raise _unusable(entry, str(error)) from error
        except Exception as error:  # another package fails in any way
            raise _unusable(entry, f'{type(error).__name__}: {error}') from error
        if wrong := self._problem(part):
            raise _unusable(entry, wrong)
        return part

    def package(self, name: str) -> tuple[str, str]:
        """Return the distribution that adds the part ``name``, and its version.

        Of ours the version is empty: what of it changes numbers is counted elsewhere.
        """
        entry = self._entries().get(name)
        if entry is None or entry.dist is None:
            return OURS, ''
        return entry.dist.name, entry.dist.version

    def _entries(self) -> Mapping[str, metadata.EntryPoint]:
        """Return the entry points by name, made once for the same parts: cells ask many times."""
        own, foreign = self._own(), _foreign(self.group)
        # equal entry points may be of another version of their package
        if self._found is None or self._found[0] != own or self._found[1] is not foreign:
            self._found = dict(own), foreign, self._joined(own, foreign)
        return self._found[2]

    def _joined(
        self, own: Mapping[str, str], foreign: Iterable[metadata.EntryPoint]
    ) -> Mapping[str, metadata.EntryPoint]:
        group = f'{PREFIX}{self.group}'
        found = {name: metadata.EntryPoint(name, value, group) for name, value in own.items()}
        for entry in foreign:
            if entry.name in found:
                other = package_of(found[entry.name])
                raise _unusable(entry, f"the name is already used by package '{other}'; rename one")
            found[entry.name] = entry
        return found


def package_of(entry: metadata.EntryPoint) -> str:
    """Return the name of the distribution that an entry point comes from."""
    return OURS if entry.dist is None else str(entry.dist.name)


def foreign_versions(parts: Iterable[tuple[Plugins[Any], str]]) -> dict[str, str]:
    """Return the version of each other package that adds one of ``parts``, by its name.

    They affect results, but are not covered by this project's own numerics.
    """
    found = dict(plugins.package(name) for plugins, name in parts)
    return {name: version for name, version in sorted(found.items()) if name != OURS}


def _foreign(group: str) -> tuple[metadata.EntryPoint, ...]:
    return _scan(tuple(sys.path))[group]


@functools.cache
def _scan(path: tuple[str, ...]) -> dict[str, tuple[metadata.EntryPoint, ...]]:
    """Return the entry points of other packages by group; the files are read once per path."""
    every = metadata.entry_points()
    return {
        group: tuple(
            entry for entry in every.select(group=f'{PREFIX}{group}') if package_of(entry) != OURS
        )
        for group in GROUPS
    }


def _unusable(entry: metadata.EntryPoint, why: str) -> EnvironmentProblem:
    said = ' '.join(why.split())
    return EnvironmentProblem(
        f"package '{package_of(entry)}': its entry point {entry.group} '{entry.name} = "
        f"{entry.value}' cannot be used ({said}); update or uninstall that package"
    )
