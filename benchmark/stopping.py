"""How a process is asked to stop: by a signal, in time for a training to keep a checkpoint."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
SECONDS = 20.0
"""How long a training may take to keep its checkpoint and end."""

STOPPED, REQUEUE = 143, 99
"""Exit codes of a command that was stopped: for good, and (by SIGUSR1) to be queued again."""


FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGBUS)
"""Signals by which others, or a lack of memory, end a process; the rest are faults of its own."""

STACK = signal.SIGUSR2
"""The signal at which a process that can be ended for making no progress writes its stacks."""


def write_stacks_when_asked() -> None:
    """Let :data:`STACK` write the stacks of all threads to standard error, even in a hang."""
    faulthandler.register(STACK, file=2, all_threads=True)


class Stopped(BaseException):
    """The process was asked to stop; what is worth keeping is kept."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = REQUEUE if number == signal.SIGUSR1 else STOPPED


class _State:
    """What of this process concerns its end: trainings, and a process to ask in its stead."""

    trainings = 0
    asked: int | None = None
    forward: Callable[[], None] | None = None


def is_asked() -> bool:
    """Whether this process was asked to stop, and its training is to end after the next step."""
    return _State.asked is not None


def end() -> None:
    """Leave a training that has kept its checkpoint.

    Raises:
        Stopped: always.
    """
    number, _State.asked = _State.asked, None
    raise Stopped(number or signal.SIGTERM)


@contextlib.contextmanager
def training(forward: Callable[[], None] | None = None) -> Iterator[None]:
    """For the enclosed block, let a signal wait for the end of a training step.

    Args:
        forward: asks the process in which the training runs, if it is another one.
    """
    before, _State.forward = _State.forward, forward
    _State.trainings += 1
    try:
        yield
    finally:
        _State.trainings -= 1
        _State.forward = before


@contextlib.contextmanager
def stopped_by_signals(*, leaves: bool = False) -> Iterator[None]:
    """Let signals stop what runs in the enclosed block, where this is the main thread.

    A training is asked to stop; anything else is left at once. One that is ignored, as under
    ``nohup``, stays ignored.

    Args:
        leaves: end the process at once, instead of raising :class:`Stopped`.

    Raises:
        Stopped: when a signal came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    own = os.getpid()

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() != own:  # a forked process that loads data
            os._exit(STOPPED)
        if _State.trainings:
            _State.asked = number
            if _State.forward is not None:
                _State.forward()
        elif leaves:
            os._exit(STOPPED)
        else:
            for other in SIGNALS:  # it is stopping already; Ctrl-C still ends it at once
                signal.signal(other, signal.SIG_IGN)
            raise Stopped(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    caught = [number for number, what in before.items() if what is not signal.SIG_IGN]
    for number in caught:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, before[number] or signal.SIG_DFL)
        _State.asked = None
