"""Equal seeds give equal bytes, and an item does not know how many others there are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.world import SplitCounts, WorldSpec, ensure_pretraining_split, ensure_world
from benchmark.world.streams import Stream, generator

NONE = SplitCounts(0, 0, 0)
TINY = WorldSpec(
    size=48,
    scenes=SplitCounts(3, 1, 1),
    covered_per_class=NONE,
    fine_per_class=SplitCounts(1, 0, 0),
    sequences=SplitCounts(1, 0, 0),
    sequence_length=3,
)


def digests(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob('*')) if path.is_file())
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope='module')
def tiny_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_world(tmp_path_factory.mktemp('tiny'), TINY)


def test_the_same_seed_gives_the_same_bytes(tiny_world: Path, tmp_path: Path) -> None:
    again = ensure_world(tmp_path, TINY)
    assert again != tiny_world
    assert digests(again) == digests(tiny_world)


def test_another_seed_gives_other_pictures_and_labels(tiny_world: Path, tmp_path: Path) -> None:
    other = digests(ensure_world(tmp_path, replace(TINY, seed=1)))
    pixels = [n for n in other if n.endswith(('.jpg', '.png')) and '/semantic/' not in n]
    assert pixels
    assert all(digests(tiny_world).get(name) != other[name] for name in pixels)
    assert (
        other['scenes/instances_train.json'] != digests(tiny_world)['scenes/instances_train.json']
    )


def test_an_item_does_not_depend_on_the_counts(tiny_world: Path, tmp_path: Path) -> None:
    fewer = digests(ensure_world(tmp_path, replace(TINY, scenes=SplitCounts(2, 0, 0))))
    more = digests(tiny_world)
    shared = [name for name in fewer if name.startswith(('scenes/images', 'scenes/depth'))]
    assert len(shared) == 4
    assert all(fewer[name] == more[name] for name in shared)


def test_splits_share_no_picture(tiny_world: Path) -> None:
    found = [d for n, d in digests(tiny_world).items() if n.startswith('scenes/images')]
    assert len(found) == len(set(found)) == 5


def test_pretraining_pictures_are_a_prefix_of_a_larger_split(tmp_path: Path) -> None:
    spec = replace(TINY, scenes=NONE, fine_per_class=NONE, sequences=NONE)
    few = ensure_pretraining_split(tmp_path, spec, 2)
    many = ensure_pretraining_split(tmp_path, spec, 4)
    assert digests(few / 'images').items() <= digests(many / 'images').items()
    rows = (many / 'labels.csv').read_text().splitlines()
    assert rows[0] == 'file,coarse,species'
    assert rows[:3] == (few / 'labels.csv').read_text().splitlines()
    assert len(rows) == 5


def test_streams_differ_by_every_part_of_their_key() -> None:
    keys = [
        (0, Stream.SCENES, 0, 0),
        (1, Stream.SCENES, 0, 0),
        (0, Stream.FINE, 0, 0),
        (0, Stream.SCENES, 1, 0),
        (0, Stream.SCENES, 0, 1),
    ]
    drawn = {float(generator(*key).random()) for key in keys}
    assert len(drawn) == len(keys)


def test_rendering_leaves_the_global_generator_alone(tmp_path: Path) -> None:
    np.random.seed(3)
    expected = np.random.random()
    np.random.seed(3)
    ensure_world(tmp_path, replace(TINY, sequences=NONE, fine_per_class=NONE))
    assert np.random.random() == expected


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'seed': -1}, 'seed is -1'),
        ({'size': 8}, 'size is 8, must be 48 or more'),
        ({'sequence_length': 1}, 'sequence_length is 1'),
        ({'scenes': SplitCounts(1, -2, 0)}, r'scenes is \(1, -2, 0\)'),
    ],
)
def test_a_spec_that_cannot_be_rendered_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        WorldSpec(**values)


def test_an_empty_pretraining_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='count is 0'):
        ensure_pretraining_split(tmp_path, TINY, 0)
