"""What a nursery loads and forks, for the tests of both: the worker without torch."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmark.execution.lifetime import die_with_parent

sys.path.insert(0, str(Path(__file__).parent))
import fake_worker  # type: ignore[import-not-found]

LOADED: list[int] = []


def preload() -> None:
    """Note that the process loads, and take as long as the environment says."""
    LOADED.append(os.getpid())
    time.sleep(float(os.environ.get('LOADING', '0')))


def main(descriptor: int) -> None:
    """Answer as the worker without torch; a request may ask which process loaded."""
    die_with_parent()
    sys.argv = ['worker', str(descriptor)]
    own = fake_worker.answer
    fake_worker.answer = lambda request: (
        {'error': '', 'pid': os.getpid(), 'loaded': LOADED}
        if request['do'] == 'loaded'
        else own(request)
    )
    fake_worker.main(descriptor)
