"""Declared distributions: from where a data set comes, under which terms, and how it unpacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmark.acquiring.hub import FORM, SCHEME, is_hub_address
from benchmark.catalog import find_suite, find_task, shipped_suites, shipped_tasks
from benchmark.catalog.literals import read_literals
from benchmark.catalog.schema import COUNT, Block, Key, block
from benchmark.errors import DeclarationError, unknown_name

ALGORITHMS = {32: 'md5', 64: 'sha256'}
"""Which checksum it is, by its number of hexadecimal digits."""

SCHEMES = ('https', 'http', SCHEME)
"""Protocols that addresses may use."""

_TEXT = Key((str,), required=True)

_KEYS = {
    'name': _TEXT,
    'title': _TEXT,
    'tasks': Key((tuple,), required=True),
    'root': _TEXT,
    'page': _TEXT,
    'licence': _TEXT,
    'gate': Key((str,)),
    'files': Key((tuple,), required=True),
    'unpacked': COUNT,
    'convert': Key((tuple,)),
    'after': Key((tuple,)),
    'note': Key((str,)),
}

_FILE_KEYS = {
    'name': _TEXT,
    'addresses': Key((tuple,)),
    'size': COUNT,
    'about': COUNT,
    'checksum': Key((str,)),
    'source': Key((str,)),
    'into': Key((str,)),
    'nested': Key((tuple,)),
    'count': COUNT,
    'of': Key((str,)),
}

_SHARED_KEYS = frozenset({'name', 'of', 'into'})


@dataclass(frozen=True)
class RemoteFile:
    """A file of a distribution.

    Attributes:
        name: what it is called; with a ``*`` it stands for files that a person puts there.
        addresses: where it is, in order of trust; none where only a person can fetch it.
        size: bytes, 0 where no source states them.
        about: bytes as a page rounds them, to plan with; 0 where ``size`` is known or none is.
        checksum: MD5 or SHA-256 in hexadecimal, empty where no source states one.
        source: where size and checksum were read.
        into: folder below the data root where it unpacks, or lies if it is no archive.
        nested: archives inside of it that unpack too: pattern and whether each into a folder of
            its own name.
        count: how many files a name with ``*`` stands for.
        of: the data set that declares the file and keeps it among its archives, where several data
            sets read it; empty where it is the data set's own.
    """

    name: str
    addresses: tuple[str, ...] = ()
    size: int = 0
    about: int = 0
    checksum: str = ''
    source: str = ''
    into: str = '.'
    nested: tuple[tuple[str, bool], ...] = ()
    count: int = 1
    of: str = ''

    @property
    def expected(self) -> int:
        """Bytes, be it roughly; 0 where no source states them."""
        return self.size or self.about

    @property
    def algorithm(self) -> str:
        """The kind of the checksum; empty without one."""
        return ALGORITHMS.get(len(self.checksum), '')


@dataclass(frozen=True)
class Distribution:
    """A data set as its authors and mirrors hand it out.

    Attributes:
        name: what `tbench data` calls it.
        title: what people call it.
        tasks: those that read it.
        root: its folder below the data root once it is unpacked.
        page: the authors' page.
        licence: under which terms it may be used.
        gate: what a person has to do before, or in place of, a download; empty for none.
        files: what has to be fetched.
        unpacked: bytes of the unpacked files, 0 where no source states them.
        convert: converters that follow, by name.
        after: what a person has to do at the end, one sentence each.
        note: what else a person should know.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    root: str
    page: str
    licence: str
    files: tuple[RemoteFile, ...]
    gate: str = ''
    unpacked: int = 0
    convert: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    note: str = ''

    @property
    def size(self) -> int:
        """Bytes of all files whose size a source states, be it roughly."""
        return sum(file.expected for file in self.files)


def distribution_files() -> tuple[Path, ...]:
    """Return the files of all declared distributions, sorted."""
    folder = Path(__file__).parent / 'distributions'
    return tuple(sorted(folder.glob('*.py')))


def distributions() -> dict[str, Distribution]:
    """Return all declared distributions by name.

    Raises:
        DeclarationError: a file is wrong, or two declare the same name.
    """
    found: dict[str, Distribution] = {}
    for path in distribution_files():
        declared = read_distribution(path)
        if declared.name in found:
            raise DeclarationError(f"{path}: the name '{declared.name}' is taken")
        found[declared.name] = declared
    return found


def read_distribution(path: Path) -> Distribution:
    """Return the distribution that the file at ``path`` declares.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    values = block(path, read_literals(path), 'distribution').checked(_KEYS)
    files = tuple(_file(path, number, entry) for number, entry in enumerate(values['files']))
    if not files:
        raise DeclarationError(f"{path}: distribution['files'] is (): must hold at least one file")
    _inside(path, 'root', values['root'])
    return Distribution(**{**values, 'files': files})


def _file(path: Path, number: int, entry: object) -> RemoteFile:
    name = f'files[{number}]'
    if not isinstance(entry, Mapping):
        raise DeclarationError(f'{path}: {name} is {entry!r}: must be dict')
    values = Block(path, name, entry).checked(_FILE_KEYS)
    if 'of' in values:
        return _shared(path, name, values)
    file = RemoteFile(**values)
    if '/' in file.name or file.name.startswith('.'):
        raise DeclarationError(f'{path}: {name} is called {file.name!r}: must be a plain name')
    _inside(path, f'{name}.into', file.into)
    _check_addresses(path, name, file)
    if file.checksum and (not file.algorithm or set(file.checksum) - set('0123456789abcdef')):
        raise DeclarationError(
            f'{path}: {name} has the checksum {file.checksum!r}: must be the hexadecimal digits '
            'of MD5 (32) or SHA-256 (64), in small letters'
        )
    if (file.checksum or file.expected) and not file.source:
        raise DeclarationError(f"{path}: {name} lacks 'source': where its checksum or size stands")
    return file


def _shared(path: Path, name: str, values: Mapping[str, Any]) -> RemoteFile:
    """Return a file that another distribution declares, as this one unpacks it."""
    if more := sorted(values.keys() - _SHARED_KEYS):
        raise DeclarationError(
            f'{path}: {name} is a file of {values["of"]!r} and also gives {", ".join(more)}: '
            f'allowed are {", ".join(sorted(_SHARED_KEYS))}'
        )
    other = path.with_name(f'{values["of"].replace("-", "_")}.py')
    if other == path or not other.is_file():
        raise DeclarationError(f'{path}: {name}.of is {values["of"]!r}: no such other data set')
    entries = block(other, read_literals(other), 'distribution').checked(_KEYS)['files']
    own = [entry for entry in entries if isinstance(entry, Mapping) and 'of' not in entry]
    for number, entry in enumerate(own):
        if entry.get('name') == values['name']:
            found = _file(other, number, entry)
            break
    else:
        allowed = ', '.join(str(entry.get('name')) for entry in own)
        raise DeclarationError(
            f'{path}: {name} is called {values["name"]!r}: {values["of"]} declares {allowed}'
        )
    _inside(path, f'{name}.into', values.get('into', found.into))
    return replace(found, into=values.get('into', found.into), of=values['of'])


def _check_addresses(path: Path, name: str, file: RemoteFile) -> None:
    for address in file.addresses:
        parts = urlsplit(address)
        if parts.scheme == SCHEME and not is_hub_address(address):
            raise DeclarationError(f'{path}: {name} has the address {address!r}: must be {FORM}')
        if parts.scheme not in SCHEMES or not parts.netloc:
            allowed = ', '.join(f'{scheme}://' for scheme in SCHEMES)
            raise DeclarationError(f'{path}: {name} has the address {address!r}: allowed {allowed}')
    if file.addresses and '*' in file.name:
        raise DeclarationError(f'{path}: {name} stands for several files, so it has no address')


def _inside(path: Path, key: str, value: str) -> None:
    place = Path(value)
    if place.is_absolute() or '..' in place.parts:
        raise DeclarationError(f'{path}: {key} is {value!r}: must lie below the data root')


def chosen(names: Sequence[str]) -> list[Distribution]:
    """Return the distributions behind the named tasks, suites or data sets, each once.

    Raises:
        UnknownNameError: a name is neither a data set nor a task nor a suite.
        DeclarationError: a declaration is wrong.
    """
    declared = distributions()
    found = {one.name: one for name in names for one in _behind(name, declared)}
    return list(found.values())


def _behind(name: str, declared: Mapping[str, Distribution]) -> list[Distribution]:
    tasks, suites = shipped_tasks(), shipped_suites()
    if name in tasks:
        return serving(name, declared)
    if name in declared:
        return [declared[name]]
    if name in suites or name.endswith('.py'):
        suite = find_suite(name)
        asked = [find_task(task, relative_to=suite.path.parent).name for task in suite.tasks]
        return [one for task in asked for one in serving(task, declared)]
    raise unknown_name('data set, task or suite', name, {*declared, *tasks, *suites})


def serving(task: str, declared: Mapping[str, Distribution]) -> list[Distribution]:
    """Return the distributions that a task reads; none where the project makes its data."""
    return [one for one in declared.values() if task in one.tasks]
