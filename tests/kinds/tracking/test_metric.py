"""Scores of whole tracks against numbers worked out by hand and by another route."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement
from torchvision.ops import box_convert, box_iou

from benchmark.errors import DataError
from benchmark.kinds.tracking.gallery import TrackingGallery
from benchmark.kinds.tracking.metric import TrackingMetric
from benchmark.kinds.tracking.toolkits import Track, clip, got10k_scores, overlap

FRAME = (100, 80)


def track(boxes: object, truth: object, visible: object = None) -> Track:
    boxes, truth = np.asarray(boxes, float), np.asarray(truth, float)
    shown = np.ones(len(truth), bool) if visible is None else np.asarray(visible, bool)
    return Track(boxes, truth, shown, FRAME)


def test_overlap_agrees_with_torchvision() -> None:
    rng = np.random.default_rng(0)
    first, second = (
        np.concatenate([rng.uniform(0, 40, (50, 2)), rng.uniform(1, 40, (50, 2))], 1)
        for _ in range(2)
    )
    corners = [box_convert(torch.from_numpy(boxes), 'xywh', 'xyxy') for boxes in (first, second)]
    assert np.allclose(overlap(first, second), box_iou(*corners).diagonal().numpy(), atol=1e-12)


def test_clipping_moves_a_box_that_begins_outside_at_full_size() -> None:
    boxes = np.array([[-5.0, -3.0, 20.0, 10.0], [90.0, 70.0, 30.0, 30.0], [120.0, 10.0, 5.0, 5.0]])
    expected = [[0, 0, 20, 10], [90, 70, 10, 10], [100, 10, 0, 5]]
    assert clip(boxes, FRAME).tolist() == expected


def test_got10k_drops_the_first_frame_and_hidden_ones() -> None:
    truth = np.tile([10.0, 10.0, 20.0, 20.0], (4, 1))
    boxes = truth + np.array([[50, 0, 0, 0], [10, 0, 0, 0], [50, 0, 0, 0], [0, 0, 0, 0]])
    scores = got10k_scores([track(boxes, truth, [True, True, False, True])])
    # frames 2 and 4 count, with overlaps of 200 / 600 and 1
    assert scores['AO'] == pytest.approx(2 / 3)
    assert scores['SR50'] == 0.5
    assert scores['SR75'] == 0.5


def test_got10k_pools_frames_not_sequences() -> None:
    good = np.tile([10.0, 10.0, 20.0, 20.0], (5, 1))
    bad = good[:2] + np.array([50, 0, 0, 0])
    scores = got10k_scores([track(good, good), track(bad, good[:2])])
    assert scores['AO'] == pytest.approx(4 / 5)


def test_got10k_success_is_above_the_threshold() -> None:
    truth = np.tile([0.0, 0.0, 40.0, 40.0], (3, 1))
    boxes = truth * [1, 1, 0.5, 1]
    boxes[2, 2] = 30.0
    scores = got10k_scores([track(boxes, truth)])
    assert scores['SR50'] == 0.5  # an overlap of exactly one half is none
    assert scores['SR75'] == 0.0


def test_got10k_clips_both_boxes_in_the_files_coordinates() -> None:
    truth = np.tile([79.0, 9.0, 20.0, 20.0], (2, 1))  # 80 to 100 when counted from 1
    boxes = truth + np.array([0.0, 0.0, 30.0, 0.0])  # reaches beyond the frame's right edge at 100
    assert got10k_scores([track(boxes, truth)])['AO'] == pytest.approx(1.0)
    shifted = truth + np.array([1.0, 0.0, 0.0, 0.0])  # 81 to 100 after clipping
    assert got10k_scores([track(shifted, truth)])['AO'] == pytest.approx(19 / 20)


def test_nothing_to_score_is_told() -> None:
    boxes = np.ones((3, 4))
    with pytest.raises(DataError, match='nothing to score'):
        got10k_scores([track(boxes, boxes, [True, False, False])])


def test_a_perfect_track_reaches_twenty_of_the_21_thresholds() -> None:
    truth = np.tile([10.0, 10.0, 20.0, 20.0], (4, 1))
    scores = got10k_scores([track(truth, truth)])
    assert scores['success_AUC'] == pytest.approx(20 / 21)
    assert scores['precision'] == scores['norm_precision'] == 1.0


def test_success_auc_counts_the_thresholds_below_the_overlap() -> None:
    truth = np.tile([0.0, 0.0, 40.0, 40.0], (2, 1))
    boxes = truth.copy()
    boxes[1, 2] = 13.0  # overlap 0.325: above 0, 0.05 ... 0.3
    expected = (20 / 21 + 7 / 21) / 2
    assert got10k_scores([track(boxes, truth)])['success_AUC'] == pytest.approx(expected)


def test_precision_takes_centres_up_to_20_px_off() -> None:
    truth = np.tile([0.0, 0.0, 40.0, 10.0], (4, 1))
    off = [[0, 0, 0, 0], [12, 16, 0, 0], [12, 16.1, 0, 0], [-30, 0, 60, 0]]
    scores = got10k_scores([track(truth + np.array(off), truth)])
    # the last box has the true centre; 12, 16 is exactly 20 px off
    assert scores['precision'] == 0.75
    # 0.2 of width and height are 8 and 2 px
    assert scores['norm_precision'] == 0.5


def test_normalised_precision_measures_each_axis_by_the_true_side() -> None:
    truth = np.tile([0.0, 0.0, 40.0, 10.0], (3, 1))
    off = [[0, 0, 0, 0], [7.9, 0, 0, 0], [0, 2.1, 0, 0]]
    assert got10k_scores([track(truth + np.array(off), truth)])['norm_precision'] == pytest.approx(
        2 / 3
    )


def test_curves_are_averaged_over_videos_and_leave_hidden_frames_out() -> None:
    truth = np.tile([10.0, 10.0, 20.0, 20.0], (4, 1))
    lost = truth + np.array([0, 60, 0, 0])
    hidden = truth.copy()
    hidden[3] = 0.0
    scores = got10k_scores(
        [track(lost, truth), track(truth[:2], truth[:2]), track(truth, hidden, [1, 1, 1, 0])]
    )
    assert scores['precision'] == pytest.approx(2 / 3)


def sample(frames: list[str] | None = None) -> BaseDataElement:
    truth = np.tile([10.0, 10.0, 20.0, 20.0], (5, 1))
    return BaseDataElement(
        metainfo={'name': 'a', 'frame_size': FRAME},
        video=SimpleNamespace(frames=frames),
        truth=truth,
        boxes=truth + np.array([0.0, 0.0, 0.0, 20.0]),
        visible=np.array([True, True, False, True, True]),
    )


def test_the_metric_survives_mmengines_gathering() -> None:
    evaluator = Evaluator(TrackingMetric())
    evaluator.process(data_samples=[sample()])
    evaluator.process(data_samples=[sample()])
    scores = evaluator.evaluate(2)
    assert scores['AO'] == pytest.approx(0.5)
    assert scores['SR50'] == 0.0
    assert set(scores) == {
        'AO', 'SR50', 'SR75', 'success_AUC', 'precision', 'norm_precision',
    }  # fmt: skip


def test_the_metric_scores_by_the_toolkit_that_it_is_told() -> None:
    evaluator = Evaluator(TrackingMetric(toolkit='trackingnet'))
    evaluator.process(data_samples=[sample()])
    assert set(evaluator.evaluate(1)) == {'success_area', 'precision_area', 'norm_precision_area'}


def test_the_gallery_draws_a_strip_of_each_chosen_video(tmp_path: Path) -> None:
    frames = [str(tmp_path / f'{n}.jpg') for n in range(5)]
    for path in frames:
        cv2.imwrite(path, np.full((80, 100, 3), 120, np.uint8))
    gallery = TrackingGallery(folder=str(tmp_path / 'out'), classes=('target',))
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=range(6)))
    gallery.before_test(runner)
    for index in range(6):
        gallery.after_test_iter(runner, index, None, [sample(frames)])
    assert gallery.files == [f'prediction_{n}.png' for n in range(4)]
    strip = cv2.imread(str(tmp_path / 'out' / 'prediction_0.png'))
    assert strip.shape[1] == 4 * 224 + 3 * 6
    rows = np.vsplit(strip, 2)
    greenish, reddish = ((part[..., 1] > 160) & (part[..., 2] < 120) for part in rows)
    assert greenish.sum() > 200
    assert reddish.sum() == 0
