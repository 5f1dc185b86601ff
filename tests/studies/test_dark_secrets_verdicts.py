from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark.errors import RecordError
from benchmark.report.data.analyses import FoundAnalysis
from benchmark.results.records import RunRecord, Status
from benchmark.specs import RunSpec
from benchmark.statistics.means import MeanInterval, t_interval, welch_interval
from studies.dark_secrets import claims
from studies.dark_secrets.claims import Claim
from studies.dark_secrets.judging import judge
from studies.dark_secrets.verdicts import (
    RANDOM_TOO,
    BackbonePair,
    ClaimVerdict,
    Count,
    Kernels,
    Outcome,
    conclusion,
    outcome_text,
    votes,
)

PAIR = BackbonePair('masked', 'supervised', 'the net', 'random')
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
        assert t_interval([3.0]) == MeanInterval(3.0, None, None, 1)
        assert welch_interval([3.0], [1.0, 2.0]) == MeanInterval(1.5, None, None, 1)
        assert t_interval([]) is None
        assert welch_interval([], [1.0]) is None

    @pytest.mark.parametrize(
        ('bounds', 'sign'),
        [((1, 2), 1), ((-2, -1), -1), ((-1, 1), 0), ((None, None), 0), ((0, 1), 0)],
    )
    def test_a_side_is_only_taken_by_the_whole_interval(
        self, bounds: tuple[float | None, float | None], sign: int
    ) -> None:
        assert MeanInterval(0.5, *bounds, 3).sign == sign


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


def by_claim(claim: Claim, analysis: FoundAnalysis) -> list[ClaimVerdict]:
    return [v for v in judge([PAIR], [analysis], []) if v.claim == claim]


def heads_of(name: str, distance: float) -> list[dict[str, Any]]:
    """Return three layers of two heads that all look as far."""
    place = {'backbone': name, 'measure': 'distance', 'value': 50 * distance, 'uniform': 50}
    return [{**place, 'layer': layer, 'head': head} for layer in (1, 2, 3) for head in (0, 1)]


def attention(folder: Path, masked: float, supervised: float) -> FoundAnalysis:
    """Return heads that lie around the two numbers in the last layers."""
    rows = []
    for name, level in zip(PAIR.arms, (masked, supervised), strict=True):
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
    layers, heads = by_claim(claims.LOCAL, analysis)
    # three layers without a difference, three with 0.5
    assert layers.found.mean == pytest.approx(0.25)
    assert (layers.found.n, layers.over) == (6, 'layers of one network')
    assert heads.found.mean == pytest.approx(0.5)
    assert (heads.outcome, heads.count) == (Outcome.HOLDS, (3, 3, 'layers'))
    (diverse,) = by_claim(claims.DIVERSE, analysis)
    assert diverse.found.mean == pytest.approx(0.5)
    assert diverse.outcome == 'holds'


def test_pretraining_runs_are_the_repetitions_where_there_are_several(tmp_path: Path) -> None:
    gaps = {'': 0.5, '-seed1': 0.3}
    rows = [
        row
        for run, gap in gaps.items()
        for name, distance in ((f'masked{run}', 0.4), (f'supervised{run}', 0.4 + gap))
        for row in heads_of(name, distance)
    ]
    pairs = [
        BackbonePair(f'masked{run}', f'supervised{run}', f'the net{run}', 'random') for run in gaps
    ]
    verdicts = [
        v for v in judge(pairs, [found(tmp_path, 'attention', rows)], []) if v.claim is claims.LOCAL
    ]
    last = next(v for v in verdicts if 'last' in v.measure)
    # Student's t of 0.5 and 0.3 with one degree of freedom: 0.4 +- 12.706 * 0.1
    assert last.found[:3] == pytest.approx((0.4, 0.4 - 1.2706, 0.4 + 1.2706), abs=1e-3)
    assert (last.found.n, last.over) == (2, 'pretraining runs')
    assert (last.count, last.outcome) == ((6, 6, 'layers'), Outcome.OPEN)
    assert last.pair.title == 'the net (2 pretraining runs)'
    assert len(verdicts) == 2


def test_local_in_some_layers_is_not_local_in_all(tmp_path: Path) -> None:
    rows = [
        {'backbone': name, 'layer': layer, 'head': 0, 'measure': 'distance', 'uniform': 50,
         'value': 50 * value}
        for name, values in (('masked', (0.4, 0.4, 0.5, 0.4, 0.85)), ('supervised', (0.8,) * 5))
        for layer, value in enumerate(values)
    ]  # fmt: skip
    layers, last = by_claim(claims.LOCAL, found(tmp_path, 'attention', rows))
    # differences 0.4, 0.4, 0.3, 0.4, -0.05: mean 0.29, half width 2.776 x 0.1949 / sqrt(5) = 0.242
    assert layers.found[:3] == pytest.approx((0.29, 0.048, 0.532), abs=1e-3)
    assert (layers.outcome, layers.count) == ('partly', (4, 5, 'layers'))
    assert outcome_text(layers) == 'partly: 4 of 5 layers'
    # of the last three, 0.3 and 0.4 and -0.05
    assert (last.outcome, last.count) == ('open', (2, 3, 'layers'))


def test_the_other_way_round_they_are_contradicted(tmp_path: Path) -> None:
    analysis = attention(tmp_path, masked=0.9, supervised=0.4)
    assert by_claim(claims.LOCAL, analysis)[1].outcome == 'contradicted'
    assert by_claim(claims.DIVERSE, analysis)[0].outcome == 'contradicted'


def test_equal_networks_leave_it_open(tmp_path: Path) -> None:
    analysis = attention(tmp_path, masked=0.6, supervised=0.6)
    assert {v.outcome for v in judge([PAIR], [analysis], [])} == {'open'}


def similarity(folder: Path, random: float, **more: Any) -> FoundAnalysis:
    return found(
        folder,
        'cka',
        similarity={
            'masked': {'mean': 0.9, 'low': 0.87, 'high': 0.93},
            'supervised': {'mean': 0.6, 'low': 0.56, 'high': 0.64},
            'random': {'mean': random, 'low': random - 0.04, 'high': random + 0.04},
        },
        **{'batches': 5, **more},
    )


def test_similarity_adds_the_variances_of_both_sides(tmp_path: Path) -> None:
    (verdict,) = by_claim(claims.ALIKE, similarity(tmp_path, 0.5))
    assert verdict.found == pytest.approx((0.3, 0.25, 0.35, 5))
    assert verdict.random is not None
    # 0.04 and 0.04, then 0.03 and 0.04
    assert verdict.random.found[:2] == pytest.approx((-0.1, -0.1 - 0.04 * 2**0.5))
    assert verdict.random.beyond[:3] == pytest.approx((0.4, 0.35, 0.45))
    assert (verdict.outcome, verdict.random_too) == ('holds', False)
    assert outcome_text(verdict) == 'holds'


@pytest.mark.parametrize('random', [0.95, 0.9, 0.86])
def test_what_a_random_network_has_too_is_said(tmp_path: Path, random: float) -> None:
    """As far is within the interval: 0.86 is less than the 0.05 behind 0.9."""
    (verdict,) = by_claim(claims.ALIKE, similarity(tmp_path, random))
    assert (verdict.outcome, verdict.random_too) == ('holds', True)
    assert outcome_text(verdict) == f'holds between the two; {RANDOM_TOO}'
    (vote,) = votes(claims.ALIKE, [verdict])
    assert conclusion([vote]) == f'holds between the two for the net; {RANDOM_TOO}'


def test_without_a_random_network_the_two_are_compared(tmp_path: Path) -> None:
    pair = BackbonePair('masked', 'supervised')
    (verdict,) = judge([pair], [similarity(tmp_path, 0.95)], [])
    assert (verdict.random, verdict.random_too, verdict.outcome) == (None, False, 'holds')


def layers(folder: Path, masked: Sequence[float], supervised: Sequence[float]) -> FoundAnalysis:
    """Return errors of the whole networks, and without one block, over three seeds."""
    rows = [
        {'task': 'depth', 'backbone': name, 'action': 'drop', 'blocks': blocks, 'seed': seed,
         'score': score + 0.01 * seed * (1 + blocks)}
        for name, scores in (('masked', masked), ('supervised', supervised))
        for blocks, score in enumerate(scores)
        for seed in (0, 1, 2)
    ]  # fmt: skip
    change = [{'task': 'depth', 'backbone': n, 'higher_is_better': False} for n in PAIR.arms]
    return found(folder, 'layers', rows, change=change)


def test_dropping_blocks_is_to_help_supervision_and_to_cost_the_other(tmp_path: Path) -> None:
    analysis = layers(tmp_path, masked=(1.0, 1.5), supervised=(1.4, 1.3))
    helped, cost = by_claim(claims.DROPPED, analysis)
    # errors by seed: 0.1, 0.09, 0.08 less without the block; 0.5, 0.51, 0.52 more
    half = stats.t.ppf(0.975, 2) * 0.01 / 3**0.5
    assert helped.found[:3] == pytest.approx((0.09, 0.09 - half, 0.09 + half))
    assert cost.found[:3] == pytest.approx((0.51, 0.51 - half, 0.51 + half))
    assert (helped.measure, cost.measure) == (
        'improvement by dropping 1, supervised', 'loss by dropping 1, masked',
    )  # fmt: skip
    assert (helped.where, helped.outcome) == ('masked / supervised, depth', 'holds')
    assert cost.outcome == 'holds'


def test_a_supervised_network_that_loses_less_does_not_improve(tmp_path: Path) -> None:
    analysis = layers(tmp_path, masked=(1.0, 1.5), supervised=(1.4, 1.6))
    helped, cost = by_claim(claims.DROPPED, analysis)
    assert (helped.outcome, cost.outcome) == ('contradicted', 'holds')


def test_blocks_of_a_network_behind_the_trivial_predictor_tell_nothing(tmp_path: Path) -> None:
    analysis = layers(tmp_path, masked=(1.0, 1.5), supervised=(1.4, 1.3))
    for floor, outcome in ((1.3, 'open'), (1.5, 'holds')):
        trivial = [record('depth', 'trivial:mean', 0, floor, protocol='trivial', higher=False)]
        assert {v.outcome for v in judge([PAIR], [analysis], trivial)} == {outcome}


def test_pictures_are_paired(tmp_path: Path) -> None:
    rows = [
        {'backbone': name, 'picture': i, 'regions': i + gain, 'coverage': '', 'parts': 0.1 * i,
         'turned': 0 if i else ''}
        for name, gain in (('masked', 1), ('supervised', 0))
        for i in range(6)
    ]  # fmt: skip
    cam = by_claim(claims.CAPTURED, found(tmp_path, 'cam', rows))
    # the first picture shows no creature, so that the side of its map is arbitrary
    assert [(v.found.mean, v.found.n) for v in cam] == [(0.0, 5), (1.0, 5)]


def test_maps_whose_side_is_arbitrary_are_refused(tmp_path: Path) -> None:
    rows = [{'backbone': 'masked', 'picture': 0, 'regions': 1, 'coverage': 0.5, 'parts': 0.5}]
    with pytest.raises(RecordError, match='not what analysis `cam` writes'):
        judge([PAIR], [found(tmp_path, 'cam', rows)], [])


def test_fields_are_set_beside_random_ones(tmp_path: Path) -> None:
    fields = [
        {'backbone': n, 'picture': i, 'share': s, 'area_ratio': area + 0.01 * i * i,
         'spread_px': spread + 0.1 * i * place}
        for place, (n, area, spread) in enumerate(
            (('masked', 0.2, 20), ('supervised', 0.5, 40), ('random', 0.1, 30))
        )
        for i in range(4)
        for s in (0.5, 0.99)
    ]  # fmt: skip
    area, spread = by_claim(claims.FIELDS, found(tmp_path, 'erf', fields))
    assert (area.found.mean, area.found.n) == (pytest.approx(0.3), 4)
    assert area.random is not None
    assert area.random.found.mean == pytest.approx(0.4)
    assert area.random.beyond.mean == pytest.approx(-0.1)
    assert (area.outcome, area.random_too) == ('holds', True)
    # the random field is 10 px wider, and 0.2 more with each picture: 10.3 on average
    assert spread.random is not None
    assert spread.random.beyond.mean == pytest.approx(10.3)
    assert (spread.outcome, spread.random_too) == ('holds', False)
    (vote,) = votes(claims.FIELDS, [area, spread])
    assert vote.random_too is False
    assert conclusion([vote]) == 'holds for the net (a random network too on 1 of 2 measures)'


def losses(folder: Path, masked: Sequence[float], supervised: Sequence[float]) -> FoundAnalysis:
    """Return the box losses of two detectors, the masked one's lower by 1 on average."""
    summary = [
        {'task': 'boxes', 'protocol': protocol, 'backbone': name, 'loss_bbox_by_seed': of_seeds}
        for name, of_seeds in (('masked', [1.0, 1.1, 0.9]), ('supervised', [2.0, 2.1, 1.9]))
        for protocol in ('finetune', 'frozen')
    ]
    rows = [
        {'task': 'boxes', 'protocol': protocol, 'backbone': name, 'term': term, 'mean': value}
        for name, curve in (('masked', masked), ('supervised', supervised))
        for term, protocol, values in (
            ('loss_bbox', 'finetune', curve),
            ('loss_cls', 'finetune', curve[::-1]),
            ('loss_bbox', 'frozen', curve[::-1]),
        )
        for value in values
    ]
    return found(folder, 'losses', rows, summary=summary)


FALLING = (0.1, 3.0, 2.5, 2.0, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0)
RISING = (0.9, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.75, 0.76)


def test_box_losses_that_fall_are_compared_over_seeds(tmp_path: Path) -> None:
    (verdict,) = by_claim(claims.BOXES, losses(tmp_path, FALLING, FALLING))
    assert (verdict.found.mean, verdict.outcome) == (pytest.approx(1.0), 'holds')


@pytest.mark.parametrize('arms', [(RISING, FALLING), (FALLING, RISING), (RISING, RISING)])
def test_box_losses_that_rise_tell_nothing(tmp_path: Path, arms: Any) -> None:
    """Passing over the warm-up, the second of ten values is compared with the last."""
    (verdict,) = by_claim(claims.BOXES, losses(tmp_path, *arms))
    told = {FALLING: '3.00 to 1.00', RISING: '0.20 to 0.76'}
    assert (verdict.found.mean, verdict.outcome) == (pytest.approx(1.0), 'open')
    assert outcome_text(verdict) == (
        'open: the box loss cannot be read where it does not fall: '
        f'masked {told[arms[0]]}, supervised {told[arms[1]]}'
    )


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
        claims.GEOMETRIC, pytest.approx(-1.0), 'contradicted',
    )  # fmt: skip
    assert (pose.found.mean, pose.outcome) == (pytest.approx(30.0), 'holds')


def test_other_protocols_failed_runs_and_absent_backbones_give_no_verdict() -> None:
    good = [record('pose', 'masked', seed, 1.0 + seed) for seed in (0, 1)]
    others = [
        record('pose', 'supervised', 0, 1.0, protocol='frozen'),
        record('pose', 'supervised', 1, 1.0, status=Status.FAILED),
    ]
    assert judge([PAIR], [], [*good, *others]) == []
    other = BackbonePair('masked', 'nobody')
    assert judge([other], [], good) == []


def test_supervision_is_ahead_where_its_classes_cover_the_task() -> None:
    records = [
        record('world-covered', name, seed, score + seed, group='semantic')
        for name, score in (('masked', 40.0), ('supervised', 70.0))
        for seed in (0, 1, 2)
    ]
    (verdict,) = judge([PAIR], [], records)
    assert (verdict.claim, verdict.outcome) == (claims.COVERED, 'holds')


def test_kernels_are_compared_by_what_masked_pretraining_gains() -> None:
    kernels = Kernels(BackbonePair('a', 'b'), BackbonePair('c', 'd'))
    levels = {'a': 60.0, 'b': 40.0, 'c': 55.0, 'd': 50.0}
    noise = dict(zip(levels, RANDOM.normal(size=(4, 3)), strict=True))
    records = [
        record('pose', name, seed, level + float(noise[name][seed]))
        for name, level in levels.items()
        for seed in (0, 1, 2)
    ]
    (verdict,) = (v for v in judge([], [], records, kernels=kernels) if v.claim == claims.KERNELS)
    means = {name: levels[name] + noise[name].mean() for name in levels}
    gain = means['a'] - means['b'] - (means['c'] - means['d'])
    squares = [noise[name].var(ddof=1) / 3 for name in levels]
    freedom = sum(squares) ** 2 / sum(square**2 / 2 for square in squares)
    half = stats.t.ppf(0.975, freedom) * sum(squares) ** 0.5
    assert verdict.found[:3] == pytest.approx((gain, gain - half, gain + half))
    assert judge([], [], records[:9], kernels=kernels) == []


def transfer(masked: float, supervised: float, floor: float, **more: Any) -> list[RunRecord]:
    """Return three seeds of two backbones on a task, and its trivial predictor."""
    return [
        record('pose', name, seed, score + seed, **more)
        for name, score in (('masked', masked), ('supervised', supervised))
        for seed in (0, 1, 2)
    ] + [record('pose', 'trivial:mean', 0, floor, protocol='trivial', **more)]


@pytest.mark.parametrize(
    ('floor', 'higher', 'outcome'),
    [
        (20.9, True, 'holds'),  # the supervised network scores 21
        (21.0, True, 'open'),
        (51.0, False, 'open'),  # lower is better: the masked network scores 51
        (51.1, False, 'contradicted'),
    ],
)
def test_behind_the_trivial_predictor_there_is_no_verdict(
    floor: float, higher: bool, outcome: str
) -> None:
    (verdict,) = judge([PAIR], [], transfer(50.0, 20.0, floor, higher=higher))
    assert verdict.outcome == outcome
    barred = outcome == 'open'
    assert (outcome_text(verdict) == 'open: behind the trivial predictor') is barred


def test_the_best_of_several_trivial_predictors_counts_and_its_newest_run() -> None:
    floors = [
        record('pose', 'trivial:median', 0, 25.0, protocol='trivial'),
        record('pose', 'trivial:mode', 0, 99.0, protocol='trivial', status=Status.FAILED),
    ]
    (verdict,) = judge([PAIR], [], [*transfer(50.0, 20.0, 10.0), *floors])
    assert verdict.barred == 'behind the trivial predictor'


def test_fine_grained_tasks_have_a_claim_of_their_own() -> None:
    (verdict,) = judge([PAIR], [], transfer(50.0, 20.0, 0.0, group='fine-grained'))
    assert (verdict.claim, verdict.outcome) == (claims.FINE, 'holds')


def of(pair: BackbonePair, low: float, high: float, **more: Any) -> ClaimVerdict:
    interval = MeanInterval((low + high) / 2, low, high, 3)
    return ClaimVerdict(claims.GEOMETRIC, pair, 'points', interval, 'seeds', **more)


NETS = {
    title: BackbonePair(f'{title} m', f'{title} s', f'the {title}')
    for title in ('A', 'B', 'C', 'D')
}
FOR, AGAINST, UNDECIDED = (1.0, 2.0), (-2.0, -1.0), (-1.0, 1.0)


class TestVotes:
    @pytest.mark.parametrize(
        ('sides', 'outcome'),
        [
            ([FOR, FOR], 'holds'),
            ([FOR, UNDECIDED], 'partly'),
            ([FOR, UNDECIDED, AGAINST], 'mixed'),
            ([AGAINST, UNDECIDED], 'contradicted'),
            ([AGAINST], 'contradicted'),
            ([UNDECIDED, UNDECIDED], 'open'),
        ],
    )
    def test_a_pair_has_one_however_many_measures(self, sides: Any, outcome: str) -> None:
        (vote,) = votes(claims.GEOMETRIC, [of(NETS['A'], *side) for side in sides])
        assert vote.outcome == outcome

    def test_a_part_of_the_layers_is_a_part(self) -> None:
        some = of(NETS['A'], *FOR, count=Count(7, 10, 'layers'))
        every = of(NETS['A'], *FOR, count=Count(3, 3, 'layers'))
        (vote,) = votes(claims.GEOMETRIC, [some, every])
        assert vote.outcome == 'partly'
        assert conclusion([vote]) == 'partly for the A (1 holds, 1 partly; 7 of 10 layers)'

    def test_other_claims_do_not_count(self) -> None:
        assert votes(claims.FINE, [of(NETS['A'], *FOR)]) == []
        assert conclusion([]) == 'not measured'

    def test_conclusions_name_the_pairs(self) -> None:
        found = votes(
            claims.GEOMETRIC,
            [
                of(NETS['A'], *FOR, task='pose'),
                of(NETS['A'], *FOR, task='depth'),
                of(NETS['B'], *UNDECIDED),
                of(NETS['C'], *FOR),
                of(NETS['D'], *FOR, task='pose', barred='behind the trivial predictor'),
            ],
        )
        assert conclusion(found) == (
            'holds for the A and the C; '
            'open for the B and the D (behind the trivial predictor on pose)'
        )

    def test_they_say_how_a_pairs_verdicts_differ(self) -> None:
        (vote,) = votes(
            claims.GEOMETRIC,
            [
                of(NETS['A'], *FOR, task='pose'),
                of(NETS['A'], *UNDECIDED, task='tracking'),
                of(NETS['A'], *FOR, task='depth', barred='behind the trivial predictor'),
            ],
        )
        assert conclusion([vote]) == (
            'partly for the A (1 holds, 2 open; behind the trivial predictor on depth)'
        )


def test_every_claim_says_where_it_is_from() -> None:
    papers = {claims.DARK_SECRETS, claims.MASK_RECONSTRUCTION}
    for claim in claims.CLAIMS:
        own = claim.source is claims.ClaimSource.OWN
        assert claim.paper in ({''} if own else papers)
        assert claim.origin == (f'{claim.source}, {claim.paper}' if claim.paper else 'own question')
