"""The state of campaigns and cells, read from files, so that any process can ask at any time."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.execution.locking import holder, holder_since, silence
from benchmark.hashing import slug
from benchmark.launching.ledger import Entry, Ledger, ledgers
from benchmark.results.briefs import Brief, brief
from benchmark.results.index import read_briefs
from benchmark.results.live import last_point
from benchmark.results.reduced import read_note
from benchmark.results.store import read_if_there
from benchmark.specs import RunSpec

_TAIL = 1 << 14
"""Bytes at the end of a log that are searched for the iteration."""

_PROGRESS = re.compile(rb'(?:Iter|Epoch)\((train|val|test)\)\s*\[\s*(\d+)/(\d+)\]')


class State(enum.StrEnum):
    """The state of a cell in a campaign."""

    RUNNING = 'running'
    DONE = 'done'
    FAILED = 'failed'
    WAITING = 'waiting'
    INTERRUPTED = 'interrupted'


class CellStatus(NamedTuple):
    """A cell: ``detail`` is its progress or why it failed, ``seconds`` how long it has run.

    ``worker`` is the process that runs it, ``silence`` the seconds since its last sign of life.
    ``loss`` and ``images_per_second`` are those of the last point of its training. ``took`` are the
    seconds of a cell that this campaign has finished, ``expected`` those that it should take.
    """

    spec: RunSpec
    state: State
    detail: str = ''
    seconds: float | None = None
    worker: str = ''
    silence: float | None = None
    loss: float | None = None
    images_per_second: float | None = None
    took: float | None = None
    expected: float | None = None

    @property
    def phase(self) -> str:
        """What a running cell is at: ``'train'``, ``'val'`` or ``'test'``; empty if unknown."""
        return self.detail.partition(' ')[0] if self.share is not None else ''

    @property
    def share(self) -> float | None:
        """How much of its phase a running cell has done, from 0 to 1; ``None`` if unknown."""
        if self.state is not State.RUNNING or '/' not in self.detail:
            return None
        at, of = map(int, self.detail.partition(' ')[2].split('/'))
        return min(1.0, at / of) if of else None

    @property
    def left(self) -> float | None:
        """About how many seconds a running cell will still take; ``None`` if unknown.

        By the pace of its training so far; before that, by what it should take.
        """
        if self.state is not State.RUNNING or self.seconds is None:
            return None
        if self.share and self.phase == 'train':
            return self.seconds * (1 - self.share) / self.share
        return None if self.expected is None else max(0.0, self.expected - self.seconds)


@dataclass(frozen=True)
class CampaignStatus:
    """A campaign and its cells; one that is neither alive nor finished was interrupted.

    Attributes:
        suite: name of its suite.
        started: when it began.
        process: number of its process, and its host.
        is_alive: whether its process is at work now.
        cells: its cells.
        processes: all that are at work on the same cells, each with the seconds since its last sign
            of life.
    """

    suite: str
    started: datetime
    process: str
    is_alive: bool
    cells: tuple[CellStatus, ...]
    processes: tuple[tuple[str, float], ...] = ()

    @property
    def counts(self) -> dict[State, int]:
        """The number of cells in each state that occurs."""
        counted = Counter(cell.state for cell in self.cells)
        return {state: counted[state] for state in State if state in counted}

    @property
    def left(self) -> float | None:
        """About how many seconds the campaign will still take; ``None`` if nothing is known.

        Cells that wait take what they should, scaled by what finished ones took, or as long as
        those; as many run at a time as do now.
        """
        running = [cell for cell in self.cells if cell.state is State.RUNNING]
        waiting = [cell for cell in self.cells if cell.state is State.WAITING]
        expect = _expectation(self.cells)
        open_ = [expect(cell) if cell.left is None else cell.left for cell in running]
        seconds = [*open_, *map(expect, waiting)]
        known = [value for value in seconds if value is not None]
        if not running or len(known) < len(seconds):
            return None
        return max(sum(known) / len(running), *known[: len(running)])

    def to_plain(self) -> dict[str, Any]:
        """Return the status as JSON data."""
        return {
            'suite': self.suite,
            'started': self.started.isoformat(),
            'process': self.process,
            'is_alive': self.is_alive,
            'processes': [
                {'process': name, 'silence': round(seconds, 1)} for name, seconds in self.processes
            ],
            'left': None if self.left is None else round(self.left, 1),
            'counts': {state.value: count for state, count in self.counts.items()},
            'cells': [
                {
                    **asdict(cell.spec),
                    'state': cell.state.value,
                    'detail': cell.detail,
                    'seconds': cell.seconds,
                    'worker': cell.worker,
                    'silence': cell.silence,
                    'loss': cell.loss,
                    'images_per_second': cell.images_per_second,
                    'left': None if cell.left is None else round(cell.left, 1),
                }
                for cell in self.cells
            ],
        }


def _expectation(cells: Iterable[CellStatus]) -> Callable[[CellStatus], float | None]:
    """Return what says how many seconds a cell should take, from those that are finished."""
    finished = [(cell.took, cell.expected) for cell in cells if cell.took is not None]
    compared = [(took, expected) for took, expected in finished if expected]
    pace = sum(t for t, _ in compared) / sum(e for _, e in compared) if compared else 1.0
    mean = sum(took for took, _ in finished) / len(finished) if finished else None

    def expect(cell: CellStatus) -> float | None:
        return mean if cell.expected is None else cell.expected * pace

    return expect


def statuses(work: Path, suite: str | None = None) -> list[CampaignStatus]:
    """Return every running campaign and the newest one of each suite, newest first.

    Raises:
        RecordError: a file of the work folder or a record cannot be read.
    """
    wanted = [x for x in ledgers(work) if suite in (None, x.suite, slug(x.suite))]
    return [_status(*together) for together in _current(wanted)]


def _current(found: Iterable[Ledger]) -> Iterator[list[Ledger]]:
    """Yield the campaigns to show; those running the same cells are merged."""
    alike: dict[tuple[str, Path, frozenset[Entry]], list[Ledger]] = {}
    seen: set[str] = set()
    for ledger in found:
        if ledger.is_alive or ledger.suite not in seen:
            key = (ledger.suite, ledger.store.results, frozenset(ledger.entries))
            alike.setdefault(key, []).append(ledger)
        seen.add(ledger.suite)
    yield from alike.values()


def _status(ledger: Ledger, *others: Ledger) -> CampaignStatus:
    every = (ledger, *others)
    briefs = {
        (found.spec, found.fingerprint): found for found in read_briefs(ledger.store, ledger.suite)
    }
    cells = tuple(_cell(ledger, entry, briefs.get(entry)) for entry in ledger.entries)
    processes = tuple((x.process, x.silence or 0.0) for x in every if x.is_alive)
    started = min(x.started for x in every)
    is_alive = any(x.is_alive for x in every)
    process = next((x.process for x in every if x.is_alive), ledger.process)
    return CampaignStatus(ledger.suite, started, process, is_alive, cells, processes)


def _cell(ledger: Ledger, entry: Entry, record: Brief | None) -> CellStatus:
    folder = ledger.store.work_folder(ledger.suite, *entry)
    expected = ledger.expected.get(entry.spec.id)
    since = holder_since(folder)
    if since is not None:
        seconds = round(max(0.0, datetime.now(UTC).timestamp() - since), 1)
        progress, sight = _progress(folder, since), holder(folder)
        worker = f'{sight.owner.pid} on {sight.owner.host}' if sight and sight.owner else ''
        quiet = None if sight is None else round(silence(sight), 1)
        values = point.values if (point := last_point(folder, since)) is not None else {}
        loss, speed = (values.get(name) for name in ('loss', 'images_per_second'))
        return CellStatus(
            entry.spec, State.RUNNING, progress, seconds, worker, quiet, loss, speed,
            expected=expected,
        )  # fmt: skip
    if (record is None or not record.is_ok) and (note := read_note(folder)):
        smaller = read_if_there(note.record)
        record = brief(smaller) if smaller is not None else record
    if record is not None and record.is_ok:
        is_new = record.finished >= ledger.started
        took = record.whole_seconds if is_new else None
        return CellStatus(entry.spec, State.DONE, took=took, expected=expected)
    if record is not None and record.finished >= ledger.started:
        return CellStatus(entry.spec, State.FAILED, record.error)
    state = State.WAITING if ledger.is_alive else State.INTERRUPTED
    return CellStatus(entry.spec, state, expected=expected)


def _progress(folder: Path, since: float) -> str:
    """Return how far a run is by its log, else by its points, as ``'train 40/100'``."""
    if found := _logged(folder / 'log.txt', since):
        return found
    point = last_point(folder, since)
    return '' if point is None else f'train {point.step}/{point.total}'


def _logged(log: Path, since: float) -> str:
    """Return the last iteration that a run's log names, as ``'train 40/100'``."""
    try:
        with log.open('rb') as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            # what an earlier attempt left says nothing about this one
            found = _PROGRESS.findall(file.read()) if log.stat().st_mtime >= since else []
    except OSError:
        return ''
    if not found:
        return ''
    phase, at, of = (part.decode() for part in found[-1])
    return f'{phase} {at}/{of}'


def running_since(folder: Path) -> tuple[str, float] | None:
    """Return the progress of the run in a work folder, as ``'train 40/100'``, and its seconds.

    ``None`` where nothing runs there.
    """
    since = holder_since(folder)
    if since is None:
        return None
    seconds = max(0.0, datetime.now(UTC).timestamp() - since)
    return _progress(folder, since), seconds
