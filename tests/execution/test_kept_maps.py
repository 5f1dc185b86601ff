"""A head that learns on kept maps: the same numbers however many of them were there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.execution.execute import MapFolder, execute
from benchmark.execution.outcome import Outcome
from benchmark.models.inspection import build
from tests.support.execution_cells import Cell, random_backbone, small_task

LIMIT = 2**30


def run(
    world: Path, folder: Path, task: str, maps: Path | None, *, limit: int = LIMIT, seed: int = 0
) -> Outcome:
    """Return the outcome of six steps; the weights in the folder above, if any, are taken."""
    backbone, weights = random_backbone('test_vit'), folder.parent / 'weights.pth'
    if weights.exists():
        backbone = replace(backbone, is_random=False, checkpoint=weights)
    cell = Cell(
        world, folder, small_task(task), backbone, 'frozen-kept', seed, changes={'iterations': 6}
    )
    return execute(cell.config(), cell.folder, maps and MapFolder(maps, limit))


@pytest.mark.parametrize('task', ['world-detection', 'world-covered'])
def test_scores_and_losses_do_not_depend_on_what_was_kept(
    tiny_world: Path, tmp_path: Path, task: str
) -> None:
    kept = tmp_path / 'maps'
    without = run(tiny_world, tmp_path / 'without', task, None)
    cold, warm = (run(tiny_world, tmp_path / name, task, kept) for name in ('cold', 'warm'))
    little = run(tiny_world, tmp_path / 'little', task, tmp_path / 'few', limit=20_000)
    for other in (cold, warm, little):
        assert other.raw == without.raw
        assert other.curves == without.curves
    assert cold.cost['maps_computed'] > 0
    assert warm.cost['maps_computed'] == 0
    assert little.cost['maps_computed'] > cold.cost['maps_computed'] / 2
    assert not without.proof['backbone_changed']


def test_another_seed_and_another_task_on_the_same_pictures_read_them(
    tiny_world: Path, tmp_path: Path
) -> None:
    # random weights would be others for another seed
    torch.save(dict(build(random_backbone('test_vit')).named_weights()), tmp_path / 'weights.pth')
    kept = tmp_path / 'maps'
    run(tiny_world, tmp_path / 'one', 'world-segmentation', kept)
    other = run(tiny_world, tmp_path / 'two', 'world-segmentation', kept, seed=1)
    # the four test pictures at least: six steps in another order may show other views
    assert other.cost['maps_read'] >= 4
    detection = run(tiny_world, tmp_path / 'three', 'world-detection', kept)
    assert detection.cost['maps_read'] >= 4
