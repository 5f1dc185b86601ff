"""Verdicts, their order, and exit codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmark.regression.accepted import Shift
from benchmark.regression.cells import Runs, gather
from benchmark.regression.compare import (
    COULD_NOT_TELL,
    FINE,
    REGRESSED,
    Comparison,
    Margin,
    Rules,
    Verdict,
    add_night,
    compare,
)
from benchmark.regression.history import CellHistory, History
from benchmark.specs import CellKey
from tests.support.regression_builders import DEPTH, PARTS, failed, one, records, runs

NIGHT = '2031-05-04'
BASELINE = runs(range(10))
EMPTY = History('quick')


def judged(
    tonight: dict[CellKey, Runs],
    *,
    baseline: dict[CellKey, Runs] | None = None,
    history: History = EMPTY,
    **rules: Any,
) -> Comparison:
    return compare(baseline or BASELINE, tonight, history, NIGHT, Rules(**rules))


def verdict(comparison: Comparison, cell: CellKey) -> Verdict:
    return next(result.verdict for result in comparison.results if result.cell == cell)


class TestRedFirst:
    def test_nothing_changed(self) -> None:
        found = judged(runs(range(100, 102)))
        assert found.exit_code == FINE
        assert {result.verdict for result in found.results} <= {Verdict.FINE, Verdict.SUSPICIOUS}

    def test_a_missing_cell(self) -> None:
        tonight = runs(range(100, 102))
        del tonight[PARTS]
        found = judged(tonight)
        assert (found.results[0].cell, found.results[0].verdict) == (PARTS, Verdict.MISSING)
        assert found.exit_code == REGRESSED

    def test_a_night_without_any_record(self) -> None:
        found = judged({})
        assert {result.verdict for result in found.results} == {Verdict.MISSING}
        assert found.exit_code == REGRESSED

    def test_a_failed_seed_is_red_whatever_the_others_scored(self) -> None:
        found_records = records(range(100, 103))
        bad = next(r for r in found_records if r.spec.seed == 101 and r.spec.task == 'parts')
        rest = [r for r in found_records if r is not bad]
        found = judged(gather([*rest, failed(bad, 'out of memory')]))
        assert found.results[0].verdict is Verdict.FAILED
        assert 'seed 101: out of memory' in found.results[0].reason

    def test_an_older_success_does_not_hide_a_failure(self) -> None:
        old = one(PARTS, 100, 50.0, provenance={'finished': '2031-05-01T00:00:00+00:00'})
        new = failed(replace(old, fingerprint='e' * 64), 'no', finished='2031-05-04T00:00:00+00:00')
        found = judged(gather([old, new]), baseline={PARTS: BASELINE[PARTS]})
        assert verdict(found, PARTS) is Verdict.FAILED

    def test_a_regression(self) -> None:
        found = judged(runs(range(100, 106), drops={PARTS: 1.5}))
        assert found.results[0].cell == PARTS
        assert found.results[0].verdict is Verdict.REGRESSION
        assert PARTS in found.suspicious
        assert found.exit_code == REGRESSED

    def test_where_lower_is_better_a_rise_is_the_regression(self) -> None:
        worse = judged(runs(range(100, 106), drops={DEPTH: -1.5}))
        assert verdict(worse, DEPTH) is Verdict.REGRESSION
        better = judged(runs(range(100, 106), drops={DEPTH: 1.5}))
        assert verdict(better, DEPTH) is Verdict.CHANGED
        assert better.exit_code == FINE

    def test_a_gain_has_changed_until_it_is_accepted(self) -> None:
        higher = runs(range(100, 106), drops={PARTS: -3.0})
        found = judged(higher)
        assert verdict(found, PARTS) is Verdict.CHANGED
        assert 'better than the baseline by 3' in found.results[0].reason
        assert found.exit_code == FINE
        shift = Shift('parts', '*', '*', '2031-04-03', 'larger crops')
        assert verdict(judged(higher, accepted=(shift,)), PARTS) is Verdict.ACCEPTED
        known = judged(higher, history=history(12, drop=-3.0), accepted=(shift,))
        assert verdict(known, PARTS) in (Verdict.FINE, Verdict.SUSPICIOUS)

    def test_the_time_of_a_cell_is_that_of_its_runs(self) -> None:
        resumed = replace(one(PARTS, 102, 50.0), cost={'resumed_at': 5})
        timed = [one(PARTS, 100, 50.0, seconds=10.0), one(PARTS, 101, 50.0, seconds=20.0)]
        found = judged(gather([*timed, resumed]), baseline={PARTS: BASELINE[PARTS]})
        assert found.results[0].seconds == pytest.approx(32.0)  # with a second of test each
        unknown = judged(gather([resumed]), baseline={PARTS: BASELINE[PARTS]})
        assert unknown.results[0].seconds is None

    def test_a_drop_within_the_margin_is_none(self) -> None:
        tonight = runs(range(100, 106), drops={PARTS: 1.5})
        for margin in (Margin({'mIoU': 3.0}), Margin({}, share=0.1)):
            assert verdict(judged(tonight, margin=margin), PARTS) is Verdict.FINE
        assert verdict(judged(tonight, margin=Margin({'rmse': 3.0})), PARTS) is Verdict.REGRESSION

    def test_an_empty_comparison_is_not_fine(self) -> None:
        assert compare({}, {}, EMPTY, NIGHT, Rules()).exit_code == COULD_NOT_TELL

    def test_new_cells_alone_are_not_fine(self) -> None:
        found = compare({}, runs(range(2)), EMPTY, NIGHT, Rules())
        assert {result.verdict for result in found.results} == {Verdict.NEW}
        assert found.exit_code == COULD_NOT_TELL


class TestCouldNotTell:
    def test_one_baseline_run_without_any_spread(self) -> None:
        baseline = {PARTS: gather([one(PARTS, 0, 50.0)])[PARTS]}
        found = judged(gather([one(PARTS, 9, 49.0)]), baseline=baseline)
        assert verdict(found, PARTS) is Verdict.UNKNOWN
        assert found.exit_code == COULD_NOT_TELL

    def test_another_version_of_the_task(self) -> None:
        item = one(PARTS, 100, 50.0)
        other = replace(item, task={**item.task, 'version': 2})
        found = judged(gather([other]), baseline={PARTS: BASELINE[PARTS]})
        assert 'task version 1, these runs are of 2' in found.results[0].reason
        assert found.exit_code == COULD_NOT_TELL

    def test_another_metric(self) -> None:
        other = replace(one(PARTS, 100, 50.0), primary='mAcc', scores={'mAcc': 50.0})
        found = judged(gather([other]), baseline={PARTS: BASELINE[PARTS]})
        assert verdict(found, PARTS) is Verdict.UNKNOWN

    def test_red_outranks_it(self) -> None:
        tonight = gather([replace(one(PARTS, 100, 50.0), primary='mAcc', scores={'mAcc': 50.0})])
        found = judged(tonight, baseline={PARTS: BASELINE[PARTS], DEPTH: BASELINE[DEPTH]})
        assert found.exit_code == REGRESSED


class TestExactCells:
    CELL = CellKey('trivial', 'parts', 'trivial:background')

    def judged(self, score: float) -> Comparison:
        baseline = gather([one(self.CELL, 0, 9.1)])
        return judged(gather([one(self.CELL, 0, score)]), baseline=baseline)

    def test_the_same_score_is_fine(self) -> None:
        assert self.judged(9.1).exit_code == FINE

    @pytest.mark.parametrize('score', [9.1001, 9.0999])
    def test_any_change_is_red(self, score: float) -> None:
        found = self.judged(score)
        assert verdict(found, self.CELL) is Verdict.REGRESSION
        assert 'the data or the evaluation changed' in found.results[0].reason

    def test_an_accepted_shift_is_its_new_level_and_no_licence(self) -> None:
        shift = Shift('parts', '*', '*', '2031-04-03', 'new split')
        baseline = gather([one(self.CELL, 0, 9.1)])

        def on(score: float, nights: dict[str, float]) -> Verdict:
            past = EMPTY
            metric = baseline[self.CELL].metric
            for night, value in nights.items():
                told = CellHistory(metric, (), {night: (value,)}, {night: 'fine'})
                past = past.with_night(night, {self.CELL: told})
            tonight = gather([one(self.CELL, 0, score)])
            found = judged(tonight, baseline=baseline, history=past, accepted=(shift,))
            return verdict(found, self.CELL)

        assert on(60.0, {}) is Verdict.ACCEPTED
        assert on(60.0, {'2031-04-03': 60.0}) is Verdict.FINE
        assert on(10.0, {'2031-04-03': 60.0, '2031-04-04': 60.0}) is Verdict.REGRESSION


def history(count: int, drop: float = 0.0, begin: int = 1) -> History:
    """Return nights of two runs each, those of ``PARTS`` lower by ``drop``."""
    told = EMPTY
    for day in range(begin, begin + count):
        night = f'2031-04-{day:02d}'
        found = runs(range(1000 * day, 1000 * day + 2), drops={PARTS: drop})
        cells = {
            cell: CellHistory(item.metric, (), {night: item.values}, {night: 'fine'})
            for cell, item in found.items()
        }
        told = told.with_night(night, cells)
    return told


class TestHistory:
    def test_a_lasting_small_shift_is_drift(self) -> None:
        tonight = runs(range(100, 102), drops={PARTS: 0.7})
        past = history(20)
        for day in range(21, 29):
            night = f'2031-04-{day:02d}'
            found = runs(range(1000 * day, 1000 * day + 2), drops={PARTS: 0.7})
            past = past.with_night(
                night, {c: CellHistory(r.metric, (), {night: r.values}) for c, r in found.items()}
            )
        assert verdict(judged(tonight), PARTS) is not Verdict.DRIFT
        found = judged(tonight, history=past)
        assert verdict(found, PARTS) in (Verdict.DRIFT, Verdict.REGRESSION)
        assert found.exit_code == REGRESSED

    def test_nights_from_this_one_on_are_not_history(self) -> None:
        later = EMPTY.with_night(
            NIGHT, {PARTS: CellHistory(BASELINE[PARTS].metric, (), {NIGHT: (1.0, 2.0)})}
        )
        tonight = runs(range(100, 102))
        assert judged(tonight, history=later).results == judged(tonight).results

    def test_a_comparison_is_told_to_the_history(self) -> None:
        comparison = judged(runs(range(100, 102)))
        told = add_night(EMPTY, comparison)
        assert told.nights == (NIGHT,)
        assert told.cells[PARTS].baseline == BASELINE[PARTS].values
        assert set(told.cells[PARTS].verdicts) == {NIGHT}
        again = add_night(told, comparison)
        assert again == told


class TestAccepted:
    SHIFT = Shift('parts', 'vit-s-*', '*', '2031-04-03', 'crops are larger')

    def test_the_level_since_then_is_the_new_baseline(self) -> None:
        lower = runs(range(100, 102), drops={PARTS: 3.0})
        past = history(12, drop=3.0)
        assert verdict(judged(lower, history=past), PARTS) is Verdict.REGRESSION
        found = judged(lower, history=past, accepted=(self.SHIFT,))
        assert verdict(found, PARTS) in (Verdict.FINE, Verdict.SUSPICIOUS)
        back = runs(range(200, 204), drops={PARTS: 5.5})
        worse = judged(back, history=past, accepted=(self.SHIFT,))
        assert verdict(worse, PARTS) is Verdict.REGRESSION

    def test_until_there_are_enough_runs_the_cell_is_accepted(self) -> None:
        found = judged(runs(range(100, 102), drops={PARTS: 3.0}), accepted=(self.SHIFT,))
        assert verdict(found, PARTS) is Verdict.ACCEPTED
        (reason,) = (result.reason for result in found.results if result.cell == PARTS)
        assert '0 of 4 runs' in reason
        assert 'crops are larger' in reason
        assert found.exit_code == FINE

    def test_other_cells_are_judged_as_ever(self) -> None:
        lower = runs(range(100, 106), drops={DEPTH: -3.0})
        assert judged(lower, accepted=(self.SHIFT,)).exit_code == REGRESSED

    def test_one_of_a_later_night_does_not_apply_yet(self) -> None:
        lower, past = runs(range(100, 106), drops={PARTS: 3.0}), history(12)
        assert judged(lower, history=past).exit_code == REGRESSED
        found = judged(lower, history=past, accepted=(self.SHIFT._replace(since='2099-01-01'),))
        assert verdict(found, PARTS) is Verdict.REGRESSION
        (note,) = found.notes
        assert note.startswith('the accepted shift of 2099-01-01 (crops are larger) does not apply')

    def test_one_that_matches_nothing_is_told(self) -> None:
        shift = self.SHIFT._replace(task='prats')
        (note,) = judged(runs(range(100, 102)), accepted=(shift,)).notes
        assert 'matches no cell' in note


def test_what_differs_from_the_baseline_is_told_with_its_count() -> None:
    old = [replace(r, config={'optimizer': {'lr': 0.1}}) for r in records(range(3))]
    new = [
        replace(
            r,
            config={'optimizer': {'lr': 0.2}, 'randomness': {'seed': r.spec.seed}},
            provenance={**r.provenance, 'libraries': {'torch': '9.9'}},
        )
        for r in records(range(100, 102))
    ]
    found = judged(gather(new), baseline=gather(old))
    assert dict(found.changes) == {
        'config.optimizer.lr: 0.1 → 0.2': 6,
        'libraries.torch: (absent) → 9.9': 6,
    }


class TestCosts:
    def slowed(self, factor: float, **cost: Any) -> Comparison:
        tonight = [
            replace(
                r,
                cost={**r.cost, 'train_seconds': r.cost['train_seconds'] * factor, **cost}
                if r.spec.cell == PARTS
                else r.cost,
            )
            for r in records(range(100, 102))
        ]
        return judged(gather(tonight))

    def test_a_slow_cell_alarms(self) -> None:
        found = self.slowed(2.0)
        (alarm,) = found.cost_alarms
        assert (alarm.cell, alarm.title) == (PARTS, 'time')
        assert alarm.ratio == pytest.approx(21 / 11, rel=0.1)
        assert found.exit_code == REGRESSED

    def test_a_little_slower_does_not(self) -> None:
        assert self.slowed(1.3).cost_alarms == ()

    def test_nothing_is_said_across_devices(self) -> None:
        found = self.slowed(9.0, processor='another')
        assert PARTS not in {cost.cell for cost in found.costs}
        assert found.cost_alarms == ()

    def test_memory_too(self) -> None:
        (alarm,) = self.slowed(1.0, peak_memory_mb=900).cost_alarms
        assert (alarm.title, alarm.ratio) == ('memory', pytest.approx(1.8))

    def test_a_resumed_training_has_no_time(self) -> None:
        assert self.slowed(9.0, resumed_at=5).cost_alarms == ()
