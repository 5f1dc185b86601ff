"""Which cells of a campaign are due: those of others are looked at again, lost ones tried again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark.planning import Cell
from benchmark.results.leases import Observer, length
from benchmark.specs import RunSpec

_LOOKS = 24
"""How often to look at the cells of others within the length of a lease."""

_LONGEST_WAIT = 5.0

_REFUSALS = 2
"""A cell that seemed free and was refused more often than this is one that others work on."""


class Agenda:
    """The cells that are left to run, in rounds.

    Args:
        cells: all cells that are to do, in the order of the first round.
        pauses: seconds before each new try of a cell that was lost; their number is that of tries.
        observer: sees leases of others run out.
        folder_of: returns the work folder of a cell.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        pauses: Sequence[float],
        observer: Observer,
        folder_of: Callable[[Cell], Path],
    ) -> None:
        self.total = len(cells)
        self.left: list[Cell] = []
        self._first: list[Cell] | None = list(cells)
        self._busy: list[Cell] = []
        self._refusals: Counter[RunSpec] = Counter()
        self._lost: list[tuple[float, Cell]] = []
        self._losses: dict[RunSpec, list[str]] = {}
        self._pauses, self._observer, self._folder_of = tuple(pauses), observer, folder_of

    def add_busy(self, cell: Cell) -> None:
        """Note that another process holds a cell."""
        self._busy.append(cell)
        self._refusals[cell.spec] += 1

    def add_lost(self, cell: Cell, why: str) -> bool:
        """Note that a cell was lost with its worker, host or memory; return whether to try again.

        A cell that was lost too often is left as it is.
        """
        losses = self._losses.setdefault(cell.spec, [])
        losses.append(why)
        if len(losses) > len(self._pauses):
            return False
        self._lost.append((time.monotonic() + self._pauses[len(losses) - 1], cell))
        return True

    def losses(self, cell: Cell) -> tuple[str, ...]:
        """Return why earlier tries of a cell were lost."""
        return tuple(self._losses.get(cell.spec, ()))

    def next_round(self, *, waits: bool) -> list[Cell]:
        """Return the cells to run now, after waiting for some; empty when the work is over.

        A cell that others hold is due when they have given it back or are gone. Those whose holder
        is at work end up in ``left``, unless the campaign ``waits`` for them.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        while self._busy or self._lost:
            if not waits:
                left = [cell for cell in self._busy if self._is_left(cell)]
                self.left += left
                self._busy = _without(self._busy, left)
            if due := self._due():
                return due
            if self._busy or self._lost:
                time.sleep(min(_LONGEST_WAIT, length() / _LOOKS))
        return []

    def _due(self) -> list[Cell]:
        now = time.monotonic()
        free = [cell for cell in self._busy if not self._observer.is_held(self._folder_of(cell))]
        again = [cell for moment, cell in self._lost if moment <= now]
        self._busy = _without(self._busy, free)
        self._lost = [entry for entry in self._lost if entry[0] > now]
        return free + again

    def _is_left(self, cell: Cell) -> bool:
        """Whether others are at work on a cell, as its lease or repeated refusals show."""
        folder = self._folder_of(cell)
        if self._observer.is_held(folder):
            return self._observer.is_alive(folder)
        return self._refusals[cell.spec] > _REFUSALS


def _without(cells: Sequence[Cell], some: Sequence[Cell]) -> list[Cell]:
    specs = {cell.spec for cell in some}
    return [cell for cell in cells if cell.spec not in specs]
