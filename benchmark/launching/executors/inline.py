"""Jobs in this process, one after the other, for breakpoints and modules in memory."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TextIO

from benchmark.errors import BenchmarkError, EnvironmentProblem
from benchmark.launching.devices import visible_gpus
from benchmark.launching.executors.base import Job, Reply, Wanted


class InlineExecutor:
    """Runs jobs in this process, one at a time.

    Output of a job goes to its log file, as in a worker; ``breakpoint()`` restores the terminal.
    The scores equal those of a worker: threads and random generators are set as there, and
    restored afterwards, like warning filters, logging and the working directory.

    Args:
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        shows_output: let jobs print here instead of to their log files.

    Raises:
        EnvironmentProblem: the device is ``'cuda'`` and there is no GPU, or more than one process
            is asked for a training.

    >>> InlineExecutor('cpu').workers
    1
    """

    workers = 1

    def __init__(self, device: str = 'auto', *, shows_output: bool = False) -> None:
        self._hides_gpus = device == 'cpu'
        gpus = [] if self._hides_gpus else visible_gpus()
        if device == 'cuda' and not gpus:
            raise EnvironmentProblem('device cuda: no GPU is visible here (nvidia-smi lists none)')
        self.device = 'gpu' if gpus else 'cpu'
        self._shows_output = shows_output

    @classmethod
    def of(cls, wanted: Wanted) -> InlineExecutor:
        """Return the requested executor."""
        if (wanted.jobs or 1) > 1:
            raise EnvironmentProblem(
                f'--jobs {wanted.jobs}: the inline executor runs one job at a time; leave out '
                '--jobs, or use --executor local'
            )
        return cls(wanted.device)

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job, in order."""
        for job in jobs:
            started = datetime.now(UTC)
            yield Reply(job, self._answer(job), started)

    def _answer(self, job: Job) -> dict[str, Any]:
        request = {**job.request, 'log': str(job.log)}
        with contextlib.ExitStack() as stack:
            try:
                if not self._shows_output:
                    stack.enter_context(_printing_to(job.log))
                if self._hides_gpus:
                    stack.enter_context(_without_gpus())
                _prepare_libraries()
            except BenchmarkError as error:
                return {'error': str(error), 'user_error': True}
            from benchmark.execution.answering import answer

            try:
                with _process_kept():
                    return answer(request)
            except SystemExit as error:  # a library, or the module, wants to end the process
                return {'error': f'SystemExit: {error}', 'user_error': False}

    def close(self) -> None:
        """Do nothing: nothing outlives a job."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def prepared_process() -> Iterator[None]:
    """Prepare the libraries, and configure this process like a worker for the enclosed block.

    What the libraries print meanwhile is dropped.

    Raises:
        EnvironmentProblem: a library is missing, or of a version that does not work.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        _prepare_libraries()
        with _process_kept():
            yield


@functools.cache
def _prepare_libraries() -> None:
    from benchmark.openmmlab import prepare

    with _filters_kept():
        warnings.filterwarnings('ignore')
        prepare()
        import benchmark.execution.jobs  # noqa: F401  (its imports warn)


@contextlib.contextmanager
def _without_gpus() -> Iterator[None]:
    """Hide the GPUs for the enclosed block.

    Raises:
        EnvironmentProblem: torch has seen them already.
    """
    old = os.environ.get('CUDA_VISIBLE_DEVICES')
    os.environ['CUDA_VISIBLE_DEVICES'] = ''
    try:
        import torch

        if torch.cuda.is_available():
            raise EnvironmentProblem(
                'device cpu: torch uses the GPU of this process already; start Python with '
                "CUDA_VISIBLE_DEVICES='' in its environment"
            )
        yield
    finally:
        if old is None:
            del os.environ['CUDA_VISIBLE_DEVICES']
        else:
            os.environ['CUDA_VISIBLE_DEVICES'] = old


@contextlib.contextmanager
def _process_kept() -> Iterator[None]:
    """Configure the process like a worker, and restore everything that a job may change."""
    from benchmark.launching.surroundings import surroundings_kept

    with contextlib.ExitStack() as stack:
        for keep in (
            surroundings_kept,
            _filters_kept,
            _torch_kept,
            _logging_kept,
            _start_method_kept,
            _opencv_kept,
            _instances_kept,
        ):
            stack.enter_context(keep())
        warnings.filterwarnings('ignore')
        yield


@contextlib.contextmanager
def _filters_kept() -> Iterator[None]:
    with warnings.catch_warnings():
        yield


@contextlib.contextmanager
def _torch_kept() -> Iterator[None]:
    import torch
    from torch.backends import cudnn

    from benchmark.sources.drawing import random_numbers_kept

    flags = cudnn.benchmark, cudnn.deterministic
    has_gpu = torch.cuda.is_available()  # not run on a GPU
    on_gpu = torch.cuda.get_rng_state_all() if has_gpu else []
    if not has_gpu:
        torch.set_num_threads(1)
    try:
        with random_numbers_kept(), torch.inference_mode(mode=False), torch.enable_grad():
            yield
    finally:
        cudnn.benchmark, cudnn.deterministic = flags
        if on_gpu:
            torch.cuda.set_rng_state_all(on_gpu)


@contextlib.contextmanager
def _logging_kept() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers, is_disabled = root.level, root.handlers[:], logging.root.manager.disable
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        logging.disable(is_disabled)


@contextlib.contextmanager
def _start_method_kept() -> Iterator[None]:
    method = multiprocessing.get_start_method(allow_none=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(method, force=True)


@contextlib.contextmanager
def _instances_kept() -> Iterator[None]:
    """Restore mmengine's named instances (scopes, loggers and so on) after the block."""
    from mmengine.logging import MessageHub, MMLogger
    from mmengine.registry import DefaultScope
    from mmengine.visualization import Visualizer

    managers: tuple[Any, ...] = (DefaultScope, MMLogger, MessageHub, Visualizer)
    before = [dict(manager._instance_dict) for manager in managers]
    try:
        yield
    finally:
        for name, logger in MMLogger._instance_dict.items():
            if name not in before[managers.index(MMLogger)]:
                for handler in logger.handlers:
                    handler.close()  # the log file of a run
        for manager, instances in zip(managers, before, strict=True):
            manager._instance_dict.clear()
            manager._instance_dict.update(instances)


@contextlib.contextmanager
def _opencv_kept() -> Iterator[None]:
    import cv2

    threads, uses_opencl = cv2.getNumThreads(), cv2.ocl.useOpenCL()
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
        cv2.ocl.setUseOpenCL(uses_opencl)


class _Stream(io.TextIOBase):
    """A text stream that forwards to ``target``: loggers keep it longer than a log is open."""

    target: TextIO

    def write(self, text: str) -> int:
        """Write ``text`` to the target."""
        return self.target.write(text)

    def flush(self) -> None:
        """Flush the target."""
        self.target.flush()

    def writable(self) -> bool:
        """Always true: the stream can be written to."""
        return True


_streams = _Stream(), _Stream()


@contextlib.contextmanager
def _printing_to(log: Path) -> Iterator[None]:
    """Redirect output to the file ``log``, until a breakpoint is reached."""
    log.parent.mkdir(parents=True, exist_ok=True)
    own, stop = (sys.stdout, sys.stderr), sys.breakpointhook
    with log.open('a', encoding='utf-8') as file:
        sys.breakpointhook = _on_terminal(stop, own)
        for stream in _streams:
            stream.target = file
        sys.stdout, sys.stderr = _streams
        try:
            yield
        finally:
            sys.stdout, sys.stderr = own
            for stream, target in zip(_streams, own, strict=True):
                stream.target = target
            sys.breakpointhook = stop


def _on_terminal(stop: Callable[..., Any], own: tuple[TextIO, TextIO]) -> Callable[..., Any]:
    """Return a breakpoint hook that first restores the terminal for the rest of the job."""

    @functools.wraps(stop)
    def hook(*arguments: Any, **named: Any) -> Any:
        sys.stdout, sys.stderr = own
        return stop(*arguments, **named)

    return hook
