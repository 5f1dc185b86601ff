"""From nothing to data that a task reads: fetch, unpack, convert, and remember what was done."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from benchmark import packed
from benchmark.acquiring.converting import convert
from benchmark.acquiring.converting.files import write_json
from benchmark.acquiring.declared import Distribution, RemoteFile, distributions, serving
from benchmark.acquiring.transfer import PART, Patience, Progress, Silent, fetch, verified
from benchmark.acquiring.unpacking import is_archive, move_in, unpack
from benchmark.errors import UNFIT, DataError
from benchmark.planning.data import expected_folder
from benchmark.specs import Task

DOWNLOADS = 'downloads'
"""The folder below the data root for archives and what is remembered about them."""

Say = Callable[[str], None]
"""Receives one line per event."""

_STATE = 'state.json'
STAGE = 'unpacked'
"""The folder among the archives where files lie until all of them are there."""


class GateError(DataError):
    """A person has to accept terms or fetch a file before this can go on."""


@dataclass(frozen=True)
class Manner:
    """How data sets are fetched.

    Attributes:
        keep: leave the archives when they are unpacked.
        at_once: files that are fetched at the same time.
        progress: receives the progress of each file.
        patience: how long to wait for a server, how often to try.
        say: receives one line per event.
        later: data sets that are fetched after this one: archives that they share are left.
    """

    keep: bool = False
    at_once: int = 2
    progress: Progress = field(default_factory=Silent)
    patience: Patience = field(default_factory=Patience)
    say: Say = lambda line: None
    later: tuple[Distribution, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """Where a distribution's files are below a data root, and what is remembered about them."""

    data_root: Path
    one: Distribution

    @property
    def downloads(self) -> Path:
        """The folder of its archives, where a person puts what only a person can fetch."""
        return self.data_root / DOWNLOADS / self.one.name

    @property
    def home(self) -> Path:
        """The folder of its unpacked files."""
        return self.data_root / self.one.root

    def remembered(self) -> dict[str, Any]:
        """Return the checksums of files that were fetched, and what was there at the end.

        Raises:
            DataError: what was remembered is damaged.
        """
        path = self.downloads / _STATE
        if not path.is_file():
            return {}
        try:
            return dict(json.loads(path.read_text(encoding='utf-8')))
        except (OSError, *UNFIT) as error:
            raise DataError(f'{path}: not readable ({error}); delete it') from None

    def remember(self, **values: Any) -> None:
        """Write down what is now known, beside what was known before."""
        write_json(self.downloads / _STATE, {**self.remembered(), **values})

    def present(self, file: RemoteFile) -> list[Path]:
        """Return the archives that are there for a declared file, sorted."""
        folder = self.folder_of(file)
        found = folder.glob(file.name) if '*' in file.name else [folder / file.name]
        return sorted(path for path in found if path.is_file() and path.suffix != PART)

    def folder_of(self, file: RemoteFile) -> Path:
        """Return the folder where a file arrives: that of the data set that declares it."""
        return self.data_root / DOWNLOADS / (file.of or self.one.name)


def counted(task: Task, data_root: Path) -> dict[str, int]:
    """Return how many files there are for each pattern of a task's tree."""
    folder = expected_folder(task, data_root)
    return {pattern: packed.count_files(folder, pattern) for pattern in task.tree}


def is_whole(task: Task, data_root: Path) -> bool:
    """Whether all files of a task are there, by name and number."""
    return bool(task.tree) and not shortfalls(task, data_root)


def shortfalls(task: Task, data_root: Path) -> list[str]:
    """Return what a task still lacks, one line per kind of file; empty where it can be run."""
    found = counted(task, data_root)
    return [
        f'{task.name}: {pattern}: {found[pattern]:,} of {count:,} files'
        for pattern, count in task.tree.items()
        if found[pattern] < count
    ]


def is_done(shelf: Shelf, tasks: Iterable[Task]) -> bool:
    """Whether an earlier `get` finished and nothing went missing since then."""
    before: Mapping[str, Mapping[str, int]] | None = shelf.remembered().get('counts')
    if before is None or not shelf.home.is_dir():
        return False
    now = {task.name: counted(task, shelf.data_root) for task in tasks}
    return all(
        now[name].get(pattern, 0) >= count
        for name, patterns in before.items()
        if name in now
        for pattern, count in patterns.items()
    )


def is_there(shelf: Shelf, tasks: Sequence[Task]) -> bool:
    """Whether the tasks that read the data set find all of their files, however these came.

    One task that reads nothing else is enough; without such a task, all must be whole.
    """
    if not tasks or not shelf.home.is_dir():
        return False
    declared = distributions()
    alone = [task for task in tasks if serving(task.name, declared) == [shelf.one]]
    if alone:
        return any(is_whole(task, shelf.data_root) for task in alone)
    return all(is_whole(task, shelf.data_root) for task in tasks)


def get(
    one: Distribution, data_root: Path, tasks: Sequence[Task], manner: Manner | None = None
) -> list[str]:
    """Fetch, verify, unpack and convert a data set; return what was done.

    Args:
        one: what is fetched.
        data_root: the folder of all data sets.
        tasks: the tasks that read it; their trees say what is there already.
        manner: how.

    Raises:
        GateError: a person has to do something first; says what.
        DataError: a file cannot be fetched, is not what it should be, or the disk is too small.
    """
    how = manner or Manner()
    shelf = Shelf(data_root, one)
    if shelf.home.is_symlink():
        return [f'{shelf.home}: linked to {shelf.home.readlink()}, nothing to fetch']
    with held(shelf):
        if is_done(shelf, tasks) or is_there(shelf, tasks):
            return [f'{shelf.home}: exists already, nothing to do']
        _check_gate(shelf)
        _check_room(shelf)
        _fetch_all(shelf, how)
        done = _unpack_all(shelf, how)
        for name in one.convert:
            how.say(f'{one.name}: converting ({name})')
            done += convert(name, shelf.home)
        shelf.remember(counts={task.name: counted(task, data_root) for task in tasks})
        if not how.keep:
            remove_archives(shelf, how.later)
    return done


@contextmanager
def held(shelf: Shelf) -> Iterator[None]:
    """Hold a data set, and those whose archives it shares, for this process.

    The system lets go if the process dies.
    """
    folder = shelf.downloads.parent
    # in one order for all, so that no two wait for each other
    names = sorted({shelf.one.name, *(file.of for file in shelf.one.files if file.of)})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(FileLock(folder / f'.{name}.lock', timeout=0.2))
            yield
    except Timeout:
        raise DataError(
            f'{shelf.one.name}: another process is fetching {" or ".join(names)} into '
            f'{shelf.data_root}; wait for it'
        ) from None
    except PermissionError as error:
        raise DataError(f'{error.filename}: cannot be written ({error.strerror})') from None


def _check_gate(shelf: Shelf) -> None:
    missing = [
        file
        for file in shelf.one.files
        if not file.addresses and len(shelf.present(file)) < file.count
    ]
    if missing:
        raise GateError(gate_text(shelf, missing))


def gate_text(shelf: Shelf, missing: Sequence[RemoteFile]) -> str:
    """Return what a person has to do so that ``missing`` files are there, in one line."""
    names = ', '.join(
        f'{file.name} ({file.count} files)' if file.count > 1 else file.name for file in missing
    )
    return (
        f'{shelf.one.name}: {shelf.one.gate or "only a person can fetch these files"} '
        f'(see {shelf.one.page}); put {names} into {shelf.downloads.absolute()} and run the same '
        f'command again, or name a folder that holds it unpacked: '
        f'`tbench data link {shelf.one.name} FOLDER`'
    )


def _check_room(shelf: Shelf) -> None:
    """Raise if the disk is too small, where sizes are known."""
    fetched = sum(
        max(0, file.expected - _size(shelf.folder_of(file) / f'{file.name}{PART}'))
        for file in shelf.one.files
        if not shelf.present(file)
    )
    unpacked = shelf.one.unpacked or shelf.one.size
    free = shutil.disk_usage(shelf.data_root).free
    if fetched + unpacked > free:
        raise DataError(
            f'{shelf.data_root}: {free / 1e9:.1f} GB are free, {shelf.one.name} needs '
            f'{fetched / 1e9:.1f} GB to fetch and about {unpacked / 1e9:.1f} GB unpacked; make '
            'room or choose another --data-root'
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


class _Stoppable:
    """Progress that ends its transfers when the person who waits for them has had enough."""

    def __init__(self, inner: Progress) -> None:
        self.inner = inner
        self.is_stopped = threading.Event()

    def start(self, name: str, done: int, total: int) -> None:
        self.inner.start(name, done, total)

    def advance(self, name: str, count: int) -> None:
        if self.is_stopped.is_set():
            raise DataError(f'{name}: stopped; the same command continues')
        self.inner.advance(name, count)

    def stop(self, name: str) -> None:
        self.inner.stop(name)


def _fetch_all(shelf: Shelf, how: Manner) -> None:
    """Fetch what has an address and verify what a person put there.

    Raises:
        DataError: names every file that could not be had.
    """
    sums: dict[str, str] = dict(shelf.remembered().get('checksums', {}))
    progress = _Stoppable(how.progress)

    def bring(file: RemoteFile) -> dict[str, str]:
        if file.addresses:
            known = sums.get(file.name, '')
            digest = fetch(
                file,
                shelf.folder_of(file),
                recorded=known,
                progress=progress,
                patience=how.patience,
            )
            return {file.name: digest}
        found = shelf.present(file)
        return {path.name: verified(file, path, sums.get(path.name, '')) for path in found}

    problems = []
    with ThreadPoolExecutor(how.at_once) as pool:
        tasks = [pool.submit(bring, file) for file in shelf.one.files]
        try:
            for task in tasks:
                try:
                    sums.update(task.result())
                except DataError as error:
                    problems.append(str(error))
        except BaseException:
            progress.is_stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            shelf.remember(checksums=sums)
    if problems:
        raise DataError('; '.join(problems))


def _unpack_all(shelf: Shelf, how: Manner) -> list[str]:
    """Unpack beside the data and move it all in at the end; return what was done."""
    stage = shelf.downloads / STAGE
    shutil.rmtree(stage, ignore_errors=True)
    done = []
    for file in shelf.one.files:
        folder = stage / file.into
        folder.mkdir(parents=True, exist_ok=True)
        for path in shelf.present(file):
            if not is_archive(path.name):
                shutil.copyfile(path, folder / path.name)
                done.append(f'{path.name}: copied')
                continue
            how.say(f'{shelf.one.name}: unpacking {path.name}')
            count = unpack(path, folder)
            count += sum(_unpack_nested(folder, *nested) for nested in file.nested)
            done.append(f'{path.name}: {count:,} files')
    move_in(stage, shelf.data_root)
    shutil.rmtree(stage, ignore_errors=True)
    return done


def _unpack_nested(folder: Path, pattern: str, has_own_folder: bool) -> int:
    count = 0
    for path in sorted(folder.glob(pattern)):
        count += unpack(path, path.with_suffix('') if has_own_folder else path.parent) - 1
        path.unlink()
    return count


def remove_archives(shelf: Shelf, later: Iterable[Distribution] = ()) -> int:
    """Delete a data set's archives and what is left of cut transfers; return the bytes.

    Archives that the data sets ``later`` read as well are left.
    """
    spared = {
        path
        for one in later
        for file in one.files
        for path in _traces(Shelf(shelf.data_root, one), file)
    }
    shared = {path for file in shelf.one.files if file.of for path in _traces(shelf, file)}
    freed = 0
    for path in sorted({*shelf.downloads.glob('*'), *shared} - spared):
        if path.is_file() and path.name != _STATE:
            freed += path.stat().st_size
            path.unlink()
    shutil.rmtree(shelf.downloads / STAGE, ignore_errors=True)
    return freed


def _traces(shelf: Shelf, file: RemoteFile) -> list[Path]:
    """Return the places of a file, of what has arrived of it, and of what is known of that."""
    return [shelf.folder_of(file) / f'{file.name}{end}' for end in ('', PART, f'{PART}.json')]


def remove_data(shelf: Shelf, others: Iterable[Distribution]) -> str:
    """Delete a data set's unpacked files, or the link to them; return what was done.

    Raises:
        DataError: another data set lies in the same folder.
    """
    shared = [
        one.name
        for one in others
        if one.name != shelf.one.name
        and (_inside(one.root, shelf.one.root) or _inside(shelf.one.root, one.root))
        and 'counts' in Shelf(shelf.data_root, one).remembered()
    ]
    if shared:
        raise DataError(f'{shelf.home}: also holds {", ".join(shared)}; delete by hand what may go')
    with held(shelf):
        if shelf.home.is_symlink():
            shelf.home.unlink()
            text = f'{shelf.home}: the link is gone, what it led to is untouched'
        elif shelf.home.is_dir():
            shutil.rmtree(shelf.home)
            text = f'{shelf.home}: deleted'
        else:
            text = f'{shelf.home}: was not there'
        if (shelf.downloads / _STATE).is_file():
            known = shelf.remembered()
            known.pop('counts', None)
            write_json(shelf.downloads / _STATE, known)
    return text


def _inside(inner: str, outer: str) -> bool:
    return Path(inner).is_relative_to(outer)


def link(shelf: Shelf, folder: Path) -> str:
    """Use ``folder`` as the unpacked data set, without copying; return what was done.

    Raises:
        DataError: there is no such folder, or something is in the way.
    """
    if not folder.is_dir():
        raise DataError(f'{folder}: no such folder, nor an archive that is read in place')
    if shelf.home.is_symlink():
        shelf.home.unlink()
    elif shelf.home.exists():
        raise DataError(f'{shelf.home}: is there already; delete it first')
    try:
        shelf.home.parent.mkdir(parents=True, exist_ok=True)
        shelf.home.symlink_to(folder.resolve(), target_is_directory=True)
    except OSError as error:
        raise DataError(f'{shelf.home}: cannot be made ({error.strerror})') from None
    return f'{shelf.home} -> {folder.resolve()}'
