"""Trainings in one process or several, in fresh processes that share the imports."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import Tensor, nn

from benchmark.engine.audit import bare

Config = dict[str, Any]

_IMPORTED = ['tests.support.ranks', 'tests.support.task_trials']
_LIMIT = 300
_KILLED = 9


@HOOKS.register_module()
class NormsStay(Hook):
    """Lets batch norms use their running statistics in training: a batch's are per process."""

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        """Set the layers to testing."""
        for module in bare(runner.model).modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()


@HOOKS.register_module()
class EndProcess(Hook):
    """Ends the process after an iteration, as a kill does: nothing is written any more."""

    def __init__(self, iteration: int) -> None:
        self._iteration = iteration

    def after_train_iter(self, runner: Runner, *_: object, **__: object) -> None:
        """End without a word."""
        if runner.iter + 1 == self._iteration:
            os._exit(_KILLED)


@HOOKS.register_module()
class SaveTrained(Hook):
    """Writes weights and loss curves at the end, and the inputs of every step, to a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._inputs: list[Any] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        """Keep what was loaded."""
        assert isinstance(data_batch, Mapping)
        self._inputs.append([t.clone() for t in _tensors(data_batch)])

    def after_train(self, runner: Runner) -> None:
        """Write, each process its own inputs."""
        torch.save(self._inputs, self._folder / f'inputs_{runner.rank}.pt')
        if runner.rank == 0:
            state = bare(runner.model).state_dict()
            torch.save(state, self._folder / 'weights.pt')


def _tensors(batch: Mapping[str, Any]) -> list[Tensor]:
    """Return the pictures of a batch, one by one."""
    found = [batch['inputs']] if 'inputs' in batch else [batch['template'], batch['search']]
    return [picture for part in found for picture in part]


@dataclass(frozen=True)
class Shared:
    """What a training left behind.

    Attributes:
        curves: losses by name.
        weights: of the whole model.
        inputs: pictures of every step, for each process.
    """

    curves: dict[str, list[float]]
    weights: dict[str, Tensor]
    inputs: list[list[list[Tensor]]]


def train_in(
    count: int, config: Config, folder: Path, *, killed_after: int | None = None
) -> Shared:
    """Return what a training by ``config`` in ``count`` fresh processes leaves in ``folder``.

    Args:
        count: processes that share each batch.
        config: the compiled cell.
        folder: is made, and holds checkpoints, too.
        killed_after: the iteration after which all processes end at a first attempt.
    """
    folder.mkdir(parents=True)
    hooks = [
        {'type': 'benchmark.StepClock'},
        {'type': 'NormsStay'},
        {'type': 'SaveTrained', 'folder': str(folder)},
    ]
    hooks = [*config['custom_hooks'], *hooks]
    config = {**config, 'custom_hooks': hooks, 'log_level': 'ERROR'}
    if killed_after is not None:
        ending = {'type': 'EndProcess', 'iteration': killed_after}
        first = {**config, 'custom_hooks': [*hooks, ending]}
        assert _run(count, first, folder) == [_KILLED] * count
    assert _run(count, config, folder) == [0] * count
    return Shared(
        torch.load(folder / 'curves.pt'),
        torch.load(folder / 'weights.pt'),
        [torch.load(folder / f'inputs_{rank}.pt') for rank in range(count)],
    )


def _run(count: int, config: Config, folder: Path) -> list[int | None]:
    """Return the exit codes of ``count`` processes that train together."""
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(_IMPORTED)
    port = _free_port()
    processes = [
        context.Process(target=_train, args=(config, folder, rank, count, port))
        for rank in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(_LIMIT)
        process.kill()
    return [process.exitcode for process in processes]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port


def _train(config: Config, folder: Path, rank: int, count: int, port: int) -> None:
    """Train as process ``rank`` of ``count``, as one that torchrun starts."""
    place = {'RANK': rank, 'LOCAL_RANK': rank, 'WORLD_SIZE': count, 'MASTER_PORT': port}
    if count > 1:
        os.environ.update({key: str(value) for key, value in place.items()})
        os.environ['MASTER_ADDR'] = '127.0.0.1'
    torch.set_num_threads(1)
    from benchmark.execution.execute import train

    trained = train(config, folder)
    if rank == 0:
        torch.save(trained.curves, folder / 'curves.pt')
