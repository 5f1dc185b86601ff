"""A procedure whose processes tell their numbers and then sleep."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from benchmark.compiling.procedures import Procedure


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Leave a file named by this process and its parent, then sleep."""
    (Path(request['folder']) / f'{os.getpid()}-{os.getppid()}.rank').touch()
    time.sleep(300)
    return {}


SLEEP = Procedure('sleep', 'tests.support.sleeping_ranks:run', uses_libraries=False)
