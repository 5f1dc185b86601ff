"""One cell in two processes, beside the same in one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import IncompatibleError
from benchmark.execution import jobs
from benchmark.execution.distributed import in_processes
from execution.cells import Cell, random_backbone, small_task

ITERATIONS = 5


def unaugmented(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration without random transforms: their draws depend on who loads what."""
    pipeline = config['train_dataloader']['dataset']['pipeline']
    for step in pipeline:
        if step['type'] == 'RandomResizedCrop':
            step.update(crop_ratio_range=(1.0, 1.0), aspect_ratio_range=(1.0, 1.0))
    pipeline[:] = [step for step in pipeline if step['type'] != 'RandomFlip']
    return config


def answer(cell: Cell, processes: int) -> dict[str, Any]:
    config = unaugmented(cell.config())
    for hook in config['custom_hooks']:
        if hook['type'] == 'benchmark.LossHistory':
            hook['interval'] = 1
    request = {'job': 'execute', 'config': config, 'folder': str(cell.folder)}
    found = jobs.answer({**request, 'processes': processes})
    assert found['error'] == ''
    return found


@pytest.mark.slow
def test_two_processes_come_close_to_one(tiny_world: Path, tmp_path: Path) -> None:
    """A ViT with a layer-normed head: the same proof, and losses per step within 2 %."""
    one, two = (
        answer(
            Cell(
                tiny_world,
                tmp_path / str(count),
                small_task('world-covered'),
                random_backbone('test_vit'),
                changes={'batch_size': 8, 'iterations': ITERATIONS, 'lr': 3e-3},
            ),
            count,
        )
        for count in (1, 2)
    )
    assert two['cost']['processes'] == 2
    assert len(one['curves']['loss']) == ITERATIONS
    assert one['curves']['loss'][-1] < one['curves']['loss'][0]
    assert two['curves']['loss'] == pytest.approx(one['curves']['loss'], rel=2e-2)
    assert two['proof']['groups'] == one['proof']['groups']
    assert two['raw'].keys() == one['raw'].keys()
    assert two['pictures'] == one['pictures']
    assert not list((tmp_path / '2').glob('*.pth'))
    assert json.loads(json.dumps(two)) == two


def test_a_batch_that_cannot_be_shared_is_told(tmp_path: Path) -> None:
    config = {'train_dataloader': {'batch_size': 3}}
    request = {'job': 'execute', 'config': config, 'folder': str(tmp_path), 'processes': 2}
    found = jobs.answer(request)
    assert found['error'] == 'a batch of 3 cannot be shared by 2 processes evenly'
    assert found['user_error'] is True


def test_a_batch_is_shared_evenly() -> None:
    config = {'train_dataloader': {'batch_size': 8, 'num_workers': 0}, 'model': {}}
    assert in_processes(config, 4)['train_dataloader'] == {'batch_size': 2, 'num_workers': 0}
    assert in_processes(config, 1) == config
    with pytest.raises(IncompatibleError, match='a batch of 8 cannot be shared by 3'):
        in_processes(config, 3)
