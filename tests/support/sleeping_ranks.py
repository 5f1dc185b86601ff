"""Procedures whose processes say their numbers, and then sleep or fail."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from benchmark.compiling.procedures import Procedure
from benchmark.errors import DataError


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


SLEEP = Procedure('sleep', 'tests.support.sleeping_ranks:run', uses_libraries=False)
REFUSE = Procedure('refuse', 'tests.support.sleeping_ranks:refuse', uses_libraries=False)
MISS = Procedure('miss', 'tests.support.sleeping_ranks:miss', uses_libraries=False)
