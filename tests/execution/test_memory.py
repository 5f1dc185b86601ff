"""Trainings that do not fit into memory, by an injected error: half the batch, twice the parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn

from benchmark.errors import BenchmarkError
from benchmark.execution.execute import execute
from benchmark.execution.jobs import answer
from benchmark.execution.memory import OutOfMemory, in_parts_that_fit, noticing_memory
from benchmark.results.reduced import folder_of
from tests.support.execution_cells import Cell, random_backbone, small_task

BATCH = 8
FAILURES: dict[str, Callable[[], Exception]] = {
    'device': lambda: torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB'),
    'host': lambda: MemoryError('Unable to allocate 2 GiB'),
    'host, by torch': lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory"),
}


@HOOKS.register_module()
class ScarceMemory(Hook):
    """Lets the backbone run out of memory in training above ``most`` pictures at a time."""

    def __init__(self, most: int, failure: str = 'device') -> None:
        self._most, self._failure = most, failure

    def before_train(self, runner: Runner) -> None:
        """Put the limit before the backbone."""

        def refuse(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            if module.training and len(inputs[0]) > self._most:
                raise FAILURES[self._failure]()

        runner.model.backbone.register_forward_pre_hook(refuse)


def request(world: Path, folder: Path, most: int, failure: str = 'device') -> dict[str, Any]:
    """Return what a worker is asked where memory holds ``most`` pictures."""
    changes = {'batch_size': BATCH, 'iterations': 2}
    backbone = random_backbone('test_vit')
    cell = Cell(world, folder / 'cell', small_task('world-covered'), backbone, changes=changes)
    hook = {'type': 'ScarceMemory', 'most': most, 'failure': failure}
    return {'job': 'train', 'config': cell.config_with(hook), 'folder': str(folder / 'cell')}


@pytest.mark.parametrize(('most', 'halvings'), [(8, 0), (7, 1), (4, 1), (2, 2)])
def test_a_batch_is_halved_until_it_fits(
    most: int, halvings: int, tiny_world: Path, tmp_path: Path
) -> None:
    found = answer(request(tiny_world, tmp_path, most))
    assert not found['error']
    assert found.get('halvings', 0) == halvings
    parts = 2**halvings
    # pictures lie where the part ran
    own = folder_of(tmp_path / 'cell', halvings)
    assert found['pictures']
    assert all((own / name).is_file() for name in found['pictures'])
    assert found['cost']['iterations'] == 2 * parts
    if halvings:
        batch = found['proof']['batch']
        assert (batch['size'], batch['at_once'], batch['parts']) == (BATCH, BATCH // parts, parts)
    else:
        assert 'batch' not in found['proof']


@pytest.mark.parametrize('failure', FAILURES)
def test_memory_of_the_device_and_of_the_host_counts(
    failure: str, tiny_world: Path, tmp_path: Path
) -> None:
    asked = request(tiny_world, tmp_path, 4, failure)
    with pytest.raises(OutOfMemory):
        execute(asked['config'], tmp_path / 'alone')
    assert answer(asked)['halvings'] == 1


def test_what_never_fits_ends_with_a_line_that_says_what_to_do(
    tiny_world: Path, tmp_path: Path
) -> None:
    found = answer(request(tiny_world, tmp_path, 1))
    assert found['user_error']
    assert found['error'] == (
        'memory is not enough for 2 pictures at a time (CUDA out of memory. Tried to allocate '
        '2 GiB): set checkpointing=True in the recipe, or a smaller input_size in the task'
    )


def test_several_processes_keep_at_least_a_picture_each(tiny_world: Path, tmp_path: Path) -> None:
    asked = {**request(tiny_world, tmp_path, 1), 'processes': 4}
    seen: list[int] = []

    def measure(smaller: dict[str, Any]) -> dict[str, Any]:
        seen.append(smaller['config']['train_dataloader']['batch_size'])
        raise OutOfMemory('none left')

    with pytest.raises(BenchmarkError, match='memory is not enough for 4 pictures at a time'):
        in_parts_that_fit(asked, measure, lambda config: [config])
    assert seen == [8, 4]


def test_another_error_is_none_of_memory() -> None:
    def fail() -> None:
        raise RuntimeError('shapes do not fit')

    with pytest.raises(RuntimeError, match='shapes do not fit'):
        noticing_memory(fail)


def test_tensors_of_the_failed_training_are_let_go() -> None:
    alive = []

    class Held:
        def __del__(self) -> None:
            alive.remove(self.name)

        def __init__(self, name: str) -> None:
            self.name = name
            alive.append(name)

    def fail() -> None:
        held = Held('activations')
        raise torch.OutOfMemoryError(f'no room for {held.name}')

    with pytest.raises(OutOfMemory, match='no room for activations'):
        noticing_memory(fail)
    assert not alive


def test_an_ordinary_error_is_not_tried_again(tiny_world: Path, tmp_path: Path) -> None:
    asked = request(tiny_world, tmp_path, 8)
    asked['config']['optim_wrapper']['optimizer']['lr'] = float('nan')
    found = answer(asked)
    assert 'lower lr' in found['error'] or 'nan' in found['error']
    assert not folder_of(tmp_path / 'cell', 1).exists()
    assert issubclass(OutOfMemory, Exception)
    assert not issubclass(OutOfMemory, BenchmarkError)
