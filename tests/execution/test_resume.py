"""A run that is interrupted goes on where it was, unless its checkpoint is of no use."""

from __future__ import annotations

import errno
import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.engine import resuming
from benchmark.errors import BenchmarkError, CheckpointError
from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from benchmark.results.checkpoints import draft_of, keep, newest_whole
from tests.support.execution_cells import Cell, Interruption, random_backbone, small_task

CHANGES = {'iterations': 6, 'drop_path': 0.0}


def make_cell(world: Path, folder: Path, architecture: str = 'test_vit') -> Cell:
    task = small_task('world-covered')
    return Cell(world, folder, task, random_backbone(architecture), changes=CHANGES)


def interrupt(cell: Cell, iteration: int) -> None:
    hook = {'type': 'InterruptTraining', 'iteration': iteration}
    with pytest.raises(Interruption):
        execute(cell.config_with(hook), cell.folder)


def kept(cell: Cell) -> list[int]:
    """Return the iterations after which the checkpoints of a cell were taken."""
    names = [path.name for path in cell.folder.glob('*.pth')]
    return sorted(int(name.removeprefix('iter_').partition('-')[0]) for name in names)


def newest(cell: Cell) -> Path:
    path = newest_whole(cell.folder)
    assert path is not None
    return path


def run(cell: Cell) -> Outcome:
    return execute(cell.config(), cell.folder)


def test_resumed_run_ends_like_an_uninterrupted_one(tiny_world: Path, tmp_path: Path) -> None:
    whole_cell, cell = (make_cell(tiny_world, tmp_path / name) for name in ('whole', 'cell'))
    whole = run(whole_cell)
    interrupt(cell, iteration=5)
    # checkpoints come every second iteration
    assert kept(cell) == [2, 4]
    resumed = run(cell)
    assert resumed.cost['resumed_at'] == 4
    assert resumed.cost['iterations'] == 6
    assert resumed.curves == whole.curves
    assert resumed.raw == whole.raw
    assert resumed.proof == whole.proof
    assert kept(cell) == [4, 6]


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
    path = newest(cell)
    checkpoint = torch.load(path, weights_only=False)
    checkpoint['state_dict']['backbone.body.conv1.0.weight'].add_(1)
    path.unlink()
    torch.save(checkpoint, draft_of(cell.folder))
    keep(cell.folder, 2)
    with pytest.raises(BenchmarkError, match='frozen backbone changed in training: 1 of'):
        run(cell)


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == 'truncated':
        del content[2000:]
    elif how == 'empty':
        content.clear()
    elif how == 'flipped':
        content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize('how', ['truncated', 'empty', 'flipped', 'gone'])
def test_damaged_checkpoint_goes_back_to_the_one_before(
    how: str, tiny_world: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = run(make_cell(tiny_world, tmp_path / 'whole'))
    cell = make_cell(tiny_world, tmp_path / 'cell')
    interrupt(cell, iteration=5)
    path = newest(cell)
    path.unlink() if how == 'gone' else damage(path, how)
    (cell.folder / 'last_checkpoint').write_bytes(b'\xff garbage of an earlier version')
    outcome = run(cell)
    assert outcome.cost['resumed_at'] == 2
    assert (outcome.curves, outcome.raw) == (whole.curves, whole.raw)
    told = [text for text in caplog.messages if f'{path.name}: damaged' in text]
    assert len(told) == (how != 'gone')


def test_without_a_whole_checkpoint_training_starts_over(tiny_world: Path, tmp_path: Path) -> None:
    cell = make_cell(tiny_world, tmp_path / 'cell')
    interrupt(cell, iteration=3)
    damage(newest(cell), 'flipped')
    # earlier versions wrote in place, without a hash
    (cell.folder / 'iter_4.pth').write_bytes(b'half')
    outcome = run(cell)
    assert outcome.cost['resumed_at'] == 0
    assert len(outcome.curves['loss']) == 6


def test_a_work_folder_that_moved_continues(tiny_world: Path, tmp_path: Path) -> None:
    cell = make_cell(tiny_world, tmp_path / 'cell')
    interrupt(cell, iteration=5)
    cell.folder.rename(tmp_path / 'moved')
    assert run(replace(cell, folder=tmp_path / 'moved')).cost['resumed_at'] == 4


def test_time_brings_a_checkpoint_too(
    tiny_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(step=400)
    monkeypatch.setattr(resuming.time, 'monotonic', lambda: float(next(clock)))
    cell = replace(make_cell(tiny_world, tmp_path / 'cell'), changes={**CHANGES, 'iterations': 40})
    interrupt(cell, iteration=5)
    # by steps, the first would come after ten
    assert kept(cell) == [2, 4]


def test_a_checkpoint_that_cannot_be_written_is_left_out(
    tiny_world: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = run(make_cell(tiny_world, tmp_path / 'whole'))

    def full(folder: Path, iteration: int) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(resuming, 'keep', full)
    outcome = run(make_cell(tiny_world, tmp_path / 'cell'))
    assert (outcome.curves, outcome.raw) == (whole.curves, whole.raw)
    assert 'no checkpoint after step 2 (No space left on device)' in caplog.text
    assert not [path for path in (tmp_path / 'cell').iterdir() if 'checkpoint' in path.name]


def test_checkpoint_of_another_architecture_is_refused(tiny_world: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'cell'
    interrupt(make_cell(tiny_world, folder, 'test_resnet'), iteration=3)
    with pytest.raises(CheckpointError, match=r'cell: the checkpoint there is of another model'):
        run(make_cell(tiny_world, folder, 'test_vit'))
