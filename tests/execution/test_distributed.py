"""One cell in two processes, beside the same in one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.errors import IncompatibleError
from benchmark.execution import jobs
from benchmark.execution.processes import in_processes
from tests.support.execution_cells import Cell, StateDict, random_backbone, small_task

ITERATIONS = 5
CHANGES = {'batch_size': 8, 'iterations': ITERATIONS, 'lr': 1e-3, 'drop_path': 0.3}


@dataclass(frozen=True)
class Trained:
    """The answer of a training and the weights at its end."""

    found: dict[str, Any]
    weights: StateDict


def train(cell: Cell, processes: int) -> Trained:
    file = cell.folder / 'trained.pt'
    cell.folder.mkdir()
    config = cell.config_with({'type': 'SaveState', 'file': str(file)})
    config['custom_imports'] = [*config['custom_imports'], 'tests.support.execution_cells']
    for hook in config['custom_hooks']:
        if hook['type'] == 'benchmark.LossHistory':
            hook['interval'] = 1
    request = {'job': 'train', 'config': config, 'folder': str(cell.folder)}
    found = jobs.answer({**request, 'processes': processes})
    assert found['error'] == ''
    return Trained(found, torch.load(file))


@pytest.mark.slow
def test_two_processes_do_what_one_does(
    tiny_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ViT, augmented and with stochastic depth: curves, scores, proof and weights agree."""
    monkeypatch.setenv('PYTHONPATH', str(Path(__file__).parents[2]), prepend=os.pathsep)
    task, backbone = small_task('world-covered'), random_backbone('test_vit')
    one, two = (
        train(Cell(tiny_world, tmp_path / str(n), task, backbone, changes=CHANGES), n)
        for n in (1, 2)
    )
    assert two.found['cost']['processes'] == 2
    assert len(one.found['curves']['loss']) == ITERATIONS
    assert two.found['curves']['loss'] == pytest.approx(one.found['curves']['loss'], rel=1e-5)
    assert two.found['raw'] == pytest.approx(one.found['raw'])
    assert two.found['proof'] == one.found['proof']
    assert two.found['pictures'] == one.found['pictures']
    assert two.weights.keys() == one.weights.keys()
    for name, tensor in two.weights.items():
        # a small part of how far AdamW moves a weight, which it does by signs of tiny gradients too
        torch.testing.assert_close(tensor, one.weights[name], rtol=1e-5, atol=5e-5)
    # one of the two wrote, the last two stay
    assert len(list((tmp_path / '2').glob('*.pth'))) == 2
    assert json.loads(json.dumps(two.found)) == two.found


def test_a_batch_that_cannot_be_shared_is_told(tmp_path: Path) -> None:
    config = {'train_dataloader': {'batch_size': 3}}
    request = {'job': 'train', 'config': config, 'folder': str(tmp_path), 'processes': 2}
    found = jobs.answer(request)
    assert found['error'] == 'a batch of 3 cannot be shared by 2 processes evenly'
    assert found['user_error'] is True


LOADER = {
    'batch_size': 8,
    'num_workers': 0,
    'sampler': {'type': 'benchmark.SampleOrder'},
    'collate_fn': {'type': 'pseudo_collate'},
}
COMPILED = {'train_dataloader': LOADER, 'custom_hooks': [], 'randomness': {'seed': 3}}


def test_one_process_trains_by_the_configuration_as_compiled() -> None:
    assert in_processes(COMPILED, 1) == COMPILED
    with pytest.raises(IncompatibleError, match='a batch of 8 cannot be shared by 3'):
        in_processes(COMPILED, 3)


def test_every_process_loads_its_own_share_of_the_batch() -> None:
    found = in_processes(COMPILED, 4, rank=2)
    sampler = {'type': 'benchmark.SampleOrder', 'share': 2, 'rank': 2, 'count': 4}
    loader = {**LOADER, 'batch_size': 2, 'sampler': sampler}
    assert found == {**COMPILED, 'train_dataloader': loader}
