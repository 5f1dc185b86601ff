from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.analysis.last_blocks import analyse, variants
from benchmark.errors import BenchmarkError
from benchmark.results.records import RunRecord, Status
from benchmark.specs import RunSpec

METRIC = {'key': 'rmse', 'unit': 'metre', 'higher_is_better': False, 'title': 'RMSE'}


def record(
    score: float,
    seed: int = 0,
    *,
    change: tuple[str, int] | None = None,
    task: str = 'depth',
    metric: dict[str, object] = METRIC,
    **more: object,
) -> RunRecord:
    last = {'last_blocks': {'action': change[0], 'count': change[1]}} if change else {}
    suffix = f'+{change[0]}{change[1]}' if change else ''
    values = {
        'suite': 's',
        'spec': RunSpec(task, f'net{suffix}', 'finetune', seed),
        'fingerprint': f'{score}',
        'status': Status.OK,
        'primary': metric['key'],
        'scores': {metric['key']: score},
        'task': {'metrics': [metric]},
        'backbone': {'pretraining': {'family': 'mim'}, **last},
        **more,
    }
    return RunRecord(**values)  # type: ignore[arg-type]


def test_ids_of_whole_and_changed_backbones() -> None:
    assert variants(['a', 'b+random'], ['drop'], [1, 2]) == [
        'a', 'a+drop1', 'a+drop2', 'b+random', 'b+random+drop1', 'b+random+drop2',
    ]  # fmt: skip


def test_the_whole_backbone_begins_every_line() -> None:
    finding = analyse(
        [
            record(2.0),
            record(1.5, change=('drop', 1)),
            record(3.0, change=('reinit', 2)),
        ]
    )
    assert [(r['action'], r['blocks'], r['score']) for r in finding.rows] == [
        ('drop', 0, 2.0), ('drop', 1, 1.5), ('reinit', 0, 2.0), ('reinit', 2, 3.0),
    ]  # fmt: skip
    assert {row['backbone'] for row in finding.rows} == {'net'}
    assert [facts['id'] for facts in finding.subjects] == ['net', 'net+drop1', 'net+reinit2']
    assert len(finding.draw().axes) == 2


def test_the_improvement_is_paired_by_seed_and_points_to_the_better_side() -> None:
    finding = analyse(
        [
            *(record(score, seed) for seed, score in enumerate((2.0, 3.0, 9.0))),
            *(record(s, seed, change=('drop', 1)) for seed, s in enumerate((1.0, 2.5))),
        ]
    )
    (change,) = finding.facts['change']
    found = change['improvement']
    # lower is better: 1.0 and 0.5 better; t(0.975, 1) = 12.706, standard error 0.25
    assert found['mean'] == pytest.approx(0.75)
    assert found['low'] == pytest.approx(0.75 - 12.7062 * 0.25, abs=1e-3)
    assert found['n'] == 2
    assert finding.key_numbers is not None
    assert finding.key_numbers.columns == ('improvement, last 1',)
    ((name, (text,)),) = finding.key_numbers.rows
    assert name.endswith(', drop')
    assert str(text).startswith('0.750 (\N{MINUS SIGN}2.427 to 3.927)')


def test_one_seed_gives_no_interval() -> None:
    (change,) = analyse([record(2.0), record(1.0, change=('drop', 3))]).facts['change']
    assert change['improvement'] == {'mean': 1.0, 'low': None, 'high': None, 'n': 1}


def test_of_two_runs_of_a_seed_the_newest_counts() -> None:
    times = ({'finished': f'2026-01-0{day}'} for day in (2, 1))
    runs = [
        record(score, change=('drop', 1), provenance=when)
        for score, when in zip((1.0, 5.0), times, strict=True)
    ]
    assert [row['score'] for row in analyse([record(2.0), *runs]).rows] == [2.0, 1.0]


@pytest.mark.parametrize(
    'records',
    [
        [],
        [record(1.0)],
        [record(1.0, change=('drop', 1))],
        [record(1.0), record(1.0, change=('drop', 1), status=Status.FAILED)],
        [record(1.0), record(1.0, change=('drop', 1), task='pose')],
    ],
)
def test_without_both_sides_there_is_nothing_to_compare(records: list[RunRecord]) -> None:
    with pytest.raises(BenchmarkError, match='no finished runs of a whole backbone'):
        analyse(records)


def test_reading_records_needs_no_torch() -> None:
    program = 'import benchmark.analysis.last_blocks, sys; print("torch" in sys.modules)'
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )
    assert done.stdout == 'False\n'
