"""What a worker can be asked to do, with errors turned into answers."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.engine.audit import hash_weights
from benchmark.errors import BenchmarkError
from benchmark.execution.canary import probe
from benchmark.execution.cost import device_name, forward_flops
from benchmark.execution.execute import execute
from benchmark.execution.locking import exclusive
from benchmark.execution.trivial import execute_trivial
from benchmark.models.inspection import build, inspect_backbone
from benchmark.specs import Backbone, Pretraining

Answer = dict[str, Any]


def inspect_job(request: Answer) -> Answer:
    """Return what is found out about ``request['backbone']``; its weights must load."""
    declared = {**request['backbone']}
    declared['pretraining'] = Pretraining(**declared['pretraining'])
    backbone = Backbone(**declared)
    features = inspect_backbone(backbone)
    network = build(backbone)
    is_published = not backbone.is_random and backbone.checkpoint is None
    weights = hash_weights(network) if is_published else None
    return {'features': asdict(features), 'weights': weights, 'flops': forward_flops(network)}


def execute_job(request: Answer) -> Answer:
    """Return the outcome of running ``request['config']`` in ``request['folder']``."""
    folder = Path(request['folder'])
    with exclusive(folder):
        return asdict(execute(request['config'], folder))


def trivial_job(request: Answer) -> Answer:
    """Return the outcome of the trivial predictor of ``request['config']``."""
    with exclusive(Path(request['folder'])):
        return asdict(execute_trivial(request['config']))


def canary_job(request: Answer) -> Answer:
    """Return the numbers of ``request['config']`` that must not change, and the device."""
    values = probe(request['config'], request['samples'])
    return {'values': values, 'device': device_name()}


JOBS: dict[str, Callable[[Answer], Answer]] = {
    'inspect': inspect_job,
    'execute': execute_job,
    'trivial': trivial_job,
    'canary': canary_job,
}


def answer(request: Answer) -> Answer:
    """Return the answer to a request; ``error`` is one line, ``user_error`` tells its origin."""
    try:
        return {**JOBS[request['job']](request), 'error': ''}
    except BenchmarkError as error:
        return {'error': str(error), 'user_error': True}
    except Exception as error:  # a cell that fails must not take the worker with it
        logging.getLogger(__name__).error(traceback.format_exc())
        lines = str(error).strip().splitlines()
        return {
            'error': f'{type(error).__name__}: {lines[0][:300] if lines else "no message"}',
            'user_error': False,
        }
