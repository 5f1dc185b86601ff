"""Depth errors against hand computation, and the drawn depth maps."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.errors import DataError
from benchmark.kinds.depth.gallery import DepthGallery, coloured
from benchmark.kinds.depth.metric import DepthMetric, error_sums, errors, window


def sample(true: Any, predicted: Any) -> dict[str, Any]:
    """Return a tested sample as mmseg hands it to a metric."""
    return {
        'gt_depth_map': {'data': torch.tensor(np.asarray(true), dtype=torch.float32)[None]},
        'pred_depth_map': {'data': torch.tensor(np.asarray(predicted), dtype=torch.float32)[None]},
    }


def measure(*samples: dict[str, Any], **options: Any) -> dict[str, float]:
    metric = DepthMetric(**{'min_depth': 1e-3, 'max_depth': 10.0, **options})
    metric.process(None, list(samples))
    return metric.evaluate(len(samples))


def test_errors_by_hand() -> None:
    found = errors(error_sums(np.array([1.0, 2.0, 8.0]), np.array([1.0, 4.0, 5.0])))
    assert found['rmse'] == pytest.approx(math.sqrt((0 + 4 + 9) / 3))
    assert found['abs_rel'] == pytest.approx((0 + 2 / 4 + 3 / 5) / 3)
    assert found['log10'] == pytest.approx((math.log10(2) + math.log10(1.6)) / 3)
    # the ratios are 1, 2 and 1.6; the bounds 1.25, 1.5625 and 1.953125
    assert [found[f'delta{power}'] for power in (1, 2, 3)] == pytest.approx([1 / 3, 1 / 3, 2 / 3])


def test_errors_of_logarithms_by_hand() -> None:
    found = errors(error_sums(np.array([1.0, 2.0, 8.0]), np.array([1.0, 4.0, 5.0])))
    assert found['sq_rel'] == pytest.approx((0 + 4 / 4 + 9 / 5) / 3)
    ratios = [0.0, math.log(2 / 4), math.log(8 / 5)]
    assert found['rmse_log'] == pytest.approx(math.sqrt(sum(r**2 for r in ratios) / 3))
    # KITTI's: 100 times the standard deviation of the logarithms
    assert found['silog'] == pytest.approx(100 * np.std(ratios))


def test_one_scale_for_all_pixels_costs_no_silog() -> None:
    true = np.linspace(1, 7, 50)
    assert errors(error_sums(1.7 * true, true))['silog'] == pytest.approx(0, abs=1e-5)


def test_depth_at_the_ends_of_the_range_is_not_scored() -> None:
    at_the_ends = sample([[1.0, 5.0]], [[3.0, 3.0]])
    inside = sample([[1.1, 4.9]], [[1.1, 4.9]])
    limits = {'min_depth': 1.0, 'max_depth': 5.0}
    assert measure(at_the_ends, inside, **limits)['rmse_pooled'] == 0
    with pytest.raises(DataError, match=r'between 1\.0 and 5\.0 m'):
        measure(at_the_ends, **limits)


def test_infinite_predictions_count_as_farthest_and_nan_as_nearest() -> None:
    broken = sample([[2.0, 2.0, 2.0]], [[np.inf, np.nan, -np.inf]])
    found = measure(broken, min_depth=1.0, max_depth=5.0)
    assert found['rmse'] == pytest.approx(math.sqrt((9 + 1 + 9) / 3))


def test_the_relative_error_is_relative_to_the_truth() -> None:
    two, four = np.array([2.0]), np.array([4.0])
    assert errors(error_sums(two, four))['abs_rel'] == pytest.approx(0.5)
    assert errors(error_sums(four, two))['abs_rel'] == pytest.approx(1.0)


def test_images_count_alike_and_pooled_pixels_count_alike() -> None:
    small = sample([[1.0, 0.0], [0.0, 0.0]], [[2.0, 9.0], [9.0, 9.0]])
    large = sample([[4.0, 4.0], [4.0, 0.0]], [[1.0, 1.0], [1.0, 9.0]])
    found = measure(small, large)
    assert found['rmse'] == pytest.approx((1 + 3) / 2)
    assert found['rmse_pooled'] == pytest.approx(math.sqrt((1 + 3 * 9) / 4))
    assert found['abs_rel'] == pytest.approx((1 + 0.75) / 2)
    assert found['abs_rel_pooled'] == pytest.approx((1 + 3 * 0.75) / 4)


def test_missing_and_far_depth_is_not_scored() -> None:
    found = measure(sample([[0.0, 2.0], [10.0, 10.5]], [[5.0, 2.0], [10.0, 1.0]]))
    assert found['rmse'] == 0
    assert found['delta1'] == 1


def test_predictions_are_clipped_to_the_scored_range() -> None:
    found = measure(sample([[2.0, 4.0]], [[0.0, 9.0]]), min_depth=1.0, max_depth=5.0)
    assert found['rmse'] == pytest.approx(1)


def test_images_without_a_scored_pixel_are_left_out() -> None:
    empty = sample([[0.0, 0.0]], [[1.0, 1.0]])
    scored = sample([[2.0, 2.0]], [[3.0, 3.0]])
    assert measure(empty, scored)['rmse'] == pytest.approx(1)
    with pytest.raises(DataError, match=r'no test image has a depth between 0\.001 and 10\.0 m'):
        measure(empty)


def test_predictions_of_another_size_are_brought_to_that_of_the_truth() -> None:
    true = np.tile(np.linspace(1, 8, 8), (4, 1))
    coarse = true.reshape(2, 2, 4, 2).mean(axis=(1, 3))
    found = measure(sample(true, coarse))
    # bilinear from the cells' centres: exact but for the two border columns, 1/2 off
    assert found['rmse'] == pytest.approx(math.sqrt(2 * 0.25 / 8))


def test_window_in_pixels_and_in_shares() -> None:
    wanted = np.zeros((10, 20), bool)
    wanted[2:9, 5:15] = True
    np.testing.assert_array_equal(window((10, 20), (2, 9, 5, 15)), wanted)
    np.testing.assert_array_equal(window((10, 20), (0.2, 0.9, 0.25, 0.75)), wanted)
    assert window((10, 20), None).all()


def test_the_customary_windows() -> None:
    eigen = window((480, 640), (45, 471, 41, 601))
    garg = window((352, 1216), (0.40810811, 0.99189189, 0.03594771, 0.96405229))
    rows, columns = np.nonzero(garg)
    assert eigen.sum() == 426 * 560
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (143, 348, 43, 1171)


def test_only_the_window_is_scored() -> None:
    true = np.full((4, 4), 2.0)
    predicted = true.copy()
    predicted[0] = 9
    assert measure(sample(true, predicted))['rmse'] > 1
    assert measure(sample(true, predicted), crop=(1, 4, 0, 4))['rmse'] == 0


def drawn(true: np.ndarray, predicted: np.ndarray, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower halves of both panels, which hold the depth maps."""
    gallery = DepthGallery(folder=str(folder), classes=('depth',), min_depth=0.1, max_depth=10.0)
    data = sample(true, predicted)
    maps = {key: SimpleNamespace(data=value['data']) for key, value in data.items()}
    picture = gallery.draw(np.full((*true.shape, 3), 90, np.uint8), SimpleNamespace(**maps))
    assert picture.truth.shape == picture.prediction.shape
    half = picture.truth.shape[0] // 2
    return picture.truth[half:], picture.prediction[half:]


def test_both_maps_are_drawn_in_one_scale(tmp_path: Path) -> None:
    true = np.tile(np.linspace(1.0, 9.0, 64), (48, 1))
    truth, prediction = drawn(true, true, tmp_path)
    np.testing.assert_array_equal(truth, prediction)
    truth, nearer = drawn(true, 0.5 * true, tmp_path)
    np.testing.assert_array_equal(truth, prediction)
    assert nearer.astype(int).sum() > truth.astype(int).sum()


def test_unlabelled_pixels_are_grey_in_the_truth_alone(tmp_path: Path) -> None:
    true = np.full((48, 64), 5.0)
    true[:, :32] = 0
    truth, prediction = drawn(true, np.full((48, 64), 5.0), tmp_path)
    assert (truth[:, :90] == 232).all()
    assert not (prediction == 232).all(axis=2).any()


def test_near_is_brighter_than_far() -> None:
    near, far = coloured(np.array([[1.0, 9.0]]), (1.0, 9.0))[0].astype(int).sum(axis=1)
    assert near > far
