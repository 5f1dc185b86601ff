"""The written world is what the standard readers expect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO

from benchmark.world import (
    COARSE_CLASSES,
    FINE_SPECIES,
    INSTANCE_CLASSES,
    KEYPOINTS,
    SEMANTIC_CLASSES,
    SPLITS,
    WorldSpec,
)
from benchmark.world.formats import SMALLEST_POSED
from benchmark.world.labels import PARTS
from benchmark.world.spec import Split

# pycocotools' decoder has not followed numpy 2's signature of __array__
pytestmark = pytest.mark.filterwarnings('ignore:__array__ implementation:DeprecationWarning')


def read(path: Path) -> npt.NDArray[Any]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return np.asarray(image)


@pytest.mark.parametrize('split', SPLITS)
def test_detection_labels_read_by_pycocotools_agree_with_the_masks(
    world: Path, split: Split, small_spec: WorldSpec
) -> None:
    coco = COCO(world / 'scenes' / f'instances_{split}.json')
    assert len(coco.imgs) == small_spec.scenes.of(split)
    assert [c['name'] for c in coco.loadCats(coco.getCatIds())] == list(INSTANCE_CLASSES)
    for annotation in coco.anns.values():
        mask = coco.annToMask(annotation)
        rows, columns = np.nonzero(mask)
        x, y, width, height = annotation['bbox']
        assert annotation['iscrowd'] == 0
        assert annotation['area'] == mask.sum() > 0
        assert (columns.min(), rows.min()) == (x, y)
        assert (columns.max() + 1, rows.max() + 1) == (x + width, y + height)
        assert max(x + width, y + height) <= small_spec.size


@pytest.mark.parametrize('split', SPLITS)
def test_pictures_and_maps_lie_beside_each_other(
    world: Path, split: Split, small_spec: WorldSpec
) -> None:
    for image in COCO(world / 'scenes' / f'instances_{split}.json').imgs.values():
        stem = Path(image['file_name']).stem
        shapes = {
            'image': read(world / 'scenes/images' / split / image['file_name']),
            'semantic': read(world / f'scenes/semantic/{split}/{stem}.png'),
            'depth': read(world / f'scenes/depth/{split}/{stem}.png'),
        }
        size = small_spec.size
        assert {name: (a.shape, a.dtype.name) for name, a in shapes.items()} == {
            'image': ((size, size, 3), 'uint8'),
            'semantic': ((size, size), 'uint8'),
            'depth': ((size, size), 'uint16'),
        }
        assert shapes['semantic'].max() < len(SEMANTIC_CLASSES)


def test_masks_lie_on_creatures_and_things_of_the_semantic_map(world: Path) -> None:
    coco = COCO(world / 'scenes/instances_val.json')
    for annotation in coco.anns.values():
        name = Path(coco.imgs[annotation['image_id']]['file_name']).with_suffix('.png')
        semantic = read(world / 'scenes/semantic/val' / name)
        kind = INSTANCE_CLASSES[annotation['category_id'] - 1]
        found = {SEMANTIC_CLASSES[v] for v in semantic[coco.annToMask(annotation) > 0]}
        assert found <= ({kind} if kind in SEMANTIC_CLASSES else set(PARTS))


def test_the_smallest_default_split_holds_every_class(world: Path) -> None:
    assert WorldSpec().scenes.val == min(WorldSpec().scenes)
    assert WorldSpec().seed == 0
    coco = COCO(world / 'scenes/instances_val.json')
    assert len(coco.imgs) == WorldSpec().scenes.val
    assert {one['category_id'] for one in coco.anns.values()} == set(coco.getCatIds())
    maps = [read(path) for path in (world / 'scenes/semantic/val').iterdir()]
    assert set(np.unique(np.stack(maps))) == set(range(len(SEMANTIC_CLASSES)))


def test_scenes_hold_several_objects_and_no_constant_box_wins(world: Path) -> None:
    coco = COCO(world / 'scenes/instances_val.json')
    per_image = [len(coco.getAnnIds(imgIds=[number])) for number in coco.imgs]
    boxes = np.array([one['bbox'] for one in coco.anns.values()], float)
    centers = boxes[:, :2] + boxes[:, 2:] / 2
    assert np.mean(per_image) > 2.5
    assert (centers.std(0) > 8).all()
    assert np.quantile(boxes[:, 2], 0.9) > 2.5 * np.quantile(boxes[:, 2], 0.1)


def test_key_point_labels_hold_creatures_alone(world: Path, small_spec: WorldSpec) -> None:
    coco = COCO(world / 'scenes/keypoints_val.json')
    (category,) = coco.loadCats(coco.getCatIds())
    assert category['keypoints'] == list(KEYPOINTS)
    assert min(map(min, category['skeleton'])) == 1
    assert max(map(max, category['skeleton'])) == len(KEYPOINTS)
    assert any(one['num_keypoints'] for one in coco.anns.values())
    least = SMALLEST_POSED * (small_spec.size / 128) ** 2
    for one in coco.anns.values():
        flags = np.array(one['keypoints'][2::3])
        assert len(one['keypoints']) == 3 * len(KEYPOINTS)
        assert one['num_keypoints'] == (flags > 0).sum()
        assert set(flags) <= {0, 1, 2}
        assert one['area'] >= least or not flags.any()


def test_key_point_labels_match_the_creatures_of_the_detection_labels(world: Path) -> None:
    detection = json.loads((world / 'scenes/instances_val.json').read_text())
    keypoints = json.loads((world / 'scenes/keypoints_val.json').read_text())
    creatures = [
        (one['image_id'], one['bbox'])
        for one in detection['annotations']
        if one['category_id'] <= len(COARSE_CLASSES)
    ]
    assert [(one['image_id'], one['bbox']) for one in keypoints['annotations']] == creatures


@pytest.mark.parametrize('split', SPLITS)
@pytest.mark.parametrize(('task', 'names'), [('covered', COARSE_CLASSES), ('fine', FINE_SPECIES)])
def test_classification_folders_hold_every_class(
    world: Path, task: str, names: tuple[str, ...], split: Split
) -> None:
    root = world / 'classification' / task / split
    assert {path.name for path in root.iterdir()} == set(names)
    assert {len(list((root / name).glob('*.png'))) for name in names} == {1}


def test_the_description_names_what_is_there(world: Path, small_spec: WorldSpec) -> None:
    content = json.loads((world / 'world.json').read_text())
    assert content['spec']['scenes'] == list(small_spec.scenes)
    assert content['items']['fine'] == dict.fromkeys(SPLITS, len(FINE_SPECIES))
    assert not set(content['fine_species']) & set(content['pretraining_species'])
