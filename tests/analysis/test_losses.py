from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from benchmark.analysis.losses import analyse, ends_of
from benchmark.errors import BenchmarkError
from benchmark.results.records import RunRecord, Status
from benchmark.specs import RunSpec

ITERATIONS = [10.0, 20.0, 30.0, 40.0]


def record(backbone: str, seed: int, shift: float, **changes: object) -> RunRecord:
    values = {
        'suite': 's',
        'spec': RunSpec('boxes', backbone, 'finetune', seed),
        'fingerprint': f'{seed}{shift}',
        'status': Status.OK,
        'task': {'kind': 'detection'},
        'backbone': {'pretraining': {'family': 'mim'}},
        'proof': {'weights_sha256': 'ab'},
        'curves': {
            'iteration': ITERATIONS,
            'loss_cls': [4 + shift, 3 + shift, 2 + shift, 1 + shift],
            'loss_bbox': [1.0, 1.0, 1.0, 0.5],
            'loss_rpn_cls': [9.0] * 4,
        },
        **changes,
    }
    return RunRecord(**values)  # type: ignore[arg-type]


def test_curves_are_means_and_spreads_over_seeds() -> None:
    finding = analyse([record('a', 0, 0.0), record('a', 1, 0.2)])
    rows = [r for r in finding.rows if r['term'] == 'loss_cls']
    assert [r['iteration'] for r in rows] == [10, 20, 30, 40]
    assert rows[0]['mean'] == pytest.approx(4.1)
    assert rows[0]['sd'] == pytest.approx(0.2 / 2**0.5)
    assert {r['term'] for r in finding.rows} == {'loss_cls', 'loss_bbox'}
    (summary,) = finding.facts['summary']
    assert summary['loss_cls_mean'] == pytest.approx(2.6)
    assert summary['loss_bbox_final'] == pytest.approx(0.5)
    assert summary['family'] == 'mim'
    assert finding.key_numbers is not None
    ((_, values),) = finding.key_numbers.rows
    assert (values[0], values[3]) == pytest.approx((2.6, 0.5))
    assert finding.subjects[0]['weights_sha256'] == 'ab'
    assert len(finding.draw().axes) == 2


def test_of_two_runs_of_a_seed_the_newest_counts() -> None:
    runs = [
        record('a', 0, shift, provenance={'finished': f'2026-01-0{day}'})
        for day, shift in ((2, 1.0), (1, 0.0))
    ]
    first = analyse(runs).rows[0]
    assert (first['mean'], first['seeds'], first['sd']) == (5.0, 1, None)


def test_other_kinds_and_failed_runs_are_passed_over() -> None:
    good = record('a', 0, 0.0)
    others = [
        record('b', 0, 0.0, status=Status.FAILED),
        record('c', 0, 0.0, task={'kind': 'depth'}),
        record('d', 0, 0.0),
    ]
    assert {r['backbone'] for r in analyse([good, *others]).rows} == {'a', 'd'}
    assert {r['backbone'] for r in analyse([good, *others], backbones=['d']).rows} == {'d'}


def test_what_is_not_there_is_said(one_line: Callable[[BaseException], str]) -> None:
    with pytest.raises(BenchmarkError, match='no finished detection run among'):
        analyse([])
    with pytest.raises(BenchmarkError) as caught:
        analyse([record('a', 0, 0.0)], backbones=['b'])
    assert "of 'b' (there are: a)" in one_line(caught.value)


def test_reading_records_needs_no_torch() -> None:
    program = 'import benchmark.analysis.losses, sys; print("torch" in sys.modules)'
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )
    assert done.stdout == 'False\n'


@pytest.mark.parametrize(
    ('curve', 'ends'),
    [
        # 20 values: two are warm-up, the next two and the last two are compared
        ([9, 9, 4, 6, *[7] * 14, 1, 3], (5, 2)),
        ([9, 5, *[7] * 7, 2], (5, 2)),
        ([3], (3, 3)),
        ([3, 1], (3, 1)),
    ],
)
def test_the_ends_of_a_curve_leave_out_the_warm_up(
    curve: list[float], ends: tuple[float, float]
) -> None:
    assert ends_of(curve) == ends
