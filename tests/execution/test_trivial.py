"""Trivial predictors, whose scores follow from the files by a few lines of arithmetic."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmengine.registry import DATASETS, DefaultScope
from pycocotools import mask as mask_codec

from benchmark.catalog import find_task
from benchmark.compiling import compile_trivial, localise
from benchmark.errors import DataError
from benchmark.execution import jobs
from benchmark.execution.outcome import Outcome
from benchmark.execution.trivial import execute_trivial
from benchmark.kinds.base import DATA
from benchmark.kinds.depth.trivial import MeanDepthMap
from benchmark.kinds.detection.trivial import MeanBoxes, ellipse
from benchmark.specs import Role, Task
from tests.support.kind_trials import declare


def run(task: Task, data: Path) -> Outcome:
    return execute_trivial(localise(compile_trivial(task), {DATA: str(data)}))


def read_all(folder: Path) -> list[np.ndarray]:
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.glob('*.png'))]


def world_task(name: str, tiny_world: Path) -> tuple[Task, Path]:
    task = replace(find_task(name), input_size=(64, 64))
    return task, tiny_world / task.source.root


class TestClassification:
    COUNTS = (('train', (1, 3, 2)), ('test', (2, 3, 5)))

    @pytest.fixture
    def task(self, tmp_path: Path) -> Task:
        names = ('zebra', 'ant', 'moth')
        for split, counts in self.COUNTS:
            for name, count in zip(names, counts, strict=True):
                (tmp_path / split / name).mkdir(parents=True)
                for index in range(count):
                    picture = np.zeros((9, 12, 3), np.uint8)
                    cv2.imwrite(str(tmp_path / split / name / f'{index}.png'), picture)
        about = {
            'name': 'letters',
            'kind': 'classification',
            'input_size': (32, 32),
            'classes': names,
            'splits': {'train': 6, 'test': 10},
            'metric': 'accuracy',
            'metrics': ('mean_class_accuracy',),
        }
        data = {'root': '.', 'type': 'benchmark.ImageFolders'}
        data |= {split: {'data_prefix': split} for split in ('train', 'test')}
        return declare(tmp_path, about, data)

    def test_accuracy_is_the_majority_class_share_of_the_test_split(
        self, task: Task, tmp_path: Path
    ) -> None:
        outcome = run(task, tmp_path)
        assert outcome.raw == pytest.approx({'accuracy': 30.0, 'mean_class_accuracy': 100 / 3})
        assert outcome.proof == {'train_samples': 6, 'test_samples': 10}
        assert outcome.cost['iterations'] == 0
        assert outcome.cost.keys() >= {'train_seconds', 'test_seconds', 'peak_memory_mb'}

    def test_a_worker_answers_with_plain_data(self, task: Task, tmp_path: Path) -> None:
        config = localise(compile_trivial(task), {DATA: str(tmp_path)})
        request = {'job': 'trivial', 'config': config, 'folder': str(tmp_path / 'work')}
        found = jobs.answer(request)
        assert found['error'] == ''
        assert found['raw']['accuracy'] == pytest.approx(30.0)
        assert json.loads(json.dumps(found)) == found

    def test_missing_data_are_one_line(self, task: Task, tmp_path: Path) -> None:
        (tmp_path / 'train' / 'ant').rename(tmp_path / 'train' / 'bee')
        config = localise(compile_trivial(task), {DATA: str(tmp_path)})
        found = jobs.answer({'job': 'trivial', 'config': config, 'folder': str(tmp_path / 'work')})
        assert found['user_error'] is True
        assert "['ant', 'bee']" in found['error']


def test_segmentation_is_scored_by_the_share_of_the_most_frequent_label(tiny_world: Path) -> None:
    task, data = world_task('world-segmentation', tiny_world)
    train, test = (
        np.bincount(np.concatenate([m.ravel() for m in read_all(data / 'semantic' / split)]),
                    minlength=256)[: len(task.classes)]
        for split in ('train', 'test')
    )  # fmt: skip
    share = test[train.argmax()] / test.sum()
    assert run(task, data).raw == pytest.approx(
        {
            'mIoU': 100 * share / np.count_nonzero(test),
            'mAcc': 100 / np.count_nonzero(test),
            'aAcc': 100 * share,
        }
    )


class _Maps:
    """Depth maps as a data set loads them."""

    def __init__(self, *maps: Any) -> None:
        self._maps = [np.array(depth, np.float32) for depth in maps]

    def __len__(self) -> int:
        return len(self._maps)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        return {'gt_depth_map': self._maps[index]}


class TestDepth:
    def test_errors_are_those_of_the_mean_map(self, tiny_world: Path) -> None:
        task, data = world_task('world-depth', tiny_world)
        train, test = (
            np.stack(read_all(data / 'depth' / split)).astype(float) / 1000
            for split in ('train', 'test')
        )
        known = train > 0
        overall = train[known].mean()
        mean = np.full(train.shape[1:], overall)
        for row, column in zip(*known.any(axis=0).nonzero(), strict=True):
            mean[row, column] = train[known[:, row, column], row, column].mean()
        scored = (test > 0) & (test <= 10)
        gaps = [(mean - true)[mask] for true, mask in zip(test, scored, strict=True)]
        raw = run(task, data).raw
        rmse = np.mean([np.sqrt(np.mean(gap**2)) for gap in gaps])
        assert raw['rmse'] == pytest.approx(rmse, rel=1e-5)
        pooled = np.sqrt(np.mean(np.concatenate(gaps) ** 2))
        assert raw['rmse_pooled'] == pytest.approx(pooled, rel=1e-5)

    def test_unknown_depths_do_not_count(self) -> None:
        maps: Any = _Maps([[2, 0, 0], [1, 5, 0]], [[4, 3, 0], [0, 0, 0]])
        mean = (2 + 1 + 5 + 4 + 3) / 5
        assert MeanDepthMap.fit(maps).depth.tolist() == [[3, 3, mean], [1, 5, mean]]

    def test_other_sizes_are_resized_without_mixing(self) -> None:
        maps: Any = _Maps([[0, 0], [0, 0]], np.kron([[1, 2], [0, 4]], np.ones((3, 2))))
        assert MeanDepthMap.fit(maps).depth.tolist() == [[1, 2], [7 / 3, 4]]

    def test_without_any_depth_there_is_no_mean(self) -> None:
        maps: Any = _Maps([[0.0]])
        with pytest.raises(DataError, match='no depth map'):
            MeanDepthMap.fit(maps)


class TestPose:
    @pytest.fixture
    def pose(self, tiny_world: Path) -> tuple[Task, Path]:
        return world_task('world-pose', tiny_world)

    def test_pck_is_that_of_the_mean_place_in_the_box(self, pose: tuple[Task, Path]) -> None:
        task, data = pose
        count = len(task.datasets[Role.TRAIN]['metainfo']['keypoints'])
        seen: list[list[tuple[float, float]]] = [[] for _ in range(count)]
        for (left, top, width, height), points in instances(data, 'train'):
            for index, (x, y, flag) in enumerate(points):
                if flag:
                    seen[index].append(((x - left) / width, (y - top) / height))
        mean = [np.mean(places, axis=0) if places else np.full(2, 0.5) for places in seen]
        right: list[list[bool]] = [[] for _ in range(count)]
        for (left, top, width, height), points in instances(data, 'test'):
            for index, (x, y, flag) in enumerate(points):
                if flag:
                    off_x = left + mean[index][0] * width - x
                    off_y = top + mean[index][1] * height - y
                    near = np.hypot(off_x, off_y) < 0.1 * max(width, height)
                    right[index].append(bool(near))
        expected = 100 * np.mean([np.mean(hits) for hits in right if hits])
        raw = run(task, data).raw
        assert raw['PCK'] == pytest.approx(expected)
        assert 0 < raw['PCK'] < 100

    def test_the_mean_of_one_pose_is_found_everywhere(
        self, pose: tuple[Task, Path], tmp_path: Path
    ) -> None:
        """Every instance gets the same pose, stretched to its box."""
        task, data = pose
        (tmp_path / 'images').symlink_to(data / 'images')
        for split in ('train', 'test'):
            content = json.loads((data / f'keypoints_{split}.json').read_text())
            for item in content['annotations']:
                left, top, width, height = clipped(item['bbox'])
                places = [
                    (left + width * k / 13, top + height * (1 - k / 20), 2) for k in range(13)
                ]
                item['keypoints'] = [float(number) for place in places for number in place]
                item['num_keypoints'] = 13
            (tmp_path / f'keypoints_{split}.json').write_text(json.dumps(content))
        raw = run(task, tmp_path).raw
        assert raw['PCK'] == 100
        assert raw['keypoint_AP'] == pytest.approx(1)


def clipped(box: list[float]) -> tuple[float, float, float, float]:
    """Return left, top, width and height inside an image of 64 px, as mmpose clips a box."""
    x, y, width, height = box
    left, top = (min(max(side, 0), 63) for side in (x, y))
    right, bottom = (min(max(side, 0), 63) for side in (x + width, y + height))
    return left, top, right - left, bottom - top


def instances(data: Path, split: str) -> list[tuple[Any, np.ndarray]]:
    """Return box and key points (K, 3) of every usable instance."""
    content = json.loads((data / f'keypoints_{split}.json').read_text())
    return [
        (clipped(item['bbox']), np.reshape(item['keypoints'], (-1, 3)))
        for item in content['annotations']
        if item['num_keypoints'] and not item.get('iscrowd')
    ]


class TestTracking:
    TRACKS = (((10, 5, 20, 10), (14, 5, 20, 10), (30, 5, 20, 10)), ((3, 4, 6, 8), (3, 4, 12, 16)))

    def test_overlap_is_that_of_the_first_box(self, tmp_path: Path) -> None:
        for split in ('train', 'test'):
            for number, boxes in enumerate(self.TRACKS):
                folder = tmp_path / split / f'v{number}'
                folder.mkdir(parents=True)
                rows = [','.join(map(str, (x + 1, y + 1, w, h))) for x, y, w, h in boxes]
                (folder / 'groundtruth.txt').write_text('\n'.join(rows) + '\n')
                for frame in range(len(boxes)):
                    picture = np.zeros((40, 60, 3), np.uint8)
                    cv2.imwrite(str(folder / f'{frame + 1:08}.jpg'), picture)
            (tmp_path / split / 'list.txt').write_text('v0\nv1\n')
        raw = run(find_task('world-tracking'), tmp_path).raw
        # shifted by a fifth of the width, then by all of it; then grown to twice both sides
        overlaps = (16 / 24, 0, 1 / 4)
        assert raw['AO'] == pytest.approx(np.mean(overlaps))
        assert raw['SR50'] == pytest.approx(1 / 3)


def coco(images: list[tuple[int, int]], found: list[tuple[int, int, Any, Any]]) -> dict[str, Any]:
    """Return annotations of images (width, height) and of (image, category, box, mask)."""
    return {
        'images': [
            {'id': i, 'file_name': f'{i}.png', 'width': width, 'height': height}
            for i, (width, height) in enumerate(images)
        ],
        'categories': [{'id': 10 + i, 'name': name} for i, name in enumerate('abc')],
        'annotations': [
            {
                'id': 1 + i,
                'image_id': image,
                'category_id': category,
                'bbox': list(box),
                'area': float(box[2] * box[3]),
                'iscrowd': 0,
                'segmentation': segmentation,
            }
            for i, (image, category, box, segmentation) in enumerate(found)
        ],
    }


def encoded(mask: np.ndarray) -> dict[str, Any]:
    code = mask_codec.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {**code, 'counts': code['counts'].decode()}


def brute_ellipse(box: tuple[int, int, int, int], width: int, height: int) -> np.ndarray:
    left, top, w, h = box
    inside = np.zeros((height, width), bool)
    for y in range(height):
        for x in range(width):
            across = (x + 0.5 - left - w / 2) / (w / 2)
            down = (y + 0.5 - top - h / 2) / (h / 2)
            inside[y, x] = across * across + down * down <= 1
    return inside


class TestDetection:
    SQUARE = ((4, 2, 8, 2, 8, 4),)

    @pytest.fixture
    def task(self, tmp_path: Path) -> Task:
        shipped = find_task('world-detection')
        images = {'train': [(40, 20), (20, 40)], 'test': [(80, 60), (80, 60)]}
        # of class a, in shares of the image: (0.1, 0.2, 0.4, 0.5) and (0.2, 0.4, 0.5, 0.7)
        train = [
            (0, 10, (4, 4, 12, 6), list(self.SQUARE)),
            (1, 10, (4, 16, 6, 12), list(self.SQUARE)),
            (0, 12, (0, 0, 10, 10), list(self.SQUARE)),
        ]
        # their mean (0.15, 0.3, 0.45, 0.6) of 80 x 60 pixels
        right = (12, 18, 24, 18)
        test = [
            (0, 10, right, encoded(brute_ellipse(right, 80, 60))),
            (1, 12, (60, 40, 10, 10), encoded(brute_ellipse((60, 40, 10, 10), 80, 60))),
        ]
        for split, found in (('train', train), ('test', test)):
            folder = tmp_path / 'images' / split
            folder.mkdir(parents=True)
            for number, (width, height) in enumerate(images[split]):
                cv2.imwrite(str(folder / f'{number}.png'), np.zeros((height, width, 3), np.uint8))
            path = tmp_path / f'keypoints_{split}.json'
            path.write_text(json.dumps(coco(images[split], found)))
        datasets = {
            role: {**declared, 'metainfo': {'classes': ('a', 'b', 'c')}}
            for role, declared in shipped.datasets.items()
        }
        return replace(shipped, classes=('a', 'b', 'c'), datasets=datasets)

    def test_an_instance_at_the_mean_box_is_found(self, task: Task, tmp_path: Path) -> None:
        """Of the two classes in the test split one is where it was on average.

        Its box is predicted in both images, first in the one that has it.
        """
        raw = run(task, tmp_path).raw
        assert raw['box_AP'] == pytest.approx(1 / 2)
        assert raw['mask_AP'] == pytest.approx(1 / 2)

    def test_every_class_with_instances_gets_a_box(self, task: Task, tmp_path: Path) -> None:
        config = localise(compile_trivial(task), {DATA: str(tmp_path)})
        with DefaultScope.overwrite_default_scope('mmdet'):
            fitted = MeanBoxes.fit(DATASETS.build(config['train_dataset']))
        assert fitted.labels.tolist() == [0, 2]
        assert fitted.scores.tolist() == pytest.approx([2 / 3, 1 / 3])
        assert fitted.boxes == pytest.approx(
            np.array([[0.15, 0.3, 0.45, 0.6], [0.0, 0.0, 0.25, 0.5]])
        )

    def test_the_mask_fills_the_box(self) -> None:
        box = (3, 10, 30, 7)
        corners = np.array([3.0, 10.0, 33.0, 17.0])
        mask = ellipse(corners, (25, 40))
        assert np.array_equal(mask, brute_ellipse(box, 40, 25))
        assert mask.sum() == pytest.approx(np.pi / 4 * 30 * 7, rel=0.05)
