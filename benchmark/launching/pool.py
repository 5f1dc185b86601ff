"""A pool of worker processes with one job at a time each; a worker that dies is replaced."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from benchmark.execution.lifetime import naming_parent
from benchmark.launching.executors.base import Job, Reply
from benchmark.launching.liveness import read_now
from benchmark.launching.nursery import Forked, Nursery
from benchmark.launching.stalls import Progress, end_with_stack
from benchmark.results.leases import LOST
from benchmark.stopping import FROM_OUTSIDE, SECONDS, STOPPED

WORKER = (sys.executable, '-P', '-m', 'benchmark.launching.worker')
"""The command of a worker; the file descriptor for its answers is added as last argument."""

_CHUNK = 1 << 20
_LOOK_SECONDS = 0.5
"""Seconds between checks for ended workers whose pipe is still held open by a child."""

_END_SECONDS = 10.0
"""Seconds that a worker may take to end after it has closed its answers."""


@dataclass
class _Worker:
    process: subprocess.Popen[bytes] | Forked
    answers: BinaryIO
    slot: int
    job: Job | None = None
    started: datetime = datetime.min
    buffer: bytearray = field(default_factory=bytearray)
    progress: Progress | None = None

    def start(self, job: Job) -> None:
        self.job, self.started = job, datetime.now(UTC)
        self.progress = Progress(job.log, job.stall) if job.stall is not None else None
        # ASCII only: the worker's locale may be another
        line = ascii({**job.request, 'log': str(job.log)}) + '\n'
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # a dead worker is noticed when reading
            self.process.stdin.write(line.encode())
            self.process.stdin.flush()

    def has_stalled(self) -> bool:
        return (
            self.job is not None
            and self.progress is not None
            and self.process.poll() is None
            and self.progress.has_stopped()
        )

    def reply(self, answer: dict[str, Any]) -> Reply:
        assert self.job is not None
        reply = Reply(self.job, answer, self.started)
        self.job = None
        return reply


class Pool:
    """Worker processes that live while the context is open.

    Args:
        environments: the extra environment variables of each worker, one entry per worker.
        command: the worker's command line.
        nursery: what forks workers, in place of the command.
    """

    def __init__(
        self,
        environments: Iterable[dict[str, str]],
        *,
        command: Sequence[str] = WORKER,
        nursery: Nursery | None = None,
    ) -> None:
        self._environments = list(environments)
        self._command = tuple(command)
        self._nursery = nursery
        self._workers: dict[int, _Worker] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers; a second call does nothing."""
        try:
            if any(worker.job for worker in self._workers.values()):
                self._ask_all()
        finally:
            self._stop_all()
            if self._nursery is not None:
                self._nursery.close()
        self._selector.close()

    def terminate(self) -> None:
        """Ask the workers to end, from any thread: trainings keep a checkpoint first."""
        for worker in list(self._workers.values()):
            worker.process.terminate()

    def start_early(self) -> None:
        """Start the process that forks workers, if there is one, before the first job."""
        if self._nursery is not None:
            self._nursery.start()

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job as it ends, in no particular order.

        Workers start when there is a job for them; they are stopped when the consumer leaves early.
        """
        waiting = iter(jobs)
        try:
            for slot in range(len(self._environments)):
                if (job := next(waiting, None)) is None:
                    break
                self._give(slot, job)
            while any(worker.job for worker in self._workers.values()):
                for worker in self._ready():
                    reply = self._receive(worker)
                    if reply is not None:
                        if (job := next(waiting, None)) is not None:
                            self._give(worker.slot, job)
                        yield reply
        except BaseException:
            try:
                self._ask_all()
            finally:
                self._stop_all()
            raise

    def _ask_all(self) -> None:
        """Ask all workers to end, and give trainings time for a checkpoint."""
        self.terminate()
        end = time.monotonic() + SECONDS
        for worker in self._workers.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, end - time.monotonic()))

    def _give(self, slot: int, job: Job) -> None:
        if slot in self._workers and self._workers[slot].process.poll() is not None:
            self._stop(self._workers[slot])
        if slot not in self._workers:
            self._workers[slot] = self._start(slot)
        self._workers[slot].start(job)

    def _start(self, slot: int) -> _Worker:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        answers = os.fdopen(reading, 'rb', buffering=0)
        try:
            process = self._open(slot, writing)
        except BaseException:
            answers.close()
            raise
        finally:
            os.close(writing)
        worker = _Worker(process, answers, slot)
        self._selector.register(answers, selectors.EVENT_READ, worker)
        return worker

    def _open(self, slot: int, answers: int) -> subprocess.Popen[bytes] | Forked:
        """Return a new process, which writes to the pipe ``answers``."""
        if self._nursery is not None:
            return self._nursery.fork(self._environments[slot], answers)
        return subprocess.Popen(
            [*self._command, str(answers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(answers,),
            env={**naming_parent(), **self._environments[slot]},
            start_new_session=True,
        )

    def _ready(self) -> Iterator[_Worker]:
        """Yield the workers that have answered or ended."""
        told = {key.data.slot: key.data for key, _ in self._selector.select(_LOOK_SECONDS)}
        ended = {w.slot: w for w in self._workers.values() if w.process.poll() is not None}
        stalled = {w.slot: w for w in self._workers.values() if w.has_stalled()}
        for worker in stalled.values():
            end_with_stack(worker.process)
        yield from (told | ended | stalled).values()

    def _receive(self, worker: _Worker) -> Reply | None:
        """Return the worker's reply once it is complete; stop a worker that ended."""
        has_ended = worker.process.poll() is not None  # checked before reading what it has written
        chunk = read_now(worker.answers, _CHUNK)
        if chunk is None and not has_ended:
            return None
        worker.buffer += chunk or b''
        if chunk and not chunk.endswith(b'\n'):
            return None
        has_stalled = worker.progress is not None and worker.progress.stopped
        # a hang that ends when its stack is requested still counts as one
        is_whole = chunk and not has_stalled
        answer = _parsed(bytes(worker.buffer)) if is_whole else _death(worker)
        worker.buffer.clear()
        if answer.get('died'):
            self._stop(worker)
        return worker.reply(answer) if worker.job is not None else None

    def _stop_all(self) -> None:
        for worker in list(self._workers.values()):
            self._stop(worker)

    def _stop(self, worker: _Worker) -> None:
        del self._workers[worker.slot]
        self._selector.unregister(worker.answers)
        worker.answers.close()
        _kill(worker.process)
        worker.process.wait()
        if worker.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                worker.process.stdin.close()


def _kill(process: subprocess.Popen[bytes] | Forked) -> None:
    """End a worker and its children, which form a process group."""
    if isinstance(process, Forked):
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError:
        return {'error': 'the worker process gave an unreadable answer', 'died': True}
    return answer


def _death(worker: _Worker) -> dict[str, Any]:
    try:
        code = worker.process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        return {'error': 'the worker process stopped answering', 'died': True}
    if worker.progress is not None and worker.progress.stopped:
        return {'error': worker.progress.told(), 'died': True}
    if code == LOST:
        error = 'another process took over the cell, since this worker showed no sign of life'
        return {'error': error, 'user_error': True, 'busy': True, 'died': True}
    if code >= 0 and code != STOPPED:
        return {'error': f'the worker process ended with exit code {code}', 'died': True}
    if code == STOPPED:
        return {'error': 'the worker process was asked to stop', 'died': True, 'lost': True}
    hint = '; most likely out of memory' if -code == signal.SIGKILL else ''
    error = f'the worker process was ended by {_signal_name(-code)}{hint}'
    is_lost = -code in FROM_OUTSIDE
    return {'error': f'{error}; run the command again to retry', 'died': True, 'lost': is_lost}


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f'signal {number}'
