"""HOTA, IDF1 and MOTA of whole runs against TrackEval's metrics fed by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trackeval
from scipy.optimize import linear_sum_assignment

from benchmark.errors import DataError
from benchmark.kinds.mot.kind import BENCHMARKS
from benchmark.kinds.mot.metric import Frame, score

LENGTH = 12


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return intersection over union (n, m) of boxes (x, y, w, h)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(
        first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:]
    )
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = first[:, 2:].prod(axis=1)[:, None] + second[:, 2:].prod(axis=1)[None]
    return shared / (areas - shared)


class Film:
    """A film of walkers and of tracks that follow them with gaps, swaps and false boxes."""

    def __init__(self, folder: Path, rng: np.random.Generator, first: int = 1) -> None:
        self.folder, self.first = folder, first
        self.true: list[tuple[np.ndarray, np.ndarray]] = []
        self.found: list[tuple[np.ndarray, np.ndarray]] = []
        start, speed = rng.uniform(0, 300, (4, 2)), rng.uniform(-6, 6, (4, 2))
        for time in range(LENGTH):
            boxes = np.column_stack([start + time * speed, np.full((4, 2), (30, 60))]).round(1)
            self.true.append((np.arange(1, 5), boxes))
            kept = rng.random(4) < 0.8
            swapped = np.array([2, 1, 3, 4]) if time > LENGTH // 2 else np.arange(1, 5)
            noisy = (boxes + rng.normal(0, 3, boxes.shape))[kept]
            false = np.array([[400.0 + 9 * time, 10, 30, 60]])
            self.found.append(
                (np.append(swapped[kept], 9), np.concatenate([noisy, false]).round(2))
            )

    def write(self, *more: str) -> None:
        rows = [
            f'{time + self.first},{identity},{",".join(map(str, box))},1,1,1'
            for time, (identities, boxes) in enumerate(self.true)
            for identity, box in zip(identities, boxes.tolist(), strict=True)
        ]
        before = [f'{number},1,0,0,30,60,1,1,1' for number in range(1, self.first)]
        path = self.folder / 'gt/gt.txt'
        path.parent.mkdir(parents=True)
        path.write_text('\n'.join([*before, *rows, *more]) + '\n')

    def frames(self) -> list[Frame]:
        return [
            Frame(
                str(self.folder),
                self.first,
                LENGTH,
                np.column_stack([np.full(len(ids), time + 1), ids, boxes, np.full(len(ids), 0.9)]),
            )
            for time, (ids, boxes) in enumerate(self.found)
        ]

    def as_trackeval_has_it(self) -> dict[str, Any]:
        """Return the film as the metrics take it, identities numbered from 0."""

        def numbered(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[list[np.ndarray], int]:
            names = np.unique(np.concatenate([ids for ids, _ in parts]))
            return [np.searchsorted(names, ids) for ids, _ in parts], len(names)

        (true, true_count), (found, found_count) = numbered(self.true), numbered(self.found)
        return {
            'gt_ids': true,
            'tracker_ids': found,
            'similarity_scores': [
                overlap(t[1], f[1]) for t, f in zip(self.true, self.found, strict=True)
            ],
            'num_timesteps': LENGTH,
            'num_gt_ids': true_count,
            'num_tracker_ids': found_count,
            'num_gt_dets': sum(map(len, true)),
            'num_tracker_dets': sum(map(len, found)),
        }


def expected(films: list[Film]) -> dict[str, float]:
    metrics = {
        name: getattr(trackeval.metrics, name)({'PRINT_CONFIG': False})
        for name in ('HOTA', 'CLEAR', 'Identity')
    }
    combined = {}
    for metric in metrics.values():
        parts = {str(f.folder): metric.eval_sequence(f.as_trackeval_has_it()) for f in films}
        combined |= metric.combine_sequences(parts)
    return {key: float(np.mean(combined[key])) for key in ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1')}


@pytest.mark.parametrize('seed', range(2))
def test_scores_are_those_of_trackevals_metrics(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    films = [Film(tmp_path / f'film{n}', rng) for n in range(2)]
    for film in films:
        film.write()
    found = score([frame for film in films for frame in film.frames()], tmp_path / 'place', 'MOT17')
    assert found == pytest.approx(expected(films), abs=1e-6)
    assert 0 < found['HOTA'] < 1
    assert 0 < found['IDF1'] < 1


def test_idf1_by_hand(tmp_path: Path) -> None:
    film = Film(tmp_path / 'film', np.random.default_rng(5))
    film.write()
    shared = np.zeros((4, 10))
    for (true, boxes), (found, places) in zip(film.true, film.found, strict=True):
        for row, column in zip(*np.nonzero(overlap(boxes, places) >= 0.5), strict=True):
            shared[true[row] - 1, found[column]] += 1
    pairs = linear_sum_assignment(-shared)
    right = shared[pairs].sum()
    total = sum(len(ids) for ids, _ in (*film.true, *film.found))
    found = score(film.frames(), tmp_path / 'place', 'MOT17')
    assert found['IDF1'] == pytest.approx(2 * right / total, abs=1e-6)


def test_halves_are_counted_from_their_first_frame(tmp_path: Path) -> None:
    films = [Film(tmp_path / f'film{first}', np.random.default_rng(1), first) for first in (1, 14)]
    values = []
    for film in films:
        film.write()
        values.append(score(film.frames(), tmp_path / f'place{film.first}', 'MOT17'))
    assert values[0] == pytest.approx(values[1], abs=1e-12)


def test_a_track_on_a_distractor_is_no_mistake(tmp_path: Path) -> None:
    film, same = (Film(tmp_path / name, np.random.default_rng(2)) for name in ('film', 'same'))
    film.write()
    # a statue (class 7) where the false boxes are
    same.write(*(f'{t + 1},50,{400 + 9 * t},10,30,60,0,7,1' for t in range(LENGTH)))
    mistaken, forgiven = (
        score(f.frames(), tmp_path / f'place-{f.folder.name}', 'MOT17') for f in (film, same)
    )
    assert forgiven['MOTA'] == pytest.approx(mistaken['MOTA'] + 1 / 4)


STATUE, VEHICLE = 7, 6


def called_directly(film: Film, place: Path, benchmark: str) -> dict[str, float]:
    """Return what TrackEval's own command measures on its own layout of folders."""
    (place / 'gt/film/gt').mkdir(parents=True)
    (place / 'found/mine').mkdir(parents=True)
    (place / 'gt/film/gt/gt.txt').write_text((film.folder / 'gt/gt.txt').read_text())
    (place / 'found/mine/film.txt').write_text(
        ''.join(
            f'{time + 1},{identity},{x:.6f},{y:.6f},{w:.6f},{h:.6f},0.9,-1,-1,-1\n'
            for time, (ids, boxes) in enumerate(film.found)
            for identity, (x, y, w, h) in zip(ids, boxes.tolist(), strict=True)
        )
    )
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            'GT_FOLDER': str(place / 'gt'),
            'TRACKERS_FOLDER': str(place / 'found'),
            'TRACKER_SUB_FOLDER': '',
            'BENCHMARK': benchmark,
            'SEQ_INFO': {'film': LENGTH},
            'SKIP_SPLIT_FOL': True,
            'PRINT_CONFIG': False,
        }
    )
    data = dataset.get_preprocessed_seq_data(dataset.get_raw_seq_data('mine', 'film'), 'pedestrian')
    found = {}
    for name in ('HOTA', 'CLEAR', 'Identity'):
        found |= getattr(trackeval.metrics, name)({'PRINT_CONFIG': False}).eval_sequence(data)
    return {key: float(np.mean(found[key])) for key in ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1')}


@pytest.mark.parametrize('benchmark', BENCHMARKS)
@pytest.mark.parametrize('kind', [STATUE, VEHICLE])
def test_each_benchmark_takes_out_what_trackeval_does(
    tmp_path: Path, benchmark: str, kind: int
) -> None:
    film = Film(tmp_path / 'film', np.random.default_rng(3))
    film.write(*(f'{t + 1},50,{400 + 9 * t},10,30,60,0,{kind},1' for t in range(LENGTH)))
    found = score(film.frames(), tmp_path / 'place', benchmark)
    assert found == pytest.approx(called_directly(film, tmp_path / 'direct', benchmark), abs=1e-9)


def test_on_mot20_a_track_on_a_vehicle_without_a_motor_is_no_mistake(tmp_path: Path) -> None:
    film = Film(tmp_path / 'film', np.random.default_rng(3))
    film.found = [
        (np.append(ids, 9), np.concatenate([boxes, [[400.0, 10, 30, 60]]]))
        for ids, boxes in film.true
    ]
    film.write(*(f'{t + 1},50,400,10,30,60,0,{VEHICLE},1' for t in range(LENGTH)))
    found = {name: score(film.frames(), tmp_path / name, name) for name in ('MOT17', 'MOT20')}
    assert found['MOT17']['MOTA'] == pytest.approx(1 - 1 / 4)
    assert found['MOT20'] == pytest.approx(dict.fromkeys(found['MOT20'], 1.0))


def test_films_without_a_person_that_counts_are_told(tmp_path: Path) -> None:
    film = Film(tmp_path / 'film', np.random.default_rng(0))
    film.true = []
    film.write(*(f'{t + 1},50,0,10,30,60,0,{STATUE},1' for t in range(LENGTH)))
    with pytest.raises(DataError, match='nothing to score'):
        score(film.frames(), tmp_path / 'place', 'MOT17')


def test_two_films_of_one_name_are_refused(tmp_path: Path) -> None:
    films = [Film(tmp_path / part / 'film', np.random.default_rng(0)) for part in 'ab']
    for film in films:
        film.write()
    with pytest.raises(DataError, match='have one name'):
        score([frame for film in films for frame in film.frames()], tmp_path / 'place', 'MOT17')


def test_an_error_of_trackeval_leaves_standard_input_open(tmp_path: Path) -> None:
    film = Film(tmp_path / 'A', np.random.default_rng(0))
    film.write()
    twice = [frame._replace(tracks=np.concatenate([frame.tracks] * 2)) for frame in film.frames()]
    before = os.fstat(0)
    with pytest.raises(trackeval.utils.TrackEvalException, match='more than once'):
        score(twice, tmp_path / 'place', 'MOT17')
    assert os.path.samestat(os.fstat(0), before)
