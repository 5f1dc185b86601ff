"""A run that is interrupted goes on where it was, unless its checkpoint is of no use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from benchmark.errors import BenchmarkError, CheckpointError
from benchmark.execution.execute import Outcome, execute
from benchmark.kinds.base import Config
from tests.support.execution_cells import Cell, Interruption, random_backbone, small_task

CHANGES = {'iterations': 6, 'drop_path': 0.0}


def make_cell(world: Path, folder: Path, architecture: str = 'test_vit') -> Cell:
    task = small_task('world-covered')
    return Cell(world, folder, task, random_backbone(architecture), changes=CHANGES)


def interrupt(cell: Cell, iteration: int) -> None:
    hook = {'type': 'InterruptTraining', 'iteration': iteration}
    with pytest.raises(Interruption):
        execute(cell.config_with(hook), cell.folder)


def run(cell: Cell) -> Outcome:
    return execute(cell.config(), cell.folder)


@dataclass(frozen=True)
class WithoutAugmentation(Cell):
    """A cell in which the order of the data is all that chance decides during training."""

    def config(self) -> Config:
        """Return the configuration with the test pipeline for training too."""
        config = super().config()
        pipeline = config['test_dataloader']['dataset']['pipeline']
        loader = config['train_dataloader']
        loader = {**loader, 'dataset': {**loader['dataset'], 'pipeline': pipeline}}
        return {**config, 'train_dataloader': loader}


def test_resumed_run_ends_like_an_uninterrupted_one(tiny_world: Path, tmp_path: Path) -> None:
    cells = [make_cell(tiny_world, tmp_path / name) for name in ('whole', 'cell')]
    whole_cell, cell = (WithoutAugmentation(**vars(cell)) for cell in cells)
    whole = run(whole_cell)
    interrupt(cell, iteration=5)
    # checkpoints come every second iteration
    assert [path.name for path in cell.folder.glob('*.pth')] == ['iter_4.pth']
    resumed = run(cell)
    assert resumed.cost['resumed_at'] == 4
    assert resumed.cost['iterations'] == 6
    assert resumed.curves == whole.curves
    assert resumed.raw == whole.raw
    assert resumed.proof == whole.proof
    assert not list(cell.folder.glob('*.pth'))


def test_run_interrupted_while_testing_is_tested_again(tiny_world: Path, tmp_path: Path) -> None:
    cell = make_cell(tiny_world, tmp_path / 'cell')
    with pytest.raises(Interruption):
        execute(cell.config_with({'type': 'InterruptTest'}), cell.folder)
    resumed = run(cell)
    assert resumed.cost['resumed_at'] == 6
    assert resumed.proof['head_changed']
    assert resumed.curves['iteration'] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_frozen_backbone_is_compared_with_its_state_before_the_interruption(
    tiny_world: Path, tmp_path: Path
) -> None:
    cell = replace(make_cell(tiny_world, tmp_path / 'cell', 'test_resnet'), protocol='frozen')
    interrupt(cell, iteration=3)
    (path,) = cell.folder.glob('*.pth')
    checkpoint = torch.load(path, weights_only=False)
    checkpoint['state_dict']['backbone.body.conv1.0.weight'].add_(1)
    torch.save(checkpoint, path)
    with pytest.raises(BenchmarkError, match='frozen backbone changed in training: 1 of'):
        run(cell)


@pytest.mark.parametrize('damage', ['truncated', 'empty', 'gone', 'pointer'])
def test_damaged_checkpoint_starts_over(damage: str, tiny_world: Path, tmp_path: Path) -> None:
    cell = make_cell(tiny_world, tmp_path / 'cell')
    interrupt(cell, iteration=3)
    (path,) = cell.folder.glob('*.pth')
    if damage == 'truncated':
        path.write_bytes(path.read_bytes()[:2000])
    elif damage == 'empty':
        path.write_bytes(b'')
    elif damage == 'gone':
        path.unlink()
    else:
        (cell.folder / 'last_checkpoint').write_text('')
    outcome = run(cell)
    assert outcome.cost['resumed_at'] == 0
    assert len(outcome.curves['loss']) == 6
    assert not list(cell.folder.glob('*.pth'))


def test_checkpoint_of_another_architecture_is_refused(tiny_world: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'cell'
    interrupt(make_cell(tiny_world, folder, 'test_resnet'), iteration=3)
    with pytest.raises(CheckpointError, match=r'cell: the checkpoint there is of another model'):
        run(make_cell(tiny_world, folder, 'test_vit'))
