"""Splits that are drawn from one pool of pictures: its features are read once for all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.compiling import WORK, CellInputs, compile_probe, features_of, localise
from benchmark.errors import DataError
from benchmark.execution import probe
from benchmark.execution.outcome import Outcome
from benchmark.execution.probe import CacheSlot, execute_probe
from benchmark.kinds.base import DATA, Config
from benchmark.models.inspection import inspect_backbone
from benchmark.probes.cache import FeatureCache
from benchmark.protocols import load_protocol
from benchmark.specs import Role, RunSpec, Task
from tests.support.execution_cells import random_backbone, small_task

COUNT = 24


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder of pictures of three classes, with a list of all and two draws from it."""
    generator = np.random.default_rng(0)
    rows = []
    for number in range(COUNT):
        label = number // 8
        pixels = generator.integers(0, 120, (64, 64, 3), dtype=np.uint8)
        pixels[..., label] += 100
        Image.fromarray(pixels).save(tmp_path / f'{number:02d}.png')
        rows.append(f'{number:02d}.png {label}')
    lists = {'all': rows}
    for draw in (0, 1):
        lists[f'train{draw}'] = [row for i, row in enumerate(rows) if i % 2 == draw]
        lists[f'test{draw}'] = [row for i, row in enumerate(rows) if i % 2 != draw]
    for name, listed in lists.items():
        (tmp_path / f'{name}.txt').write_text('\n'.join(listed) + '\n')
    return tmp_path


def task_of(draw: int, pool: str = 'all.txt') -> Task:
    task = small_task('world-covered')
    common = {'type': 'mmpretrain.CustomDataset', 'data_prefix': ''}
    return replace(
        task,
        name=f'draw{draw}',
        classes=('red', 'green', 'blue'),
        options={'pool': pool} if pool else {},
        datasets={
            Role.TRAIN: {**common, 'ann_file': f'train{draw}.txt'},
            Role.TEST: {**common, 'ann_file': f'test{draw}.txt'},
        },
    )


def compiled(draw: int, protocol: str = 'logistic', pool: str = 'all.txt') -> Config:
    task, backbone = task_of(draw, pool), random_backbone('test_vit')
    return compile_probe(
        CellInputs(
            spec=RunSpec(task.name, backbone.id, protocol, 0),
            backbone=backbone,
            features=inspect_backbone(backbone),
            task=task,
            protocol=load_protocol(protocol),
            changes=({'held_out': 0.25},),
        )
    )


def run(config: Config, root: Path, slot: CacheSlot | None = None) -> Outcome:
    return execute_probe(localise(config, {DATA: str(root), WORK: str(root / 'work')}), slot)


@pytest.fixture
def slot(tmp_path: Path) -> CacheSlot:
    return CacheSlot(FeatureCache(tmp_path / 'features', 1 << 24), 'pool')


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the batches that pass the backbone."""
    found: list[int] = []
    read = probe.read_blocks

    def counted(backbone: Any, images: Any, stride: int) -> Any:
        found.append(len(images))
        return read(backbone, images, stride)

    monkeypatch.setattr(probe, 'read_blocks', counted)
    return found


@pytest.mark.parametrize('protocol', ['logistic', 'knn'])
def test_a_second_draw_needs_no_pass_and_gives_the_numbers_of_one_alone(
    protocol: str, root: Path, slot: CacheSlot, sizes: list[int]
) -> None:
    alone = run(compiled(1, protocol), root)
    assert sum(sizes) == COUNT
    sizes.clear()
    first = run(compiled(0, protocol), root, slot)
    assert sum(sizes) == COUNT
    assert first.proof['features'] == {'pool': 'written to the cache'}
    sizes.clear()
    second = run(compiled(1, protocol), root, slot)
    assert sizes == []
    assert second.proof['features'] == {'pool': 'read from the cache'}
    assert (second.raw, second.trials) == (alone.raw, alone.trials)


def test_a_pool_changes_no_number(root: Path) -> None:
    pooled, split = (run(compiled(0, 'logistic', pool), root) for pool in ('all.txt', ''))
    assert pooled.raw == split.raw
    assert pooled.proof['selection'] == split.proof['selection']


def test_an_interrupted_pass_goes_on_where_it_was(
    root: Path, slot: CacheSlot, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, '_KEPT_AT_ONCE', 10)
    whole = run(compiled(0), root)
    assert sizes == [10, 10, 4]
    sizes.clear()
    cache = slot.cache
    write = FeatureCache.write
    written: list[str] = []

    def interrupted(self: FeatureCache, key: str, collected: Any) -> bool:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(key)
        return write(self, key, collected)

    monkeypatch.setattr(FeatureCache, 'write', interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(compiled(0), root, slot)
    monkeypatch.setattr(FeatureCache, 'write', write)
    sizes.clear()
    again = run(compiled(0), root, CacheSlot(cache, slot.key))
    assert sizes == [4]
    assert again.proof['features'] == {'pool': 'read from the cache and written to the cache'}
    assert (again.raw, again.trials) == (whole.raw, whole.trials)


def test_features_of_all_draws_are_the_same_and_only_theirs() -> None:
    first, second, apart = compiled(0), compiled(1), compiled(0, pool='')
    assert first['views_dataset'] != second['views_dataset']
    assert features_of(first) == features_of(second) == features_of(compiled(0, 'knn'))
    assert features_of(first) != features_of(apart)
    assert 'pool_dataset' not in apart
    assert 'pool_dataset' not in compiled(0, 'linear')


@pytest.mark.parametrize(
    ('row', 'said'), [('03.png 1', 'label 0 in the pool'), ('99.png 0', 'no entry in the pool')]
)
def test_a_split_that_is_not_of_the_pool_is_refused(root: Path, row: str, said: str) -> None:
    Image.new('RGB', (64, 64)).save(root / '99.png')
    with (root / 'train0.txt').open('a') as file:
        file.write(row + '\n')
    with pytest.raises(DataError, match=said):
        run(compiled(0), root)
