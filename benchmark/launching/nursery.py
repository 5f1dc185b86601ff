"""A process that imports the libraries once and forks workers that have them.

Started as ``python -m benchmark.launching.nursery FD TARGET PRELOAD``; orders come as datagrams on
the socket FD, each with three descriptors. It has one thread and no GPU: a copy of a process in
which CUDA runs is of no use.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from benchmark.execution.lifetime import PARENT, die_with_parent, naming_parent
from benchmark.launching.liveness import point_at

TARGET = 'benchmark.launching.worker:main'
"""The function that a forked worker calls with the descriptor of its answers."""

PRELOAD = 'benchmark.launching.worker:preload'
"""The function that the process calls once, before it forks."""

_ORDER = 1 << 16
_PAUSE = 0.02
_GONE = -int(signal.SIGKILL)
"""The exit code of a worker that ended together with its nursery."""


class Nursery:
    """The forking process, as seen by its user; started with the first worker.

    Args:
        environment: variables of the process itself, which workers inherit.
        target: ``'module:function'`` that a worker calls.
        preload: ``'module:function'`` that is called before any worker is forked.
    """

    def __init__(
        self, environment: Mapping[str, str], *, target: str = TARGET, preload: str = PRELOAD
    ) -> None:
        self._environment = dict(environment)
        self._arguments = (target, preload)
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def start(self) -> None:
        """Start the process, which then imports the libraries; a second call does nothing."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        own, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            command = (sys.executable, '-P', '-m', 'benchmark.launching.nursery')
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**naming_parent(), **self._environment},
                start_new_session=True,
            )
        except BaseException:
            own.close()
            raise
        finally:
            theirs.close()
        self._orders = own

    def fork(self, environment: Mapping[str, str], answers: int) -> Forked:
        """Return a worker with ``environment`` on top, which writes to the pipe ``answers``."""
        self.start()
        asked, asking = os.pipe()
        watched, ending = os.pipe()
        try:
            assert self._orders is not None, 'the process was started'
            order = json.dumps(dict(environment)).encode()
            with contextlib.suppress(OSError):  # its end is noticed together with the worker's
                socket.send_fds(self._orders, [order], [asked, answers, ending])
        finally:
            os.close(asked)
            os.close(ending)
        return Forked(os.fdopen(asking, 'wb', buffering=0), watched)

    def close(self) -> None:
        """End the process, and with it the workers; a second call does nothing."""
        orders, self._orders = self._orders, None
        process, self._process = self._process, None
        if orders is not None:
            orders.close()
        if process is not None:
            process.kill()
            process.wait()


class Forked:
    """A forked worker, with the methods of ``subprocess.Popen`` that the pool uses.

    Its nursery writes two lines to a pipe: its number when it begins, its exit code when it ends.
    """

    def __init__(self, stdin: BinaryIO, watched: int) -> None:
        self.stdin: BinaryIO | None = stdin
        self.returncode: int | None = None
        self._watched, self._said, self._is_open = watched, b'', True
        os.set_blocking(watched, False)

    def __del__(self) -> None:
        self._close()

    @property
    def pid(self) -> int:
        """The process number; waits while the libraries are being imported.

        Raises:
            ProcessLookupError: it ended without having begun.
        """
        while self.poll() is None and not self._number:
            time.sleep(_PAUSE)
        if not self._number:
            raise ProcessLookupError('the worker has not begun')
        return self._number

    @property
    def _number(self) -> int:
        """The process number; 0 if the worker is not known to have started."""
        first, found, _ = self._said.partition(b'\n')
        return int(first) if found else 0

    def _living(self) -> int:
        """Return the process number; 0 if the worker has not started, or has ended."""
        return self._number if self.poll() is None else 0

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; ``None`` while the worker lives."""
        if self.returncode is None and self._is_open:
            chunk: bytes | None = None
            with contextlib.suppress(BlockingIOError):
                chunk = os.read(self._watched, 256)
            self._said += chunk or b''
            lines = self._said.split(b'\n')
            if len(lines) > 2:
                self.returncode = int(lines[1])
            elif chunk == b'':
                self.returncode = _GONE
            if self.returncode is not None:
                self._close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once the worker has ended.

        Raises:
            subprocess.TimeoutExpired: it lives longer than that.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() >= end:
                raise subprocess.TimeoutExpired('worker', timeout or 0.0)
            time.sleep(_PAUSE)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal; a worker that has not started counts as ended by it.

        It may begin yet: it ends at once, since nobody asks it anything.
        """
        if pid := self._living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        elif self.returncode is None:
            self.returncode = -number
            self._close()

    def terminate(self) -> None:
        """Ask the worker to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the worker and its children, which form a process group."""
        if pid := self._living():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        else:
            self.send_signal(signal.SIGKILL)

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._watched)


def main(descriptor: int, target: str, preload: str) -> None:
    """Fork a worker for every order, until the pipe of orders is closed."""
    die_with_parent()
    pkgutil.resolve_name(preload)()
    gc.collect()
    gc.freeze()  # what is never collected is never written to, and stays shared
    orders = socket.socket(fileno=descriptor)
    woken, waking = os.pipe()
    for end in (woken, waking):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waking)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    workers: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is orders:
                    found = _receive(orders)
                    if found is None:
                        return
                    pid = _fork(found, target, (descriptor, woken, waking, *workers.values()))
                    workers[pid] = found.ending
                else:
                    os.read(woken, _ORDER)
            _report_ended(workers)


class _Order:
    def __init__(self, environment: Mapping[str, str], descriptors: Sequence[int]) -> None:
        self.environment = environment
        self.asked, self.answers, self.ending = descriptors


def _receive(orders: socket.socket) -> _Order | None:
    """Return the next order; ``None`` if the ordering process has ended."""
    size = array.array('i').itemsize
    text, descriptors, _, _ = socket.recv_fds(orders, _ORDER, 3 * size)
    return _Order(json.loads(text), descriptors) if text else None


def _fork(order: _Order, target: str, others: Sequence[int]) -> int:
    """Return the process number of a new worker; never returns in the worker itself."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _become_worker(order, target, others, parent)
        except SystemExit as error:
            os._exit(error.code if isinstance(error.code, int) else 1)
        finally:
            os._exit(1)
    with contextlib.suppress(OSError):  # the worker is no longer needed
        os.write(order.ending, f'{pid}\n'.encode())
    os.close(order.asked)
    os.close(order.answers)
    return pid


def _become_worker(order: _Order, target: str, others: Sequence[int], parent: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    for descriptor in (*others, order.ending):
        os.close(descriptor)
    os.environ.update(order.environment)
    os.environ[PARENT] = str(parent)
    point_at(order.asked, 0)
    call: Callable[[int], None] = pkgutil.resolve_name(target)
    call(order.answers)


def _report_ended(workers: dict[int, int]) -> None:
    for pid in list(workers):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            ending = workers.pop(pid)
            with contextlib.suppress(OSError):  # the exit code is not needed
                os.write(ending, f'{os.waitstatus_to_exitcode(status)}\n'.encode())
            os.close(ending)


if __name__ == '__main__':
    main(int(sys.argv[1]), *sys.argv[2:])
