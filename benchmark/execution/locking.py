"""A lease on a run's work folder, so that two processes never train in the same one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmark.errors import BenchmarkError
from benchmark.results.leases import (
    BusyError,
    Lease,
    Mark,
    Sight,
    joined,
    length,
    ranks_have_ended,
    see,
    take,
)

__all__ = ['BusyError', 'check_leases', 'exclusive', 'holder', 'holder_since', 'shared']


@contextlib.contextmanager
def exclusive(folder: Path, expired: Sequence[Any] | None = None) -> Iterator[Lease]:
    """Hold the lease of ``folder`` in the enclosed block; others notice if this process dies.

    Args:
        folder: is made where it is not there.
        expired: the mark of a lease on it that was seen to run out.

    Raises:
        BusyError: another process holds it, or took it over meanwhile.
        BenchmarkError: it cannot be written.
    """
    with _one_line_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lease = take(folder, Mark(*expired) if expired else None)
    try:
        yield lease
    finally:
        lease.release()


@contextlib.contextmanager
def shared(folder: Path, *, watched: bool = False) -> Iterator[None]:
    """Share the lease of ``folder`` as one of several processes of a cell.

    Args:
        folder: is made where it is not there.
        watched: end this process when the holder gives no more signs of life.

    Raises:
        BusyError: it is not theirs any more.
        BenchmarkError: it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        with _one_line_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(joined(folder, watched=watched))
        yield


def check_leases(folder: Path) -> None:
    """Create ``folder`` and check that a lease in it can be taken, renewed and released.

    Raises:
        BenchmarkError: it cannot be written, or the length of leases is wrong.
    """
    length()
    place = folder / 'cache' / 'leases'
    try:
        with exclusive(place) as lease, _one_line_errors(place):
            lease.renew()
    except BusyError:  # another process tries the same
        pass


def holder(folder: Path) -> Sight | None:
    """Return the lease of the process that seems to hold ``folder``; ``None`` if it is free.

    Of another host only the time of the last sign of life is known; three lengths of the lease
    without one count as free. Nothing but what a person is shown may depend on that.
    """
    sight = see(folder)
    if sight is None or sight.is_free:
        return None
    is_local = sight.owner is not None and sight.owner.is_local
    return sight if is_local or silence(sight) < 3 * sight.seconds else None


def silence(sight: Sight) -> float:
    """Return the seconds since a lease's last heartbeat; clocks may differ between hosts."""
    return max(0.0, time.time() - sight.changed)


def holder_since(folder: Path) -> float | None:
    """Return when the process that holds ``folder`` started (seconds since the epoch), if any."""
    sight = holder(folder)
    if sight is not None:
        return sight.since
    return None if ranks_have_ended(folder) else time.time()


@contextlib.contextmanager
def _one_line_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BenchmarkError(f'{folder}: cannot be written ({error.strerror or error})') from None
