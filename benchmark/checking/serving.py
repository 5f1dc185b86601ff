"""Find out which kinds of tasks a backbone can serve, without data or training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from benchmark.catalog import shipped_tasks
from benchmark.compiling import CODE, CellInputs, compile_config, localise
from benchmark.errors import BenchmarkError
from benchmark.hashing import canonical_json
from benchmark.kinds import load_kind
from benchmark.models import FeatureBackbone
from benchmark.protocols import load_protocol
from benchmark.specs import Backbone, CheckResult, Features, RunSpec, Task


def check_kinds(backbone: Backbone, features: Features) -> list[CheckResult]:
    """Return for each kind whether a task of it can be built on the backbone, and why not.

    One task represents its kind, fine-tuned: its configuration is compiled, the backbone is built
    as that asks for it, without memory for its weights, and given the largest picture of the task.

    Raises:
        BenchmarkError: a shipped declaration is wrong.
    """
    networks: dict[str, FeatureBackbone] = {}
    return [_check(backbone, features, task, networks) for task in _representatives()]


def _representatives() -> list[Task]:
    """Return one shipped task per kind, in the order of kinds, on built-in data if possible."""
    found: dict[str, Task] = {}
    for task in sorted(shipped_tasks().values(), key=lambda t: (not t.source.provider, t.name)):
        found.setdefault(task.kind, task)
    return sorted(found.values(), key=lambda task: load_kind(task.kind).order)


def _check(
    backbone: Backbone, features: Features, task: Task, networks: dict[str, FeatureBackbone]
) -> CheckResult:
    try:
        declared = _declare(backbone, features, task)
        key = canonical_json(declared)
        if key not in networks:
            networks[key] = _build_bare(declared)
        height, width = load_kind(task.kind).largest_input(task)
        with torch.no_grad():
            maps = networks[key](torch.empty(1, 3, height, width, device='meta'))
    except (BenchmarkError, RuntimeError, ValueError, AssertionError, TypeError) as error:
        reason = ' '.join(str(error).split())[:200]
        return CheckResult(task.kind, False, f'tested on {task.name}: {reason}')
    shapes = ', '.join('x'.join(map(str, found.shape[-2:])) for found in maps)
    return CheckResult(task.kind, True, f'maps of {shapes} for pictures of {height}x{width} px')


def _declare(backbone: Backbone, features: Features, task: Task) -> dict[str, Any]:
    """Return the backbone's configuration in a task, without weights."""
    bare = replace(backbone, is_random=True, checkpoint=None)
    spec = RunSpec(task.name, backbone.id, 'finetune', 0)
    changes = ({'lr': 1e-3, 'iterations': 1, 'batch_size': 1, 'drop_path': 0.0},)
    cell = CellInputs(spec, bare, features, task, load_protocol('finetune'), changes)
    config = localise(compile_config(cell), {CODE: str(backbone.code)})
    return {key: value for key, value in config['model']['backbone'].items() if key != 'type'}


def _build_bare(declared: dict[str, Any]) -> FeatureBackbone:
    """Build the backbone on the meta device, since initialising a large one takes seconds."""
    with torch.device('meta'):
        network = FeatureBackbone(**declared)
    network.to('meta')  # a module in memory is a copy with values
    network.eval()
    return network
