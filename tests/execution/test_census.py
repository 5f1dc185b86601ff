"""Declared classes, key points and depths that do not occur are refused or named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmark.execution.census import Census
from benchmark.specs import CheckResult, Role


def sample(kind: str, present: list[int]) -> dict[str, Any]:
    """Return a sample in which the classes or points ``present`` occur."""
    mask = [[0, 0, 4, 0, 4, 4]]
    boxes = [{'bbox_label': label, 'ignore_flag': 0, 'mask': mask} for label in present]
    visible = [[1.0 if point in present else 0.0 for point in range(3)]]
    return {
        'gt_label': present,
        'gt_seg_map': np.array([[*present, 255]]),
        'instances': boxes,
        'keypoints_visible': np.array(visible),
    }


def census(kind: str, role: Role, samples: list[list[int]], *, size: int | None = None) -> Census:
    request = {'kind': kind, 'options': {}}
    made = Census(request, role, size or len(samples), ('a', 'b', 'c'))
    for present in samples:
        made.add(sample(kind, present))
    return made


def found(
    kind: str, train: list[list[int]], test: list[list[int]], *, size: int | None = None
) -> list[CheckResult]:
    both = {
        Role.TRAIN: census(kind, Role.TRAIN, train, size=size),
        Role.TEST: census(kind, Role.TEST, test, size=size),
    }
    train_, test_ = both[Role.TRAIN], both[Role.TEST]
    return [one for role, made in both.items() for one in made.findings(train_, test_, role)]


KINDS = ('classification', 'segmentation', 'detection', 'pose')


@pytest.mark.parametrize('kind', KINDS)
def test_what_occurs_in_neither_split_is_refused(kind: str) -> None:
    (one,) = found(kind, [[0], [1], [0]], [[0, 1], [1], [0]])
    assert (one.what, one.is_ok) == ('classes', False)
    assert one.detail.startswith("'c' occurs neither in train nor in test")


@pytest.mark.parametrize('kind', KINDS)
def test_what_one_split_lacks_is_a_warning(kind: str) -> None:
    one, other = found(kind, [[0], [1], [0]], [[0], [2], [2]])
    assert one.is_ok
    assert one.is_warning
    assert one.detail == "'c' does not occur in train: it cannot be learned"
    assert other.detail == "'b' does not occur in test: it does not count in any score of this test"


@pytest.mark.parametrize('kind', KINDS)
def test_a_split_without_anything_to_score_is_refused(kind: str) -> None:
    faults = [one for one in found(kind, [[0, 1, 2]] * 3, [[], [], []]) if not one.is_ok]
    assert [one.what for one in faults] == ['test classes']


def test_an_object_without_its_mask_is_refused_where_masks_are_learned() -> None:
    def findings(**options: bool) -> list[CheckResult]:
        made = Census({'kind': 'detection', 'options': options}, Role.TRAIN, 9, ())
        whole = {'bbox_label': 0, 'ignore_flag': 0, 'mask': [[0, 0, 4, 0, 4, 4]]}
        boxed = {'bbox_label': 0, 'ignore_flag': 0}
        crowd = {'bbox_label': 0, 'ignore_flag': 1}
        made.add({'instances': [whole, boxed, crowd]})
        return list(made.findings(made, None, Role.TRAIN))

    (one,) = findings()
    assert (one.what, one.is_ok) == ('train masks', False)
    assert one.detail.startswith('1 of 2 objects have a box, but no mask')
    assert not findings(masks=False)


def test_splits_smaller_than_the_number_of_classes_say_nothing() -> None:
    assert not found('classification', [[0], [1]], [[0], [1]])


def test_a_sample_of_a_split_warns_only_when_it_is_large() -> None:
    assert not found('segmentation', [[0], [1]] * 20, [[0], [1]] * 20, size=5000)
    (one,) = found('segmentation', [[0], [1]] * 30, [[0], [1]] * 30, size=5000)
    assert one.is_ok
    assert one.is_warning
    assert '(in 60 of 5000 samples)' in one.detail


def depths(tmp_path: Path, values: np.ndarray, **options: float) -> list[CheckResult]:
    path = tmp_path / 'depth.png'
    cv2.imwrite(str(path), values)
    request = {'kind': 'depth', 'options': {'max_depth': 10.0, **options}}
    made = Census(request, Role.TRAIN, 1, ())
    scale = options.get('depth_scale', 1e-3)
    made.add({'gt_depth_map': values * scale, 'depth_map_path': str(path)})
    return list(made.findings(made, None, Role.TRAIN))


def test_depth_of_the_declared_scale_is_silent(tmp_path: Path) -> None:
    assert not depths(tmp_path, np.linspace(500, 9000, 64).reshape(8, 8).astype(np.uint16))
    # 8 bits are enough where a step is large
    assert not depths(tmp_path, np.full((8, 8), 200, np.uint8), depth_scale=0.04)


def test_depth_of_eight_bits_where_sixteen_are_needed_is_refused(tmp_path: Path) -> None:
    (one,) = depths(tmp_path, np.full((8, 8), 200, np.uint8))
    assert not one.is_ok
    assert '8 bits reach 0.255 m at depth_scale 0.001, the task declares 10 m' in one.detail


@pytest.mark.parametrize(('scale', 'is_ok'), [(1.0, False), (1e-4, True)])
def test_depth_of_another_scale_is_named(tmp_path: Path, scale: float, is_ok: bool) -> None:
    values = np.linspace(500, 9000, 64).reshape(8, 8).astype(np.uint16)
    (one,) = depths(tmp_path, values, depth_scale=scale)
    assert one.is_ok is is_ok
    assert 'check depth_scale' in one.detail
