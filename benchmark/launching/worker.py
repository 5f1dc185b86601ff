"""A worker process: imports the libraries once, then answers one request after the other.

Started as ``python -m benchmark.launching.worker FD``. Requests come as Python literals (which,
unlike JSON, distinguish tuples from lists), one per line, on standard input; answers are written as
JSON lines to the file descriptor FD. Output during a request goes to the request's log file.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import json
import os
import sys
import threading
import traceback
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmark.compiling import find_procedure
from benchmark.errors import BenchmarkError
from benchmark.execution.lifetime import die_with_parent
from benchmark.launching.liveness import forward_lines, own_channels, point_at, write_whole
from benchmark.results.leases import end_when_lost
from benchmark.stopping import Stopped, stopped_by_signals, write_stacks_when_asked

_LONGEST = 300


def main(descriptor: int) -> None:
    """Answer requests until standard input ends."""
    die_with_parent()
    end_when_lost()
    write_stacks_when_asked()
    requests: SimpleQueue[str] = SimpleQueue()
    asked, answered = own_channels(descriptor)
    threading.Thread(target=forward_lines, args=(asked, requests.put), daemon=True).start()
    with stopped_by_signals(leaves=True):
        while True:
            request = ast.literal_eval(requests.get())
            _log_to(Path(request['log']))  # before any import, so that failures are reported there
            write_whole(answered, json.dumps(_whatever_happens(request)) + '\n')


def _whatever_happens(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a request, even if a library tries to end the process.

    ``died`` then asks for another worker.
    """
    try:
        return _answer(request)
    except Stopped as error:
        os._exit(error.code)
    except BaseException as error:
        traceback.print_exc()
        reason = ' '.join(f'{type(error).__name__}: {error}'.split())[:_LONGEST]
        return {'error': reason, 'user_error': False, 'died': True}


def preload() -> None:
    """Import what every cell needs, in the process from which workers are forked.

    What goes wrong is left to the workers, who say it in their answers.
    """
    with contextlib.suppress(Exception):
        _prepare()
        import benchmark.execution.jobs  # noqa: F401


@functools.cache
def _prepare() -> None:
    import warnings

    import torch

    from benchmark.openmmlab import prepare

    warnings.filterwarnings('ignore')
    prepare()
    if not torch.cuda.is_available():
        # with another busy process on the cores, more threads wait for each other
        torch.set_num_threads(1)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        if find_procedure(request['job']).uses_libraries:
            _prepare()
    except BenchmarkError as error:
        return {'error': str(error), 'user_error': True}
    from benchmark.execution.answering import answer
    from benchmark.launching.surroundings import surroundings_kept

    with surroundings_kept():
        return answer(request)


def _log_to(path: Path) -> None:
    """Redirect all output to ``path``, even if an earlier cell closed the streams."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()  # type: ignore[union-attr]
    point_at(os.open(os.devnull, os.O_RDONLY), 0)
    point_at(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1, 2)


if __name__ == '__main__':
    main(int(sys.argv[1]))
