from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark.analysis import verdicts
from benchmark.analysis.intervals import Interval, t_interval, welch_interval
from benchmark.analysis.verdicts import Kernels, Pair, Verdict, judge
from benchmark.report.analyses import FoundAnalysis
from benchmark.results.records import RunRecord, Status
from benchmark.specs import RunSpec

PAIR = Pair('masked', 'supervised')
RANDOM = np.random.default_rng(0)


class TestIntervals:
    def test_of_a_mean_is_students(self) -> None:
        values = RANDOM.normal(size=7)
        found = t_interval([*values, math.nan])
        assert found is not None
        low, high = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
        assert found == pytest.approx((values.mean(), low, high, 7))

    def test_of_a_difference_is_welchs(self) -> None:
        first, second = RANDOM.normal(size=5), RANDOM.normal(1, 3, size=9)
        found = welch_interval(first, second)
        assert found is not None
        expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
        assert found[1:3] == pytest.approx((expected.low, expected.high))
        assert found.mean == pytest.approx(first.mean() - second.mean())

    def test_what_does_not_repeat_has_no_bounds(self) -> None:
        assert t_interval([3.0]) == Interval(3.0, None, None, 1)
        assert welch_interval([3.0], [1.0, 2.0]) == Interval(1.5, None, None, 1)
        assert t_interval([]) is None
        assert welch_interval([], [1.0]) is None

    @pytest.mark.parametrize(
        ('bounds', 'sign'),
        [((1, 2), 1), ((-2, -1), -1), ((-1, 1), 0), ((None, None), 0), ((0, 1), 0)],
    )
    def test_a_side_is_only_taken_by_the_whole_interval(
        self, bounds: tuple[float | None, float | None], sign: int
    ) -> None:
        assert Interval(0.5, *bounds, 3).sign == sign


def found(
    folder: Path, name: str, rows: Iterable[Mapping[str, Any]] = (), **facts: Any
) -> FoundAnalysis:
    listed = list(rows)
    text = io.StringIO()
    if listed:
        writer = csv.DictWriter(text, listed[0])
        writer.writeheader()
        writer.writerows(listed)
    place = folder / name
    place.mkdir()
    (place / 'values.csv').write_text(text.getvalue())
    return FoundAnalysis(name, name, '', '', facts, (), {}, {}, place)


def by_claim(claim: str, analysis: FoundAnalysis) -> list[Verdict]:
    return [v for v in judge([PAIR], [analysis], []) if v.claim == claim]


def attention(folder: Path, masked: float, supervised: float) -> FoundAnalysis:
    """Return heads that lie around the two numbers in the last layers."""
    rows = []
    for name, level in zip(PAIR, (masked, supervised), strict=True):
        for layer in range(1, 7):
            centre = level if layer > 3 else 0.5
            for head in range(4):
                place = {'backbone': name, 'layer': layer, 'head': head}
                shift = 0.01 * head
                rows += [
                    {**place, 'measure': 'distance', 'value': 50 * (centre + shift), 'uniform': 50},
                    {**place, 'measure': 'divergence', 'value': 1 - centre + shift, 'uniform': 0},
                ]
    return found(folder, 'attention', rows)


def test_local_and_diverse_heads_hold(tmp_path: Path) -> None:
    analysis = attention(tmp_path, masked=0.4, supervised=0.9)
    layers, heads = by_claim(verdicts.LOCAL, analysis)
    # three layers without a difference, three with 0.5
    assert layers.found.mean == pytest.approx(0.25)
    assert (layers.found.n, layers.over) == (6, 'layers')
    assert heads.found.mean == pytest.approx(0.5)
    assert heads.outcome == 'holds'
    (diverse,) = by_claim(verdicts.DIVERSE, analysis)
    assert diverse.found.mean == pytest.approx(0.5)
    assert diverse.outcome == 'holds'


def test_the_other_way_round_they_are_contradicted(tmp_path: Path) -> None:
    analysis = attention(tmp_path, masked=0.9, supervised=0.4)
    assert by_claim(verdicts.LOCAL, analysis)[1].outcome == 'contradicted'
    assert by_claim(verdicts.DIVERSE, analysis)[0].outcome == 'contradicted'


def test_equal_networks_leave_it_open(tmp_path: Path) -> None:
    analysis = attention(tmp_path, masked=0.6, supervised=0.6)
    assert {v.outcome for v in judge([PAIR], [analysis], [])} == {'open'}


def test_similarity_adds_the_variances_of_both_sides(tmp_path: Path) -> None:
    analysis = found(
        tmp_path,
        'cka',
        similarity={
            'masked': {'mean': 0.9, 'low': 0.87, 'high': 0.93},
            'supervised': {'mean': 0.6, 'low': 0.56, 'high': 0.64},
        },
    )
    (verdict,) = by_claim(verdicts.ALIKE, analysis)
    assert verdict.found[:3] == pytest.approx((0.3, 0.25, 0.35))


def test_dropping_blocks_is_compared_by_what_it_costs(tmp_path: Path) -> None:
    rows = [
        {'task': 'depth', 'backbone': name, 'action': 'drop', 'blocks': blocks, 'seed': seed,
         'score': score + 0.01 * seed}
        for name, scores in (('masked', (1.0, 1.5)), ('supervised', (1.4, 1.3)))
        for blocks, score in enumerate(scores)
        for seed in (0, 1, 2)
    ]  # fmt: skip
    change = [{'task': 'depth', 'backbone': n, 'higher_is_better': False} for n in PAIR]
    analysis = found(tmp_path, 'layers', rows, change=change)
    (verdict,) = by_claim(verdicts.DROPPED, analysis)
    # errors: masked rises by 0.5, supervised falls by 0.1
    assert verdict.found.mean == pytest.approx(0.6)
    assert (verdict.where, verdict.outcome) == ('masked / supervised, depth', 'holds')


def test_pictures_are_paired(tmp_path: Path) -> None:
    rows = [
        {'backbone': name, 'picture': i, 'regions': i + gain, 'coverage': '', 'parts': 0.1 * i}
        for name, gain in (('masked', 1), ('supervised', 0))
        for i in range(5)
    ]
    cam = by_claim(verdicts.CAPTURED, found(tmp_path, 'cam', rows))
    assert [(v.found.mean, v.found.n) for v in cam] == [(0.0, 5), (1.0, 5)]
    fields = [
        {'backbone': n, 'picture': i, 'share': s, 'area_ratio': area + 0.01 * i, 'spread_px': 9}
        for n, area in (('masked', 0.2), ('supervised', 0.5))
        for i in range(4)
        for s in (0.5, 0.99)
    ]
    area, spread = by_claim(verdicts.FIELDS, found(tmp_path, 'erf', fields))
    assert (area.found.mean, area.found.n) == (pytest.approx(0.3), 4)
    assert (area.outcome, spread.outcome) == ('holds', 'open')


def test_box_losses_are_compared_over_seeds(tmp_path: Path) -> None:
    summary = [
        {'task': 'boxes', 'backbone': name, 'loss_bbox_by_seed': losses}
        for name, losses in (('masked', [1.0, 1.1, 0.9]), ('supervised', [2.0, 2.1, 1.9]))
    ]
    (verdict,) = by_claim(verdicts.BOXES, found(tmp_path, 'losses', summary=summary))
    assert (verdict.found.mean, verdict.outcome) == (pytest.approx(1.0), 'holds')


def record(task: str, backbone: str, seed: int, score: float, **more: Any) -> RunRecord:
    group, higher = more.pop('group', 'geometric-motion'), more.pop('higher', True)
    metric = {'key': 'm', 'title': 'Metric', 'unit': 'percent', 'higher_is_better': higher}
    return RunRecord(
        suite='study',
        spec=RunSpec(task, backbone, more.pop('protocol', 'finetune'), seed),
        fingerprint='f',
        status=more.pop('status', Status.OK),
        primary='m',
        scores={'m': score},
        task={'group': group, 'metrics': [metric]},
    )


def test_transfer_is_judged_on_the_better_side_of_each_metric() -> None:
    records = [
        record('pose', name, seed, score + seed, higher=True)
        for name, score in (('masked', 50.0), ('supervised', 20.0))
        for seed in (0, 1, 2)
    ] + [
        record('depth', name, seed, score + 0.01 * seed, higher=False)
        for name, score in (('masked', 2.0), ('supervised', 1.0))
        for seed in (0, 1, 2)
    ]
    depth, pose = judge([PAIR], [], records)
    assert (depth.claim, depth.found.mean, depth.outcome) == (
        verdicts.GEOMETRIC, pytest.approx(-1.0), 'contradicted',
    )  # fmt: skip
    assert (pose.found.mean, pose.outcome) == (pytest.approx(30.0), 'holds')


def test_other_protocols_failed_runs_and_absent_backbones_give_no_verdict() -> None:
    good = [record('pose', 'masked', seed, 1.0 + seed) for seed in (0, 1)]
    others = [
        record('pose', 'supervised', 0, 1.0, protocol='frozen'),
        record('pose', 'supervised', 1, 1.0, status=Status.FAILED),
    ]
    assert judge([PAIR], [], [*good, *others]) == []
    other = Pair('masked', 'nobody')
    assert judge([other], [], good) == []


def test_supervision_is_ahead_where_its_classes_cover_the_task() -> None:
    records = [
        record('world-covered', name, seed, score + seed, group='semantic')
        for name, score in (('masked', 40.0), ('supervised', 70.0))
        for seed in (0, 1, 2)
    ]
    (verdict,) = judge([PAIR], [], records)
    assert (verdict.claim, verdict.outcome) == (verdicts.COVERED, 'holds')


def test_kernels_are_compared_by_what_masked_pretraining_gains() -> None:
    kernels = Kernels(Pair('a', 'b'), Pair('c', 'd'))
    levels = {'a': 60.0, 'b': 40.0, 'c': 55.0, 'd': 50.0}
    noise = dict(zip(levels, RANDOM.normal(size=(4, 3)), strict=True))
    records = [
        record('pose', name, seed, level + float(noise[name][seed]))
        for name, level in levels.items()
        for seed in (0, 1, 2)
    ]
    (verdict,) = (v for v in judge([], [], records, kernels=kernels) if v.claim == verdicts.KERNELS)
    means = {name: levels[name] + noise[name].mean() for name in levels}
    gain = means['a'] - means['b'] - (means['c'] - means['d'])
    squares = [noise[name].var(ddof=1) / 3 for name in levels]
    freedom = sum(squares) ** 2 / sum(square**2 / 2 for square in squares)
    half = stats.t.ppf(0.975, freedom) * sum(squares) ** 0.5
    assert verdict.found[:3] == pytest.approx((gain, gain - half, gain + half))
    assert judge([], [], records[:9], kernels=kernels) == []
