"""The file by which a campaign shows other processes its cells and whether it is alive.

A campaign is a folder ``WORK/SUITE/campaigns/NAME`` with the list of its cells, written once and
atomically, and a lease that its process holds. Nothing else is written while it works: what is
done, failed and running follows from the records and from the leases on the cells' work folders.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, RecordError
from benchmark.execution.locking import exclusive, holder, silence
from benchmark.hashing import slug
from benchmark.results.leases import length, see
from benchmark.results.store import ResultStore, write_atomically
from benchmark.specs import RunSpec

_FOLDER = 'campaigns'
_FILE = 'campaign.json'
_STOP = 'stop'
_LOOK_SECONDS = 3.0
_FORGOTTEN_SECONDS = 24 * 3600.0


class Entry(NamedTuple):
    """A cell of a campaign."""

    spec: RunSpec
    fingerprint: str


@dataclass(frozen=True)
class Ledger:
    """A campaign as its folder shows it.

    Attributes:
        suite: name of its suite.
        store: where its records and work go.
        started: when it began.
        process: number of its process, and its host.
        entries: its cells.
        is_alive: whether its process is at work now.
        folder: where it notes what it does.
        silence: seconds since its last sign of life, as far as clocks agree.
        expected: seconds that a cell should take, by its id, where that is known.
    """

    suite: str
    store: ResultStore
    started: datetime
    process: str
    entries: tuple[Entry, ...]
    is_alive: bool
    folder: Path
    silence: float | None = None
    expected: Mapping[str, float] = field(default_factory=dict)


@contextlib.contextmanager
def open_ledger(
    store: ResultStore,
    suite: str,
    entries: Sequence[Entry],
    expected: Mapping[str, float] | None = None,
) -> Iterator[None]:
    """Tell in the work folder that ``entries`` are being run, for as long as the block lasts.

    What earlier campaigns of the suite left is removed, unless they are still at work.

    Args:
        store: where records and work go.
        suite: name of the suite.
        entries: the cells.
        expected: seconds that cells are expected to take, by their ids.
    """
    now = datetime.now(UTC)
    root = store.work / slug(suite) / _FOLDER
    folder = root / f'{now:%Y%m%dT%H%M%S%f}-{os.getpid()}'
    with exclusive(folder):
        _forget_others(root, folder)
        content = {
            'suite': suite,
            'results': str(store.results.resolve()),
            'started': now.isoformat(timespec='seconds'),
            'process': f'{os.getpid()} on {socket.gethostname()}',
            'cells': [asdict(item.spec) | {'fingerprint': item.fingerprint} for item in entries],
            'expected': {name: round(seconds, 1) for name, seconds in (expected or {}).items()},
        }
        write_atomically(folder / _FILE, json.dumps(content, indent=1) + '\n')
        with _stopped_when_asked(folder / _STOP):
            yield


@contextlib.contextmanager
def _stopped_when_asked(file: Path) -> Iterator[None]:
    """Stop the enclosed block, as a signal would, once ``file`` exists."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(min(_LOOK_SECONDS, length() / 10)):
            if file.exists():
                # where nothing waits for SIGTERM, as in a notebook, it is an interruption
                handled = callable(signal.getsignal(signal.SIGTERM))
                _thread.interrupt_main(signal.SIGTERM if handled else signal.SIGINT)
                return

    if threading.current_thread() is threading.main_thread():
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def ask_to_stop(work: Path, suite: str | None = None) -> list[str]:
    """Ask the running campaigns of a work folder to stop, and return the process of each.

    Raises:
        RecordError: a file of the work folder cannot be read or written.
    """
    found = [x for x in ledgers(work) if x.is_alive and suite in (None, x.suite, slug(x.suite))]
    for ledger in found:
        write_atomically(ledger.folder / _STOP, '')
    return [ledger.process for ledger in found]


def _forget_others(root: Path, own: Path) -> None:
    for folder in root.iterdir():
        if folder != own and (folder / _FILE).is_file() and _is_over(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_over(folder: Path) -> bool:
    """Whether a campaign has certainly ended; clocks may be off by hours, but not by a day."""
    sight = see(folder)
    return sight is None or sight.is_free or silence(sight) > _FORGOTTEN_SECONDS


def ledgers(work: Path) -> list[Ledger]:
    """Return the campaigns listed in the work folder, newest first.

    Raises:
        RecordError: one of their files cannot be read.
    """
    files = work.glob(f'*/{_FOLDER}/*/{_FILE}')
    return sorted((_read(path, work) for path in files), key=lambda x: x.started, reverse=True)


def _read(path: Path, work: Path) -> Ledger:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        sight = holder(path.parent)
        if not isinstance(content['suite'], str) or not isinstance(content['process'], str):
            raise TypeError('suite and process must be texts')
        return Ledger(
            suite=content['suite'],
            store=ResultStore(Path(content['results']), work),
            started=datetime.fromisoformat(content['started']),
            process=content['process'],
            entries=tuple(map(_entry, content['cells'])),
            is_alive=sight is not None,
            folder=path.parent,
            silence=None if sight is None else silence(sight),
            expected={name: float(s) for name, s in content.get('expected', {}).items()},
        )
    except (OSError, *UNFIT) as error:
        raise RecordError(f'{path}: cannot be read ({error}); delete its folder') from None


def _entry(content: dict[str, Any]) -> Entry:
    mark, spec = content.pop('fingerprint'), RunSpec(**content)
    texts = mark, spec.task, spec.backbone, spec.protocol
    if not all(isinstance(text, str) for text in texts) or type(spec.seed) is not int:
        raise TypeError(f'a cell is {content!r:.100}')
    return Entry(spec, mark)
