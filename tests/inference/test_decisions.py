"""The two tests and their corrections, against scipy, statsmodels and simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.decisions import (
    Correction,
    Levels,
    Track,
    correct,
    find_drift,
    judge,
)
from benchmark.statistics.noise import Noise

LEVELS = Levels()


def draw(random: np.random.Generator, count: int, mean: float = 0.0) -> tuple[float, ...]:
    return tuple(random.normal(mean, 1, count).tolist())


class TestNight:
    def test_one_cell_is_students_test_with_equal_variances(self) -> None:
        random = np.random.default_rng(0)
        before, now = draw(random, 9, 5.0), draw(random, 4, 4.2)
        (found,) = judge({'a': Track(before, (), now)}, {'a': 0}, LEVELS).values()
        expected = stats.ttest_ind(before, now, equal_var=True, alternative='greater')
        assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
        assert found.drop == pytest.approx(np.mean(before) - np.mean(now))
        assert found.noise.freedom == 11

    def test_the_threshold_is_the_drop_that_just_alarms(self) -> None:
        random = np.random.default_rng(1)
        tracks = {i: Track(draw(random, 6), (), draw(random, 2)) for i in range(5)}
        found = judge(tracks, dict.fromkeys(tracks, 0), LEVELS)
        for cell, track in tracks.items():
            shift = found[cell].threshold - found[cell].drop
            for extra, is_worse in ((1e-6, True), (-1e-6, False)):
                lower = tuple(x - shift - extra for x in track.tonight)
                (again,) = (
                    judgement
                    for key, judgement in judge(
                        {**tracks, cell: track._replace(tonight=lower)},
                        dict.fromkeys(tracks, 0),
                        LEVELS,
                    ).items()
                    if key == cell
                )
                assert again.is_worse(LEVELS) is is_worse

    def test_only_drops_are_suspicious(self) -> None:
        better = Track((1.0, 1.1, 0.9, 1.05), (), (9.0, 9.1))
        (found,) = judge({'a': better}, {'a': 0}, LEVELS).values()
        assert not found.is_suspicious(LEVELS)
        assert found.is_better(LEVELS, 1)

    def test_cells_without_baseline_runs_or_spread_are_left_out(self) -> None:
        tracks = {
            'empty': Track((), (), (1.0,)),
            'gone': Track((1.0, 2.0), (), ()),
            'constant': Track((3.0, 3.0), (), (2.0, 2.0)),
            'single': Track((3.0,), (), (2.0,)),
        }
        families = {cell: cell for cell in tracks}
        assert judge(tracks, families, LEVELS) == {}

    def test_a_cell_with_one_run_takes_the_noise_of_its_task(self) -> None:
        tracks = {'one': Track((5.0,), (), (1.0,)), 'many': Track((5.0, 5.2, 4.9), (), (5.1, 5.0))}
        found = judge(tracks, dict.fromkeys(tracks, 'task'), LEVELS)
        assert found['one'].noise == found['many'].noise
        assert found['one'].is_worse(LEVELS)


class TestDrift:
    def test_it_needs_an_earlier_night(self) -> None:
        assert find_drift(Track((1.0, 2.0), (), (1.0,)), Noise(1.0, 10)) is None

    def test_the_clearest_span_is_found(self) -> None:
        nights = [(0.0, 0.1), (0.1, 0.0), (0.0, 0.0), (-2.0, -2.1), (-1.9, -2.0)]
        track = Track((0.05,) * 8, tuple(nights), (-2.0, -2.0))
        found = find_drift(track, Noise(0.5, 100))
        assert found is not None
        assert found.nights == 3
        assert found.drop == pytest.approx(np.mean([0.05] * 8 + [0, 0.1, 0.1, 0, 0, 0]) + 2.0)

    def test_its_p_is_students_times_the_spans(self) -> None:
        track = Track((1.0, 2.0, 3.0), ((0.0, 1.0),), (0.5,))
        found = find_drift(track, Noise(2.0, 7))
        assert found is not None
        drop = 2.0 - 0.5  # all nights, the only span of two nights
        error = 2.0 * math.sqrt(1 / 3 + 1 / 3)
        assert found.nights == 2
        assert found.p == pytest.approx(stats.t.sf(drop / error, 7))

    def test_small_steps_from_night_to_night_add_up(self) -> None:
        """Each night is 0.15 sd lower than the one before; no night differs from its neighbour."""
        random = np.random.default_rng(3)
        history = tuple(draw(random, 2, -0.15 * i) for i in range(20))
        track = Track(draw(random, 10), history, draw(random, 2, -3.0))
        found = judge({'a': track}, {'a': 0}, LEVELS)['a']
        assert found.has_drifted(LEVELS)

    def test_a_steady_history_makes_later_shifts_easier_to_see(self) -> None:
        random = np.random.default_rng(4)
        quiet = tuple(draw(random, 2) for _ in range(40))
        shifted = tuple(draw(random, 2, -1.0) for _ in range(7))
        baseline, tonight = draw(random, 10), draw(random, 2, -1.0)
        long = judge({'a': Track(baseline, (*quiet, *shifted), tonight)}, {'a': 0}, LEVELS)['a']
        assert long.has_drifted(LEVELS)
        assert long.drift is not None
        assert long.drift.nights in (5, 8)


class TestCorrections:
    @pytest.mark.parametrize(('ours', 'theirs'), [('holm', 'holm'), ('bh', 'fdr_bh')])
    def test_they_equal_statsmodels(self, ours: str, theirs: str) -> None:
        multitest = pytest.importorskip('statsmodels.stats.multitest')
        for seed in range(20):
            ps = np.random.default_rng(seed).beta(0.3, 1, 1 + seed).tolist()
            expected = multitest.multipletests(ps, method=theirs)[1]
            assert correct(ps, Correction(ours)) == pytest.approx(expected.tolist())

    def test_bh_equals_scipy(self) -> None:
        ps = np.random.default_rng(1).beta(0.3, 1, 12)
        assert correct(ps.tolist(), Correction.BH) == pytest.approx(
            stats.false_discovery_control(ps).tolist()
        )

    def test_none_changes_nothing(self) -> None:
        assert correct([0.5, 0.1], Correction.NONE) == [0.5, 0.1]
        assert correct([], Correction.HOLM) == []


def test_order_of_cells_and_runs_changes_nothing() -> None:
    random = np.random.default_rng(5)
    tracks = {
        i: Track(draw(random, 5), (draw(random, 2), draw(random, 2)), draw(random, 3))
        for i in range(6)
    }
    families = {i: i // 3 for i in tracks}
    one = judge(tracks, families, LEVELS)
    mixed = {
        i: Track(t.baseline[::-1], tuple(n[::-1] for n in t.history), t.tonight[::-1])
        for i, t in reversed(tracks.items())
    }
    other = judge(mixed, families, LEVELS)
    assert {i: replace(one[i]) for i in one} == {i: other[i] for i in one}


def test_false_alarms_stay_below_the_level() -> None:
    """Without confirmation and history: Holm over twelve cells that share four noises."""
    random = np.random.default_rng(6)
    families = {i: i // 3 for i in range(12)}
    alarms = 0
    for _ in range(400):
        tracks = {i: Track(draw(random, 10), (), draw(random, 2)) for i in families}
        alarms += any(j.is_worse(LEVELS) for j in judge(tracks, families, LEVELS).values())
    # 12 are expected at the nominal level of 3 %; 24 are four standard deviations more
    assert alarms <= 24
