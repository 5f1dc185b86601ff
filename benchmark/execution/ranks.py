"""The processes that torchrun starts for one cell: how they start, and how they end.

Started twice: as ``python -m benchmark.execution.ranks lead COUNT REQUEST ANSWER``, which becomes
torchrun, and by torchrun as ``... ranks join REQUEST ANSWER``. Each ends with the process above it,
whatever ends that one. Nothing heavy is imported before that is arranged.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path

from benchmark.execution.lifetime import PARENT, die_with_parent
from benchmark.execution.locking import shared
from benchmark.stopping import Stopped, stopped_by_signals, write_stacks_when_asked


def command(count: int, asked: Path, answered: Path) -> tuple[str, ...]:
    """Return the command of ``count`` processes that answer the request in the file ``asked``."""
    module = ('-m', 'benchmark.execution.ranks')
    return (sys.executable, '-P', *module, 'lead', str(count), str(asked), str(answered))


def ends_file(answered: Path) -> Path:
    """Return the file with the exit codes of the processes that failed, beside their answer."""
    return answered.with_name('ends')


def lead(count: str, asked: str, answered: str) -> None:
    """Become torchrun, and start ``count`` processes."""
    os.environ[PARENT] = str(os.getpid())
    # -P is not handed on to the processes that torchrun starts
    os.environ['PYTHONSAFEPATH'] = '1'
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    own = ('-m', 'benchmark.execution.ranks', 'join', asked, answered)
    try:
        torchrun(['--standalone', '--nproc-per-node', count, *own])
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        ends_file(Path(answered)).write_text(json.dumps(codes), encoding='utf-8')
        sys.exit(1)


def join(asked: str, answered: str) -> None:
    """Answer the request together with the other processes, and hold its folder meanwhile."""
    request = ast.literal_eval(Path(asked).read_text(encoding='utf-8'))
    with shared(Path(request['folder'])), stopped_by_signals(leaves=True):
        from benchmark.execution.distributed import take_part

        try:
            take_part(request, Path(answered))
        except Stopped as error:
            os._exit(error.code)


if __name__ == '__main__':
    die_with_parent()
    write_stacks_when_asked()
    role, *arguments = sys.argv[1:]
    lead(*arguments) if role == 'lead' else join(*arguments)
