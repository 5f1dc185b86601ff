"""Procedures whose processes say their numbers, and then end, sleep or fail."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from benchmark.compiling.procedures import Procedure
from benchmark.errors import DataError
from benchmark.execution.answering import claimed
from benchmark.execution.torchrun import launch


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Leave a file named by this process and its parent, then sleep."""
    (Path(request['folder']) / f'{os.getpid()}-{os.getppid()}.rank').touch()
    time.sleep(300)
    return {}


def refuse(request: dict[str, Any]) -> dict[str, Any]:
    """Fail in the first process for a reason of the user's; the other sleeps."""
    if os.environ['RANK'] == '0':
        raise DataError('no pictures')
    return run(request)


def miss(request: dict[str, Any]) -> dict[str, Any]:
    """Fail in the first process once the other is gone, as where a connection is closed."""
    folder = Path(request['folder'])
    own = folder / f'{os.getpid()}-{os.getppid()}.rank'
    own.touch()
    if os.environ['RANK'] != '0':
        time.sleep(300)
    while True:
        for other in folder.glob('*.rank'):
            if other != own and not Path(f'/proc/{other.stem.partition("-")[0]}/fd/0').exists():
                raise RuntimeError('Connection closed by peer')
        time.sleep(0.01)


def share(request: dict[str, Any]) -> dict[str, Any]:
    """Start the requested processes; each notes its rank in a file named by its node."""
    folder = Path(request['folder'])
    if 'GROUP_RANK' in os.environ:
        (folder / f'rank-of-node.{os.environ["GROUP_RANK"]}').write_text(os.environ['RANK'])
        size = int(os.environ['WORLD_SIZE'])
        return {'processes': size, 'nodes': int(os.environ['GROUP_WORLD_SIZE'])}
    return claimed(request, lambda: launch(request, request['processes']))


SHARE = Procedure('share', 'tests.support.sleeping_ranks:share', uses_libraries=False)
SLEEP = Procedure('sleep', 'tests.support.sleeping_ranks:run', uses_libraries=False)
REFUSE = Procedure('refuse', 'tests.support.sleeping_ranks:refuse', uses_libraries=False)
MISS = Procedure('miss', 'tests.support.sleeping_ranks:miss', uses_libraries=False)
