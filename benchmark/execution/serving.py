"""Which kinds of tasks a backbone can serve, found without data and without training."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import torch

from benchmark.catalog import shipped_tasks
from benchmark.compiling import CODE, CellInputs, compile_config, localise
from benchmark.errors import BenchmarkError
from benchmark.kinds import load_kind
from benchmark.models import FeatureBackbone
from benchmark.protocols import load_protocol
from benchmark.specs import Backbone, Features, Finding, RunSpec, Task


def check_kinds(backbone: Backbone, features: Features) -> list[Finding]:
    """Return for each kind whether a task of it can be built on the backbone, and why not.

    One task stands for its kind, fine-tuned: its configuration is compiled, the backbone is built
    as that asks for it, without memory for its weights, and given the largest picture of the task.

    Raises:
        BenchmarkError: a shipped declaration is wrong.
    """
    return [_check(backbone, features, task) for task in _representatives()]


def _representatives() -> list[Task]:
    """Return one shipped task per kind in the order of kinds, of built-in data if there is one."""
    found: dict[str, Task] = {}
    for task in sorted(shipped_tasks().values(), key=lambda t: (not t.source.provider, t.name)):
        found.setdefault(task.kind, task)
    return sorted(found.values(), key=lambda task: load_kind(task.kind).order)


def _check(backbone: Backbone, features: Features, task: Task) -> Finding:
    try:
        detail = _serve(backbone, features, task)
    except (BenchmarkError, RuntimeError, ValueError, AssertionError, TypeError) as error:
        reason = ' '.join(str(error).split())[:200]
        return Finding(task.kind, False, f'as in {task.name}: {reason}')
    return Finding(task.kind, True, detail)


def _serve(backbone: Backbone, features: Features, task: Task) -> str:
    # the weights do not matter here, and a large network would take seconds to fill
    bare = replace(backbone, is_random=True, checkpoint=None)
    spec = RunSpec(task.name, backbone.id, 'finetune', 0)
    changes = ({'lr': 1e-3, 'iterations': 1, 'batch_size': 1, 'drop_path': 0.0},)
    cell = CellInputs(spec, bare, features, task, load_protocol('finetune'), changes)
    config = localise(compile_config(cell), {CODE: str(backbone.code)})
    declared: dict[str, Any] = {**config['model']['backbone']}
    importlib.import_module('benchmark.registry')
    del declared['type']
    height, width = load_kind(task.kind).largest_input(task)
    with torch.device('meta'), torch.no_grad():
        network = FeatureBackbone(**declared).eval()
        maps = network(torch.empty(1, 3, height, width))
    shapes = ', '.join('x'.join(map(str, found.shape[-2:])) for found in maps)
    return f'maps of {shapes} cells for pictures of {height}x{width} px'
