"""Leases on work folders: they need no locks of the file system, and compare no clocks of hosts.

A lease is a file ``lease.N`` in the folder. Whoever creates the file of the next number, which the
file system lets one process do, holds the folder. Its owner changes a counter in it every few
seconds. Others judge it by their own steady clock: one whose counter has not changed for its
whole length has run out, and the next number may be taken. The number is a fencing token: an owner
that was frozen finds a higher one when it wakes, and keeps nothing more. Of a process of the same
host it is known at once whether it still exists.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, BenchmarkError

LENGTH = 'TBENCH_LEASE'
"""The environment variable with the seconds after which a lease that nobody renews has run out."""

JOINED = 'TBENCH_JOINED'
"""The environment variable that hands the leases of a process to those that it starts."""

LOST = 98
"""Exit code of a worker that found its lease taken over."""

_SECONDS = 120.0
_LONGEST = 7 * 24 * 3600.0
"""A lease that says more seconds is no lease: nobody would ever take it over."""

_BEATS = 12
"""How often a lease is renewed within its length."""

_LOOK_SECONDS = 1.0
"""Longest time between two looks at the lease of another host that a process shares."""

_NAME = re.compile(r'lease\.([0-9]{6})')
_RANK = 'rank.'
_KEPT = 8
"""So many lease files of a folder stay: their numbers cannot be taken a second time."""

_HELD, _FREE = 'held', 'free'
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class BusyError(BenchmarkError):
    """Another process is at work in the folder."""


class Owner(NamedTuple):
    """A process: ``system`` identifies the running system, or the container on it."""

    host: str
    system: str
    pid: int
    started: str

    @classmethod
    def here(cls) -> Owner:
        """Return this process."""
        pid = os.getpid()
        return cls(socket.gethostname(), _system(), pid, _state_of(pid)[1])

    @property
    def is_local(self) -> bool:
        """Whether it is, or was, a process of this system."""
        return self.system == _system()

    @property
    def is_gone(self) -> bool:
        """Whether it is known to have ended."""
        return self.is_local and _state_of(self.pid)[1] != self.started

    @property
    def runs(self) -> bool:
        """Whether it is known to run: it exists here and is not stopped."""
        state, started = _state_of(self.pid) if self.is_local else ('', '')
        return bool(state) and started == self.started and state not in 'TtZX'


class Mark(NamedTuple):
    """What a look at a lease saw: its number, and the counter with the state."""

    number: int
    tail: str


@dataclass(frozen=True)
class Sight:
    """A lease as it was read.

    Attributes:
        mark: what changes with every sign of life.
        owner: who took it; ``None`` where its file is not whole.
        seconds: its length.
        since: when it was taken, by the owner's clock (seconds since the epoch).
        changed: time of change of its file, by the clock of the file system.
    """

    mark: Mark
    owner: Owner | None
    seconds: float
    since: float
    changed: float

    @property
    def is_free(self) -> bool:
        """Whether it can be taken over at once: given back, or its owner is known to be gone."""
        return self.mark.tail.endswith(_FREE) or (self.owner is not None and self.owner.is_gone)


def length() -> float:
    """Return after how many seconds without a sign of life a lease has run out.

    Raises:
        BenchmarkError: the environment sets something else than a positive number, or too large a
            one.
    """
    text = os.environ.get(LENGTH, '')
    try:
        seconds = float(text or _SECONDS)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise BenchmarkError(
            f'{LENGTH}={text}: must be a number of seconds above 0, at most {_LONGEST:.0f}'
        )
    return seconds


def see(folder: Path) -> Sight | None:
    """Return the newest lease on ``folder``; ``None`` where there never was one."""
    while True:
        number = _newest(folder)
        if not number:
            return None
        path = folder / _name(number)
        try:
            text = path.read_bytes().decode(errors='replace')
            return _parse(number, text, path.stat().st_mtime)
        except FileNotFoundError:
            if _newest(folder) == number:  # the folder went meanwhile
                return None


class Observer:
    """Remembers leases, to notice those that run out; the clock is this process's own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[Path, tuple[Mark, float]] = {}
        self._lives: dict[Path, bool] = {}

    def is_held(self, folder: Path) -> bool:
        """Whether another process holds ``folder`` with a lease that has not expired."""
        sight = see(folder)
        if sight is None or sight.is_free:
            return not ranks_have_ended(folder)
        before = self._seen.get(folder)
        if before is None or before[0] != sight.mark:
            self._lives[folder] = before is not None
            self._seen[folder] = (sight.mark, self._clock())
            return True
        return self._clock() - before[1] <= sight.seconds

    def is_alive(self, folder: Path) -> bool:
        """Whether the holder of ``folder`` gave a sign of life since the first look at it."""
        sight = see(folder)
        return self._lives.get(folder, False) or bool(sight and sight.owner and sight.owner.runs)

    def expired(self, folder: Path) -> Mark | None:
        """Return the mark of a lease that has run out; ``None`` where there is no such lease."""
        if folder not in self._seen or self.is_held(folder):
            return None
        return self._seen[folder][0]


@dataclass(eq=False)
class Lease:
    """A folder held by this process, until :meth:`release` or until another took it over."""

    folder: Path
    number: int
    _offset: int = 0
    _count: int = 0
    _lost: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_mine(self) -> bool:
        """Whether nobody has taken the folder over."""
        if not self._lost.is_set() and _newest(self.folder) != self.number:
            self._lost.set()
        return not self._lost.is_set()

    def renew(self) -> None:
        """Give a sign of life.

        Raises:
            OSError: the file cannot be written.
        """
        with self._writing:
            if not self._ended.is_set():
                self._count += 1
                self._write(_HELD)

    def release(self) -> None:
        """Give the folder back; where that cannot be written, others notice by themselves."""
        with self._writing:
            self._ended.set()
        if self in _State.leases:
            _State.leases.remove(self)
        if self.is_mine:
            with contextlib.suppress(OSError):
                self._write(_FREE)

    def _write(self, state: str) -> None:
        # in place and of equal size: works on a full disk, and makes no file where none is
        file = os.open(self.folder / _name(self.number), os.O_WRONLY)
        try:
            os.pwrite(file, _tail(self._count, state), self._offset)
        finally:
            os.close(file)

    def keep_renewing(self, seconds: float) -> None:
        """Renew the lease in the background until it is released or lost."""
        threading.Thread(target=self._beat, args=(seconds,), daemon=True).start()

    def _beat(self, seconds: float) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(seconds / _BEATS):
            with contextlib.suppress(OSError):
                self.renew()
                renewed = time.monotonic()
            # one that cannot be renewed has run out for the others
            if not self.is_mine or time.monotonic() - renewed > seconds:
                self._lost.set()
                if not self._ended.is_set() and _State.on_loss is not None:
                    _State.on_loss()
                return


class _State:
    """What of this process concerns its leases."""

    leases: list[Lease] = []  # noqa: RUF012
    on_loss: Callable[[], None] | None = None


def end_when_lost() -> None:
    """From now on, end this process at once when a lease of it is lost."""
    _State.on_loss = lambda: os._exit(LOST)


def check_held() -> None:
    """Raise unless this process still holds all that it took, before something is kept.

    Raises:
        BusyError: another process has taken a folder over.
    """
    for lease in tuple(_State.leases):
        if not lease.is_mine:
            raise BusyError(
                f'{lease.folder}: another process took it over, since this one showed no sign '
                'of life for too long; its measurements are discarded'
            )


def take(folder: Path, expired: Mark | None = None) -> Lease:
    """Return a lease on ``folder``, which is renewed in the background.

    Args:
        folder: it must exist.
        expired: the mark of a lease that an :class:`Observer` saw run out; it is taken over if it
            has still not changed.

    Raises:
        BusyError: another process holds the folder.
        OSError: it cannot be written.
    """
    sight = see(folder)
    is_over = sight is None or sight.is_free or sight.mark == expired
    if not (is_over and ranks_have_ended(folder)):
        raise _busy(folder)
    number = (sight.mark.number if sight else 0) + 1
    seconds = length()
    about = {'owner': Owner.here()._asdict(), 'seconds': seconds, 'since': time.time()}
    header = json.dumps(about) + '\n'
    if not create_whole(folder / _name(number), header.encode() + _tail(0, _HELD)):
        raise _busy(folder)
    if _newest(folder) != number:  # its number was free again: this process slept for very long
        with contextlib.suppress(OSError):
            (folder / _name(number)).unlink()
        raise _busy(folder)
    for old in range(max(1, number - 2 * _KEPT), number - _KEPT + 1):
        with contextlib.suppress(OSError):
            (folder / _name(old)).unlink()
    lease = Lease(folder, number, len(header.encode()))
    _State.leases.append(lease)
    lease.keep_renewing(seconds)
    return lease


def _busy(folder: Path) -> BusyError:
    return BusyError(
        f'{folder}: is being run by another process; run the command again when it is done'
    )


def handed_on() -> dict[str, str]:
    """Return the environment that makes a process share the leases of this one."""
    return {JOINED: json.dumps([[str(x.folder), x.number] for x in _State.leases])}


@contextlib.contextmanager
def joined(folder: Path, *, watched: bool = False) -> Iterator[None]:
    """Hold ``folder`` as one of several processes that its holder has started, in the block.

    Args:
        folder: it must exist.
        watched: end this process at once when the holder gives a lease back, loses it, or gives no
            sign of life for half of its length: before anyone else can take the folder.

    Raises:
        BusyError: it is not theirs any more.
        OSError: it cannot be written.
    """
    shares = [Lease(Path(p), n) for p, n in json.loads(os.environ.pop(JOINED, '[]'))]
    _State.leases += shares
    place = folder / f'{_RANK}{secrets.token_hex(8)}'
    create_whole(place, json.dumps(Owner.here()._asdict()).encode())
    ended = threading.Event()
    try:
        check_held()
        for share in shares if watched else ():
            threading.Thread(target=_end_with_holder, args=(share, ended), daemon=True).start()
        yield
    finally:
        ended.set()
        place.unlink(missing_ok=True)
        for share in shares:
            _State.leases.remove(share)


def _end_with_holder(share: Lease, ended: threading.Event) -> None:
    """End this process when the holder of a lease shows no more signs of life, unless it ended."""
    mark, moment, seconds = None, time.monotonic(), length()
    while not ended.wait(min(seconds / _BEATS, _LOOK_SECONDS)):
        sight = see(share.folder)
        if sight is None or sight.is_free or sight.mark.number != share.number:
            os._exit(LOST)
        seconds = sight.seconds
        if sight.mark != mark:
            mark, moment = sight.mark, time.monotonic()
        elif time.monotonic() - moment > seconds / 2:
            os._exit(LOST)


def ranks_have_ended(folder: Path) -> bool:
    """Whether no process of this host that shares a training in ``folder`` lives."""
    try:
        places = [place for place in folder.iterdir() if place.name.startswith(_RANK)]
    except OSError:
        return True
    for place in places:
        owner = _owner(_read_json(place))
        if owner is None or not owner.is_local:  # those end before the lease of their host does
            continue
        if not owner.is_gone:
            return False
        with contextlib.suppress(OSError):
            place.unlink()
    return True


def create_whole(path: Path, content: bytes) -> bool:
    """Create ``path`` with its whole content at once; return whether it was not there before.

    Raises:
        OSError: it cannot be written.
    """
    draft = write_draft(path.parent, content)
    try:
        return _link(draft, path, content)
    finally:
        draft.unlink(missing_ok=True)


def write_draft(folder: Path, content: bytes) -> Path:
    """Write a hidden file of a name of its own, synced, and return it; none stays if that fails.

    Raises:
        OSError: it cannot be written.
    """
    draft = folder / f'.{secrets.token_hex(8)}.tmp'
    # unlike a temporary file of the library, one that the umask shapes
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(file, 'wb') as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _link(draft: Path, path: Path, content: bytes) -> bool:
    try:
        os.link(draft, path)
    except FileExistsError:
        # over NFS an answer may be lost, and the second try fail: the count of names is right
        return draft.stat().st_nlink > 1
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _create(path, content)
    return True


def _create(path: Path, content: bytes) -> bool:
    """Do the same where a file cannot have two names: for a moment it is not whole."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(file, 'wb') as stream:
        stream.write(content)
    return True


def is_lease(name: str) -> bool:
    """Whether a file of this name in a work folder is a sign of life, and no work."""
    return _NAME.fullmatch(name) is not None


def _name(number: int) -> str:
    return f'lease.{number:06}'


def _newest(folder: Path) -> int:
    """Return the number of the newest lease, 0 where there is none."""
    try:
        found = [_NAME.fullmatch(place.name) for place in folder.iterdir()]
    except OSError:
        return 0
    return max((int(match[1]) for match in found if match), default=0)


def _tail(count: int, state: str) -> bytes:
    return f'{count:012} {state}\n'.encode()


def _parse(number: int, text: str, changed: float) -> Sight:
    header, _, tail = text.partition('\n')
    try:
        content = json.loads(header)
        seconds, since = float(content['seconds']), float(content['since'])
        if not (0 < seconds <= _LONGEST and math.isfinite(since)):
            raise ValueError('no length of a lease')
        return Sight(Mark(number, tail.strip()), _owner(content['owner']), seconds, since, changed)
    except UNFIT:
        # not whole: whoever writes it lives, or gives no sign of life and is judged by that
        return Sight(Mark(number, text), None, _SECONDS, changed, changed)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, *UNFIT):
        return None


def _owner(content: Any) -> Owner | None:
    try:
        return Owner(content['host'], content['system'], int(content['pid']), content['started'])
    except UNFIT:
        return None


def _system() -> str:
    """Return an identifier of this running system and its PID namespace."""
    try:
        boot = Path('/proc/sys/kernel/random/boot_id').read_text().strip()
        return f'{boot} {Path("/proc/self/ns/pid").readlink()}'
    except OSError:
        return socket.gethostname()


def _state_of(pid: int) -> tuple[str, str]:
    """Return the state of a process and when it started, in ticks; empty where it has ended."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except FileNotFoundError:
        if Path('/proc/self/stat').exists():
            return '', ''
    except (OSError, IndexError):
        return '', ''
    else:
        return ('', '') if fields[0] in 'ZX' else (fields[0], fields[19])
    try:
        os.kill(pid, 0)  # a system without /proc
    except ProcessLookupError:
        return '', ''
    except OSError:
        pass
    return 'R', ''
