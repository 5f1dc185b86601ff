"""A protocol for chaos: a cell that takes a while and measures what follows from its seed."""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.compiling.procedures import find_procedure
from benchmark.execution.answering import claimed
from benchmark.protocols.finetune import FINETUNE

EVENTS = 'CHAOS_EVENTS'
"""The environment variable with the file in which cells note when they begin and end."""

RAW = 'accuracy'
_STEPS = 20


def expected(seed: int) -> float:
    """Return what a cell of this seed measures, in percent."""
    return round(random.Random(seed).uniform(1.0, 99.0), 6)


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of a cell, measured while its lease is held."""
    return claimed(request, lambda: _measure(int(request['config']['randomness']['seed'])))


def _measure(seed: int) -> dict[str, Any]:
    seconds = random.Random(-seed).uniform(0.3, 1.2)
    note('begun', seed)
    for step in range(_STEPS):
        time.sleep(seconds / _STEPS)
        print(f'Iter(train) [{step}/{_STEPS}]', flush=True)
    note('ended', seed)
    return {
        'raw': {RAW: expected(seed)},
        'proof': {'steps': _STEPS},
        'cost': {'train_seconds': seconds, 'test_seconds': 0.0, 'device': 'cpu'},
        'curves': {},
        'pictures': [],
    }


def note(what: str, seed: int) -> None:
    """Append a line to the file of events: lines so short are never torn."""
    if path := os.environ.get(EVENTS):
        with Path(path).open('ab', buffering=0) as file:
            file.write(f'{what} {seed} {os.getpid()}\n'.encode())


WAIT = replace(
    find_procedure('train'),
    name='wait',
    run='tools.chaos.parts:run',
    takes_processes=False,
    writes_submission=False,
    canary='',
    uses_libraries=False,
)
PROTOCOL = replace(
    FINETUNE, name='chaos', title='nothing learns', procedure='tools.chaos.parts:WAIT'
)
