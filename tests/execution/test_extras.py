"""Whole trainings with what is off unless a recipe asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn

from benchmark.execution.execute import execute
from benchmark.kinds.base import Config
from tests.support.execution_cells import Cell, StateDict, random_backbone, small_task

DECAY = 0.7
STEPS, PARTS = 3, 2
# at a constant rate: a schedule goes on between the parts of a batch
PLAIN = {'iterations': STEPS, 'batch_size': 4, 'drop_path': 0.0, 'schedule': 'poly', 'power': 0.0}
SEEN: dict[str, list[Any]] = {}
"""What :class:`Watch` saw, by its name."""


@HOOKS.register_module()
class Watch(Hook):
    """Keeps the weights at every iteration and in the test, and how the first block was run."""

    priority = 'LOWEST'

    def __init__(self, name: str) -> None:
        self.weights: list[StateDict] = []
        self.tested: StateDict = {}
        self.trained_types: list[torch.dtype] = []
        self.tested_types: list[torch.dtype] = []
        SEEN[name] = [self]

    def before_train(self, runner: Runner) -> None:
        """Keep the initial weights, and begin to watch the block."""
        self.weights.append(parameters(runner.model))
        runner.model.backbone.body.blocks[0].attn.qkv.register_forward_hook(self._note)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None, outputs: object = None
    ) -> None:
        """Keep the weights of the iteration."""
        self.weights.append(parameters(runner.model))

    def before_test_epoch(self, runner: Runner) -> None:
        """Keep the weights that are tested."""
        self.tested = parameters(runner.model)

    def _note(self, module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        (self.trained_types if module.training else self.tested_types).append(output.dtype)


def parameters(model: nn.Module) -> StateDict:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def watched(world: Path, folder: Path, changes: dict[str, Any]) -> Watch:
    """Return what was seen of a training on views that are not random."""
    cell = Cell(
        world,
        folder,
        small_task('world-covered'),
        random_backbone('test_vit'),
        changes={**PLAIN, **changes},
    )
    config = with_fixed_views(cell.config_with({'type': 'Watch', 'name': folder.name}))
    execute(config, folder)
    return SEEN[folder.name][0]


def with_fixed_views(config: Config) -> Config:
    pipeline = config['test_dataloader']['dataset']['pipeline']
    loader = config['train_dataloader']
    loader = {**loader, 'dataset': {**loader['dataset'], 'pipeline': pipeline}}
    return {**config, 'train_dataloader': loader}


def gap(first: StateDict, second: StateDict) -> float:
    """Return the largest difference of two sets of weights."""
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def test_accumulated_parts_of_a_batch_train_like_the_batch(
    tiny_world: Path, tmp_path: Path
) -> None:
    whole = watched(tiny_world, tmp_path / 'whole', {})
    parts = watched(tiny_world, tmp_path / 'parts', {'accumulation': PARTS})
    assert len(whole.weights) == STEPS + 1
    assert len(parts.weights) == PARTS * STEPS + 1
    for step in range(STEPS + 1):
        assert gap(parts.weights[PARTS * step], whole.weights[step]) < 1e-4
    assert gap(whole.weights[1], whole.weights[0]) > 1e-4


def test_all_extras_together(tiny_world: Path, tmp_path: Path) -> None:
    """The average by hand, half precision in training and test, blocks recomputed in training."""
    asked = {'accumulation': PARTS, 'ema': DECAY, 'precision': 'bf16', 'checkpointing': True}
    seen = watched(tiny_world, tmp_path / 'all', asked)
    # two passes of each of the batch's parts
    assert seen.trained_types == [torch.bfloat16] * (2 * PARTS * STEPS)
    assert seen.tested_types
    assert set(seen.tested_types) == {torch.bfloat16}
    average, *later = seen.weights[PARTS::PARTS]
    assert len(later) == STEPS - 1
    for new in later:
        average = {n: DECAY * average[n] + (1 - DECAY) * new[n] for n in average}
    assert gap(seen.tested, average) < 1e-6
    assert gap(seen.tested, seen.weights[-1]) > 1e-4
    assert {p.dtype for p in seen.tested.values()} == {torch.float32}
