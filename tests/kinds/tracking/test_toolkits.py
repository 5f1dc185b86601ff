"""Each toolkit's definition of tracking scores, written out frame by frame, against ours.

The references take boxes as the files hold them, which count from 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.kinds.tracking.kind import TOOLKITS
from benchmark.kinds.tracking.toolkits import Track, scores_by

FRAME = (200, 160)
ORIGIN = np.array([1.0, 1.0, 0.0, 0.0])
Box = Sequence[float]
Boxes = Sequence[Box | None]


def video(seed: int, hidden: float = 0.0) -> Track:
    """Return a track that drifts; some frames are hidden, a few true boxes leave the frame."""
    rng = np.random.default_rng(seed)
    count = 60
    corner = np.clip(np.cumsum(rng.normal(0, 4, (count, 2)), axis=0) + 50, 4, 120)
    truth = np.column_stack([corner, rng.uniform(8, 40, (count, 2))]).round(1)
    truth[7, 0] = -6.0
    drift = np.cumsum(rng.normal(0, 1.5, (count, 4)), axis=0)
    boxes = truth + drift
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 3)
    visible = rng.random(count) >= hidden
    visible[0] = True
    truth[~visible] = 0.0
    boxes[0] = truth[0]
    return Track(boxes, truth, visible, FRAME, f'film{seed}')


def perfect(hidden: bool = False) -> Track:
    truth = np.tile([10.2, 12.7, 20.4, 31.1], (10, 1))
    visible = np.arange(10) < (8 if hidden else 10)
    return Track(truth.copy(), np.where(visible[:, None], truth, 0.0), visible, FRAME)


def filed(track: Track) -> tuple[list[list[float]], Boxes]:
    """Return found and true boxes that count from 1; ``None`` is a hidden target."""
    truth = (track.truth + ORIGIN).tolist()
    shown = track.visible.tolist()
    return (track.boxes + ORIGIN).tolist(), [
        b if s else None for b, s in zip(truth, shown, strict=True)
    ]


def inclusive_overlap(first: Box, second: Box) -> float:
    """Return intersection over union where the last pixel is part of a box, as in Matlab code."""
    sides = []
    for low, length in ((0, 2), (1, 3)):
        right = min(first[low] + first[length] - 1, second[low] + second[length] - 1)
        sides.append(max(0.0, right - max(first[low], second[low]) + 1))
    shared = sides[0] * sides[1]
    # equal boxes overlap by 1, whatever rounding makes of it
    return min(1.0, shared / (first[2] * first[3] + second[2] * second[3] - shared))


def centre_off(first: Box, second: Box) -> tuple[float, float]:
    return tuple(  # type: ignore[return-value]
        (first[i] + (first[i + 2] - 1) / 2) - (second[i] + (second[i + 2] - 1) / 2) for i in (0, 1)
    )


def curves(frames: list[tuple[float, float, float]], count: int) -> tuple[float, float, float]:
    """Return success AUC, precision and normalised precision of (overlap, px, share) per frame."""
    success = [sum(overlap > step / 20 for overlap, _, _ in frames) / count for step in range(21)]
    near = sum(off <= 20 for _, off, _ in frames) / count
    return sum(success) / 21, near, sum(share <= 0.2 for _, _, share in frames) / count


def lasot(track: Track) -> tuple[float, float, float]:
    """LaSOT: absent frames are removed, but counted; the centre of an odd box is right."""
    found, truth = filed(track)
    for i in range(1, len(found)):
        if any(map(math.isnan, found[i])) or found[i][2] <= 0 or found[i][3] <= 0:
            found[i] = found[i - 1]
    found[0] = list(truth[0])  # type: ignore[arg-type]
    frames = []
    for box, true in zip(found, truth, strict=True):
        if true is None:
            continue
        if min(true) <= 0:
            frames.append((-1.0, -1.0, -1.0))
            continue
        x, y = centre_off(box, true)
        share = math.hypot(x / true[2], y / true[3])
        frames.append((inclusive_overlap(box, true), math.hypot(x, y), share))
    return curves(frames, len(truth))


def uav123(track: Track) -> tuple[float, float, float]:
    """pytracking on UAV123: a frame without truth fails in overlap and is right in distance."""
    found, truth = filed(track)
    found[0] = list(truth[0])  # type: ignore[arg-type]
    frames = []
    for i, true in enumerate(truth):
        if true is not None and 0 in found[i][2:]:
            found[i] = found[i - 1]
        if true is None or min(true) <= 0:
            frames.append((-1.0, -1.0, -1.0))
            continue
        x, y = centre_off(found[i], true)
        share = math.hypot(x / true[2], y / true[3])
        frames.append((inclusive_overlap(found[i], true), math.hypot(x, y), share))
    return curves(frames, len(truth))


def otb(track: Track) -> tuple[float, float]:
    """GOT-10k's toolkit on OTB: all frames count, one without truth fails."""
    found, truth = filed(track)
    found[0] = list(truth[0])  # type: ignore[arg-type]
    frames = []
    for box, true in zip(found, truth, strict=True):
        if true is None or any(map(math.isnan, box)):
            frames.append((-1.0, math.inf, math.inf))
            continue
        width = min(box[0] + box[2], true[0] + true[2]) - max(box[0], true[0])
        height = min(box[1] + box[3], true[1] + true[3]) - max(box[1], true[1])
        shared = max(width, 0) * max(height, 0)
        ratio = min(1.0, shared / (box[2] * box[3] + true[2] * true[3] - shared))
        frames.append((ratio, math.hypot(*centre_off(box, true)), 0.0))
    return curves(frames, len(truth))[:2]


def trackingnet(track: Track) -> tuple[float, float, float]:
    """TrackingNet's devkit: rounded boxes, IoU >= t, areas under curves by trapezoids."""
    found, truth = filed(track)
    count = len(truth)
    hits = np.zeros((3, 21))
    for i, true in enumerate(truth):
        box = [float(round(v)) if math.isfinite(v) else math.nan for v in found[i]]
        if true is None or any(map(math.isnan, box)):
            continue
        true = [float(round(v)) for v in true]
        box = true if i == 0 else box
        x, y = centre_off(box, true)
        values = (inclusive_overlap(box, true), math.hypot(x, y))
        share = math.hypot(x / true[2], y / true[3])
        for step in range(21):
            hits[0, step] += values[0] >= np.linspace(0, 1, 21)[step]
            hits[1, step] += values[1] <= 2.5 * step
            hits[2, step] += share <= np.linspace(0, 0.5, 21)[step]
    rates = hits / count
    return tuple(  # type: ignore[return-value]
        sum((rate[k] + rate[k + 1]) / 2 / 20 for k in range(20)) for rate in rates
    )


REFERENCES: dict[str, Callable[[Track], tuple[float, ...]]] = {
    'lasot': lasot,
    'otb': otb,
    'trackingnet': trackingnet,
    'uav123': uav123,
}


@pytest.mark.parametrize('hidden', [0.0, 0.2])
@pytest.mark.parametrize('toolkit', sorted(REFERENCES))
def test_scores_are_the_means_over_films_of_the_toolkits_own(toolkit: str, hidden: float) -> None:
    films = [video(seed, hidden) for seed in range(4)]
    expected = np.mean([REFERENCES[toolkit](film) for film in films], axis=0)
    found = scores_by(toolkit, films)
    assert tuple(found) == TOOLKITS[toolkit]
    assert list(found.values()) == pytest.approx(expected.tolist(), abs=1e-12)
    assert all(0.1 < value < 1 for value in found.values())


@pytest.mark.parametrize('toolkit', ['lasot', 'otb', 'trackingnet'])
def test_predictions_that_are_nan_cost_what_the_toolkit_says(toolkit: str) -> None:
    film = video(9, 0.2)
    film.boxes[20:24] = np.nan
    assert list(scores_by(toolkit, [film]).values()) == pytest.approx(
        list(REFERENCES[toolkit](film)), abs=1e-12
    )


@pytest.mark.parametrize('bad', [np.nan, np.inf, -2.0])
def test_uav123_refuses_predictions_that_are_no_boxes(bad: float) -> None:
    film = video(3)
    film.boxes[5, 2] = bad
    with pytest.raises(DataError, match='film3: a predicted box is not finite'):
        scores_by('uav123', [film])


def test_got10k_gives_nan_for_nan_so_that_the_record_is_refused() -> None:
    film = video(3)
    film.boxes[5] = np.nan
    assert math.isnan(scores_by('got10k', [film])['AO'])


@pytest.mark.parametrize(
    ('toolkit', 'best', 'with_a_fifth_absent'),
    [
        ('got10k', [1, 1, 1, 20 / 21, 1, 1], [1, 1, 1, 20 / 21, 1, 1]),
        ('lasot', [20 / 21, 1, 1], [16 / 21, 0.8, 0.8]),
        ('otb', [20 / 21, 1], [16 / 21, 0.8]),
        ('trackingnet', [1, 1, 1], [0.8, 0.8, 0.8]),
        ('uav123', [20 / 21, 1, 1], [16 / 21, 1, 1]),
    ],
)
def test_what_a_perfect_tracker_reaches(
    toolkit: str, best: list[float], with_a_fifth_absent: list[float]
) -> None:
    assert list(scores_by(toolkit, [perfect()]).values()) == pytest.approx(best)
    found = scores_by(toolkit, [perfect(hidden=True)])
    assert list(found.values()) == pytest.approx(with_a_fifth_absent)


def test_trackingnet_rounds_boxes_before_it_compares() -> None:
    film = perfect()
    film.boxes[1:] += (-0.6, 0.4, 0, 0)  # 11.2 and 10.6 are both 11, 13.7 and 14.1 both 14
    assert scores_by('trackingnet', [film])['success_area'] == pytest.approx(1)
    assert scores_by('lasot', [film])['success_AUC'] < 20 / 21
