"""The processes that torchrun starts for one cell: how they start, and how they end.

Started twice: as ``python -m benchmark.execution.torchrun_entry lead COUNT REQUEST ANSWER``, with
the place of this node where there are several, which becomes torchrun, and by torchrun as
``... torchrun_entry join REQUEST ANSWER``. Each ends with the process above it, whatever ends that
one. Nothing heavy is imported before that is arranged.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmark.execution.lifetime import PARENT, die_with_parent
from benchmark.execution.locking import shared
from benchmark.stopping import Stopped, stopped_by_signals, write_stacks_when_asked

_ENTRY = 'benchmark.execution.torchrun_entry'


def ends_file(answered: Path, node: int = 0) -> Path:
    """Return the file with the exit codes of a node's processes that failed, beside the answer."""
    return answered.with_name(f'ends-{node}')


def lead(count: str, asked: str, answered: str, *place: str) -> None:
    """Become torchrun, and start ``count`` processes.

    ``place`` is empty on one node; else it is how many nodes there are, where the first of them is
    reached (name or address, and port), and the number of this one.
    """
    os.environ[PARENT] = str(os.getpid())
    # -P is not handed on to the processes that torchrun starts
    os.environ['PYTHONSAFEPATH'] = '1'
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    where, node = ['--standalone'], '0'
    if place:
        nodes, address, port, node = place
        # ranks follow the numbers of the nodes, as they follow those of processes on one
        where = [
            *('--nnodes', nodes, '--node-rank', node),
            *('--master-addr', address, '--master-port', port),
        ]
    own = ('-m', _ENTRY, 'join', asked, answered)
    try:
        torchrun([*where, '--nproc-per-node', count, *own])
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        ends_file(Path(answered), int(node)).write_text(json.dumps(codes), encoding='utf-8')
        sys.exit(1)


def join(asked: str, answered: str) -> None:
    """Answer the request together with the other processes, and hold its folder meanwhile."""
    request = ast.literal_eval(Path(asked).read_text(encoding='utf-8'))
    # the processes of other nodes are not ended with the one that holds the folder
    is_far = int(os.environ.get('GROUP_WORLD_SIZE', '1')) > 1
    with shared(Path(request['folder']), watched=is_far), stopped_by_signals(leaves=True):
        try:
            take_part(request, Path(answered))
        except Stopped as error:
            os._exit(error.code)


def take_part(request: dict[str, Any], answered: Path) -> None:
    """Answer ``request`` with the other processes, the first of them into ``answered``."""
    import torch

    from benchmark.openmmlab import prepare

    prepare()
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    from benchmark.execution.answering import answer
    from benchmark.execution.processes import is_first

    found = answer(request)
    if is_first() or found['error']:
        answered.write_text(json.dumps(found), encoding='utf-8')
    if found['error']:
        # the others wait for this one in vain
        os._exit(1)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == '__main__':
    die_with_parent()
    write_stacks_when_asked()
    role, *arguments = sys.argv[1:]
    lead(*arguments) if role == 'lead' else join(*arguments)
