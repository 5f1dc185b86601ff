"""Weights of a network that is being pretrained: written at its end, and on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from safetensors.torch import save
from torch import Tensor

from benchmark.engine.audit import bare
from benchmark.registry import HOOKS
from benchmark.results.store import write_atomically

if TYPE_CHECKING:
    from mmengine.runner import Runner


@HOOKS.register_module()
class Snapshots(Hook):
    """Writes the backbone's weights after every so many steps, each file whole at once.

    One that is there already stays: a training that is continued takes steps again, and whoever
    evaluates the files has seen it.

    Args:
        folder: where the files ``step_00000100.safetensors`` go.
        interval: steps from one to the next; the last step has one too.
        header: facts for the header of each file, beside its step.
        is_half: whether numbers are kept in half precision.
    """

    # before the checkpoint of the same step: what is resumed after it has its snapshot
    priority = 'LOW'

    def __init__(
        self, *, folder: str, interval: int, header: Mapping[str, str], is_half: bool
    ) -> None:
        self._folder, self._interval = Path(folder), interval
        self._header, self._is_half = dict(header), is_half

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Write the weights where they are due."""
        done = runner.iter + 1
        if done % self._interval == 0 or done == runner.max_iters:
            self._save(runner, done)

    @master_only
    def _save(self, runner: Runner, done: int) -> None:
        path = self._folder / f'step_{done:08d}.safetensors'
        if not path.exists():
            model: Any = bare(runner.model)
            weights = model.backbone.named_weights()
            save_weights(weights, path, {**self._header, 'step': str(done)}, is_half=self._is_half)


def save_weights(
    weights: Mapping[str, Tensor], path: Path, facts: Mapping[str, str], *, is_half: bool
) -> None:
    """Write a network's parameters and buffers, with ``facts`` in the header.

    Equal values and facts give equal bytes.

    Args:
        weights: parameters and buffers by name.
        path: the file to write.
        facts: texts for its header.
        is_half: whether floating-point numbers are written in half precision.

    Raises:
        RecordError: the file cannot be written.
    """
    kept = {name: _kept(value, is_half) for name, value in sorted(weights.items())}
    write_atomically(path, _in_order(save(kept, metadata=dict(facts))))


def _in_order(file: bytes) -> bytes:
    """Return a safetensors file with its facts in order: the library writes them in any."""
    size = int.from_bytes(file[:8], 'little')
    header = json.loads(file[8 : 8 + size])
    header['__metadata__'] = dict(sorted(header['__metadata__'].items()))
    text = json.dumps(header, separators=(',', ':'), ensure_ascii=False).encode()
    return file[:8] + text.ljust(size) + file[8 + size :]


def _kept(value: Tensor, is_half: bool) -> Tensor:
    # a copy: tensors that share memory cannot be written
    whole = value.detach().cpu().clone(memory_format=torch.contiguous_format)
    return whole.to(torch.float16) if is_half and whole.is_floating_point() else whole
