"""Records in an order: a few are held in memory, many are read as they are asked for."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, overload

from benchmark.results.index import WORTHWHILE
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, read_if_there, read_record
from benchmark.specs import RunSpec

MOST_HELD = WORTHWHILE
"""Records from here on are not held: a whole one takes some hundred kilobytes of memory."""


class Kept(NamedTuple):
    """A record that lies in the file ``path``."""

    spec: RunSpec
    path: Path
    is_ok: bool


class Records(Sequence[RunRecord]):
    """Records, some of them in files that are read each time they are asked for.

    Args:
        entries: each record, or where it is kept.
    """

    def __init__(self, entries: Iterable[RunRecord | Kept] = ()) -> None:
        self.entries = tuple(entries)

    @property
    def specs(self) -> tuple[RunSpec, ...]:
        """The cells, in the same order; no file is read for them."""
        return tuple(entry.spec for entry in self.entries)

    @property
    def failed(self) -> Records:
        """Those of cells that failed; no file is read to find them."""
        return Records(entry for entry in self.entries if not entry.is_ok)

    def __eq__(self, other: object) -> bool:
        """Whether another sequence holds equal records in the same order."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> RunRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Records: ...

    def __getitem__(self, index: int | slice) -> RunRecord | Records:
        """Return a record, or some of them.

        Raises:
            RecordError: its file cannot be read, or is gone.
        """
        if isinstance(index, slice):
            return Records(self.entries[index])
        return _whole(self.entries[index])

    def __iter__(self) -> Iterator[RunRecord]:
        """Yield the records one after the other, none of them held."""
        return map(_whole, self.entries)


def _whole(entry: RunRecord | Kept) -> RunRecord:
    return read_record(entry.path) if isinstance(entry, Kept) else entry


def records_of(store: ResultStore, suite: str) -> Records:
    """Return all records of ``suite`` in path order.

    Raises:
        RecordError: one of the files is not a record.
    """
    found: list[RunRecord | Kept] = []
    paths = sorted(store.runs_folder(suite).rglob('*.json'))
    for path in paths:
        if (record := read_if_there(path)) is not None:
            kept = Kept(record.spec, path, record.is_ok)
            found.append(record if len(paths) < MOST_HELD else kept)
    return Records(found)
