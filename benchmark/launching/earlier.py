"""Records of older releases, which identify data by the names and sizes of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.compiling import names_and_sizes
from benchmark.planning.cells import Cell
from benchmark.planning.contents import Level
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, read_record
from benchmark.specs import RunSpec

_Key = tuple[RunSpec, str]
"""A cell and its fingerprint."""


@dataclass
class EarlierRecords:
    """The records of some suites written by older releases.

    They count as long as names and sizes of the data's files are the same.
    """

    store: ResultStore
    suites: tuple[str, ...]
    _files: dict[str, Mapping[_Key, Path]] = field(default_factory=dict, init=False)
    _manifests: dict[tuple[Path, tuple[str, ...]], str] = field(default_factory=dict, init=False)

    def find_good(self, cell: Cell) -> RunRecord | None:
        """Return the good record of ``cell``."""
        path = self._path(cell)
        record = path and read_record(path)
        return record if record and record.is_ok else None

    def adopt(self, cells: Iterable[Cell], level: Level) -> None:
        """Move the records of ``cells`` to their current place, with today's digest of the data."""
        for cell in cells if any(self._files.values()) else ():
            path = self._path(cell)
            if path and path.exists():
                record, mark = read_record(path), cell.fingerprint
                self.store.adopt(path, record, mark, cell.manifest, level.value)

    def _path(self, cell: Cell) -> Path | None:
        earlier = [found for name in self.suites if (found := self._suite(name))]
        # built-in data that are not rendered yet have no names
        if not earlier or (cell.task.source.provider and not cell.manifest):
            return None
        mark = cell.identify(
            cell.config, manifest=self._names_and_sizes(cell.data, tuple(cell.task.tree))
        )
        key = (cell.spec, mark)
        return next((found[key] for found in earlier if key in found), None)

    def _suite(self, suite: str) -> Mapping[_Key, Path]:
        if suite not in self._files:
            self._files[suite] = self.store.earlier(suite)
        return self._files[suite]

    def _names_and_sizes(self, folder: Path, tree: tuple[str, ...]) -> str:
        key = (folder, tree)
        if key not in self._manifests:
            self._manifests[key] = names_and_sizes(folder, tree)
        return self._manifests[key]
