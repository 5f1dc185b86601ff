"""A worker process: imports the libraries once, then answers one request after the other.

Started as ``python -m benchmark.launching.worker FD``; requests come as Python literals (which,
unlike JSON, tell tuples from lists), a line each, on standard input; answers leave as JSON lines
on the file descriptor FD. Everything printed meanwhile goes to the request's log file.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmark.errors import BenchmarkError


def main(descriptor: int) -> None:
    """Answer requests until standard input ends."""
    requests: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    with os.fdopen(descriptor, 'w') as answers:
        while True:
            request = ast.literal_eval(requests.get())
            _log_to(Path(request['log']))  # before any import, so that its failure is told there
            answers.write(json.dumps(_answer(request)) + '\n')
            answers.flush()


def _read(requests: SimpleQueue[str]) -> None:
    """Queue requests; when the parent is gone, end at once, even in the middle of a run."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


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
        _prepare()
    except BenchmarkError as error:
        return {'error': str(error), 'user_error': True}
    from benchmark.execution.jobs import answer

    return answer(request)


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)


if __name__ == '__main__':
    main(int(sys.argv[1]))
