"""What getting data sets would take, and what is there: nothing is fetched or changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.acquiring.declared import Distribution
from benchmark.acquiring.getting import Shelf, is_done, is_there
from benchmark.acquiring.transfer import PART, Patience, probe
from benchmark.specs import Task


@dataclass(frozen=True)
class Item:
    """What one data set would take.

    Attributes:
        one: the data set.
        state: `there`, `linked`, `begun`, `by hand` (a person has to do something) or `absent`.
        remaining: bytes still to fetch, as far as sizes are stated.
        unknown: files whose size no source states.
    """

    one: Distribution
    state: str
    remaining: int
    unknown: int

    def seconds(self, speed: float) -> float:
        """Return how long the known bytes take at ``speed`` bytes a second."""
        return self.remaining / speed

    def facts(self, speed: float) -> dict[str, object]:
        """Return the item for programs; sizes in bytes, time in seconds."""
        return {
            'name': self.one.name,
            'tasks': list(self.one.tasks),
            'state': self.state,
            'bytes': self.one.size,
            'bytes_to_fetch': self.remaining,
            'files_of_unknown_size': self.unknown,
            'seconds': round(self.seconds(speed)),
            'licence': self.one.licence,
            'gate': self.one.gate,
        }


def plan(chosen: Iterable[Distribution], data_root: Path, tasks: Mapping[str, Task]) -> list[Item]:
    """Return what each data set would take below ``data_root``."""
    return [_item(one, data_root, reading(one, tasks)) for one in chosen]


def reading(one: Distribution, tasks: Mapping[str, Task]) -> list[Task]:
    """Return the tasks that read a data set."""
    return [tasks[name] for name in one.tasks if name in tasks]


def _item(one: Distribution, data_root: Path, tasks: Sequence[Task]) -> Item:
    shelf = Shelf(data_root, one)
    state = _state(shelf, tasks)
    left = [] if state in {'there', 'linked'} else [f for f in one.files if not shelf.present(f)]
    begun = (shelf.folder_of(file) / f'{file.name}{PART}' for file in left)
    arrived = sum(path.stat().st_size for path in begun if path.is_file())
    remaining = max(0, sum(file.expected for file in left) - arrived)
    return Item(one, state, remaining, sum(not file.expected for file in left))


def _state(shelf: Shelf, tasks: Sequence[Task]) -> str:
    if shelf.home.is_symlink():
        return 'linked'
    if is_done(shelf, tasks) or is_there(shelf, tasks):
        return 'there'
    if any(not f.addresses and len(shelf.present(f)) < f.count for f in shelf.one.files):
        return 'by hand'
    return 'begun' if shelf.downloads.is_dir() else 'absent'


@dataclass(frozen=True)
class Probed:
    """What an address answered.

    Attributes:
        data_set: name of the data set.
        file: name of the file.
        address: where it was asked for.
        is_alive: whether it can be fetched there.
        detail: what was answered.
    """

    data_set: str
    file: str
    address: str
    is_alive: bool
    detail: str


def probe_all(chosen: Iterable[Distribution], patience: Patience | None = None) -> list[Probed]:
    """Return what each address of the data sets answers; a size that differs is a dead address."""
    found = []
    for one in chosen:
        for file in one.files:
            for address in file.addresses:
                is_alive, detail = probe(address, patience)
                if (
                    is_alive
                    and file.size
                    and detail
                    not in {
                        f'{file.size:,} bytes',
                        'size not stated',
                    }
                ):
                    is_alive, detail = False, f'{detail}, {file.size:,} are declared'
                found.append(Probed(one.name, file.name, address, is_alive, detail))
    return found
