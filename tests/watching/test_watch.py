"""Every complete checkpoint is evaluated once, whatever is killed, damaged or taken away."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

import transferbench as tb
from benchmark.errors import BenchmarkError, DeclarationError
from benchmark.execution.locking import exclusive
from benchmark.launching.executors.inline import InlineExecutor
from benchmark.results.store import ResultStore
from benchmark.watching.evaluating import Evaluation, Evaluator
from benchmark.watching.ledger import Entry, Ledger, Score, State, band_of, best_first
from benchmark.watching.watch import LEDGER, Watch, Watching, watch
from benchmark.watching.writing import (
    CURVES,
    HEALTH,
    PAGE,
    SCORES,
    agreement,
    agreement_lines,
    curves_csv,
    page,
)
from tests.support.trackers import Noting
from tests.watching.conftest import TASK, arch

Evaluating = tuple[Evaluator, list[str]]
Save = Callable[..., Path]


def watched(evaluator: Evaluator, folder: Path, **options: Any) -> Ledger:
    options = {'once': True, 'interval': 0.0, **options}
    watching = Watching(folder=folder, arch=arch(folder.parent), **options)
    return watch(watching, evaluator, executor=InlineExecutor('cpu'))


class Counting(Evaluator):
    """Counts evaluations in place of making them; a step's score is the step."""

    def check(self, *args: Any, **named: Any) -> None:
        """Find nothing wrong."""

    def evaluate(self, backbone: Any, executor: Any, *, is_test: bool = False) -> Evaluation:
        """Return a score that says which step it is of."""
        step = int(backbone.title.removeprefix('step '))
        self.say(f'evaluated {step}{" test" if is_test else ""}')
        score = Score(TASK, 'knn', 0, 'accuracy', 'percent', True, float(step % 70))
        return Evaluation(backbone.id, (score,), ())


@pytest.fixture
def counting(evaluator: Evaluating) -> Evaluating:
    made, lines = evaluator
    return Counting(**vars(made)), lines


def evaluated(lines: list[str]) -> list[str]:
    return [line.removeprefix('evaluated ') for line in lines if line.startswith('evaluated')]


def test_checkpoints_get_the_scores_that_they_have_by_themselves(
    evaluator: Evaluating, save: Save, tmp_path: Path, tiny_data: Path
) -> None:
    """On the validation split; the damaged one is named once, and the test split untouched."""
    made, lines = evaluator
    for step in (1, 2, 3):
        save(step)
    whole = save(4).read_bytes()
    (tmp_path / 'run' / 'step_4.pth').write_bytes(whole[: len(whole) // 2])
    ledger = watched(made, tmp_path / 'run')
    assert [entry.step for entry in ledger.having(State.EVALUATED)] == [1, 2, 3]
    (damaged,) = ledger.having(State.UNREADABLE)
    assert damaged.step == 4
    assert 'step_4.pth: not a readable weights file, perhaps truncated' in damaged.reason
    assert sum('step_4' in line for line in lines) == 1

    store = ResultStore(tmp_path / 'out' / 'results', tmp_path / 'out' / 'work')
    assert store.suites() == ('quick-val',)
    records = list(store.records('quick-val'))
    assert len(records) == 3
    assert all('val' in json.dumps(r.config['test_dataloader']) for r in records)
    fresh = replace(made, out=tmp_path / 'alone')
    with InlineExecutor('cpu') as executor:
        alone = fresh.evaluate(f'{arch(tmp_path)}@{tmp_path / "run" / "step_2.pth"}', executor)
    two = ledger.having(State.EVALUATED)[1]
    assert two.scores == alone.scores
    assert two.health == alone.health
    assert two.health['rank_me'] > 1
    for score in (entry.scores[0] for entry in ledger.having(State.EVALUATED)):
        share, count = score.value / 100, 8  # one validation picture of each class
        assert score.examples == count
        assert score.example_error == pytest.approx(
            100 * (share * (1 - share) / (count - 1)) ** 0.5
        )
    assert two.health['attention_entropy'] is None

    rows = list(csv.DictReader((tmp_path / 'out' / SCORES).read_text().splitlines()))
    assert [(row['step'], float(row['value'])) for row in rows] == [
        (str(entry.step), entry.scores[0].value) for entry in ledger.having(State.EVALUATED)
    ]
    written = (tmp_path / 'out' / PAGE).read_text()
    assert '<svg' in written
    why = 'since there is one seed or seeds change nothing'
    assert f'Over 8 validation examples, {why}: {TASK} knn.' in written
    assert 'step_4.pth' in written
    assert len((tmp_path / 'out' / HEALTH).read_text().splitlines()) == 4

    before = len(lines)
    again = watched(made, tmp_path / 'run')
    assert again.entries == ledger.entries
    assert lines[before:] == []
    assert not list((tmp_path / 'out' / 'checkpoints').iterdir())


def test_workers_find_the_scores_that_this_process_finds(
    evaluator: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, _ = evaluator
    save(1)
    here = watched(made, tmp_path / 'run').entries
    watching = Watching(folder=tmp_path / 'run', arch=arch(tmp_path), once=True, interval=0)
    elsewhere = replace(made, out=tmp_path / 'elsewhere')
    there = watch(watching, elsewhere, executor='local', device='cpu', jobs=1).entries
    assert [entry.scores for entry in there] == [entry.scores for entry in here]
    assert [entry.health for entry in there] == [entry.health for entry in here]


def test_each_is_evaluated_once_in_order_and_new_ones_are_found(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, lines = counting
    save(20), save(10)
    watched(made, tmp_path / 'run')
    save(30)
    watched(made, tmp_path / 'run')
    watched(made, tmp_path / 'run')
    assert evaluated(lines) == ['10', '20', '30']


def test_a_tracker_gets_each_checkpoint_once_in_one_run(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    """Also where the watch is started again; at the end the tables, and the test's score."""
    made, lines = counting
    trackers = [Noting(), Noting()]
    for tracker, steps in zip(trackers, ([20, 10], [30]), strict=True):
        for step in steps:
            save(step)
        watching = Watching(folder=tmp_path / 'run', arch=arch(tmp_path), once=True, interval=0,
                            final_test='last' if steps == [30] else '')  # fmt: skip
        watch(watching, made, executor=InlineExecutor('cpu'), track=[tracker])
    assert lines[0] == 'tracked by Noting: nowhere'
    runs = [tracker.runs[0] for tracker in trackers]
    name = f'val/{TASK}/knn/accuracy'
    assert [run.points for run in runs] == [
        [(10, {name: 10.0}), (20, {name: 20.0})],
        [(30, {name: 30.0}), (30, {name: 30.0})],
    ]
    assert runs[1].known == runs[0].id
    assert runs[1].files == [SCORES, CURVES, HEALTH]


def test_a_tracker_gets_the_losses_of_cells_that_train_and_no_run_of_others(
    evaluator: Evaluating, save: Save, net: ModuleType, tmp_path: Path
) -> None:
    """The same from a watched folder and from inside a loop."""
    path = save(1)
    options = {'train_cfg.max_iters': 3, 'train_dataloader.batch_size': 4}
    trackers = [Noting(), Noting()]
    made = replace(
        evaluator[0],
        protocols=['knn', 'frozen'],
        options={**evaluator[0].options, 'options': options},
    )
    watching = Watching(folder=path.parent, arch=arch(tmp_path), once=True, interval=0)
    (entry,) = watch(watching, made, executor=InlineExecutor('cpu'), track=[trackers[0]]).entries
    watcher = tb.Watcher(
        arch(tmp_path), suite='quick', tasks=[TASK], seeds=[0], protocols=['knn', 'frozen'],
        out=tmp_path / 'callback', data_root=made.options['data_root'], device='cpu',
        options=options, track=[trackers[1]], say=lambda line: None,
    )  # fmt: skip
    torch.manual_seed(1)
    watcher(net.Net(), 1)
    scores = {score.protocol: score.value for score in entry.scores}
    for tracker in trackers:
        runs = {s.name: run for s, run in zip(tracker.subjects, tracker.runs, strict=True)}
        cell = runs.pop(f'{TASK} step 1 frozen seed 0')
        (over_steps,) = runs.values()
        losses = [step for step, values in cell.points if 'train/loss' in values]
        assert losses == sorted(set(losses))
        assert losses[-1] == 3
        assert cell.points[-1][1]['score/accuracy'] == scores['frozen']
        assert cell.ends == ['finished']
        step, values = over_steps.points[0]
        assert step == 1
        assert {name: values[f'val/{TASK}/{name}/accuracy'] for name in scores} == scores


def test_one_that_was_taken_in_is_evaluated_after_a_kill_though_its_file_is_gone(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, lines = counting
    paths = [save(step) for step in (1, 2, 3)]
    watching = Watching(folder=tmp_path / 'run', arch=arch(tmp_path), once=True)

    class Killed(BaseException):
        pass

    def kill(*args: Any, **named: Any) -> Any:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Counting, 'evaluate', kill)
        with pytest.raises(Killed):
            Watch(watching, made, InlineExecutor('cpu'), pause=lambda s: None).run()
    for path in paths[:2]:  # whoever trains keeps the last one alone
        path.unlink()
    watched(made, tmp_path / 'run')
    assert evaluated(lines) == ['1', '2', '3']


class Failing(Counting):
    """Its cells fail."""

    def evaluate(self, backbone: Any, executor: Any, *, is_test: bool = False) -> Evaluation:
        """Return no score and an error."""
        super().evaluate(backbone, executor)
        return Evaluation(backbone.id, (), ('a worker was lost',))


def test_cells_that_failed_are_tried_again_by_the_next_watch_where_the_file_is_there(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, lines = counting
    paths = [save(step) for step in (1, 2, 3)]
    watched(Failing(**vars(made)), tmp_path / 'run')
    assert evaluated(lines) == ['1', '2', '3']
    assert '3 checkpoints' in (tmp_path / 'out' / PAGE).read_text()
    paths[0].unlink()
    save(2, seed=20)  # another checkpoint of the same step
    del lines[:]
    for _ in range(2):
        ledger = watched(made, tmp_path / 'run')
        assert sorted(evaluated(lines)) == ['2', '3']
    assert [(e.step, bool(e.errors), bool(e.scores)) for e in ledger.entries] == [
        (1, True, False), (2, True, False), (2, False, True), (3, False, True)
    ]  # fmt: skip
    assert lines[0] == 'step 3: cells that failed are tried again'
    assert not list((tmp_path / 'out' / 'checkpoints').iterdir())


def test_a_half_written_one_waits_until_it_is_whole(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, lines = counting
    path = save(5)
    content = path.read_bytes()
    path.write_bytes(content[:100])
    done = tmp_path / 'done'
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        """Write more of the file at each pause; say that it is over at last."""
        pauses.append(seconds)
        if len(pauses) <= 4:
            path.write_bytes(content[: 100 + len(pauses) * len(content) // 4])
            assert not evaluated(lines)
        if len(pauses) == 5:
            done.touch()
        assert len(pauses) < 20, 'it does not end'

    watching = Watching(folder=tmp_path / 'run', arch=arch(tmp_path), until=done, interval=3)
    run = Watch(watching, made, InlineExecutor('cpu'), pause=pause)
    run.run()
    assert set(pauses) == {3}
    assert evaluated(lines) == ['5']
    assert run.ledger.having(State.UNREADABLE, State.SKIPPED) == []


def test_the_newest_come_first_and_those_beyond_the_lag_are_skipped(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, lines = counting
    for step in (10, 15, 20, 30, 40):
        save(step)
    ledger = watched(made, tmp_path / 'run', newest_first=True, max_lag=2, every=10)
    assert evaluated(lines) == ['40', '30']
    assert [entry.step for entry in ledger.having(State.SKIPPED)] == [10, 20]
    watched(made, tmp_path / 'run', newest_first=True, max_lag=2, every=10)
    assert evaluated(lines) == ['40', '30']


def test_the_best_are_kept_and_tested_once_at_the_end(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    """Step 69 has the highest score, then 50; 71 is the last."""
    made, lines = counting
    paths = {step: save(step) for step in (50, 69, 71)}
    for _ in range(2):
        ledger = watched(made, tmp_path / 'run', keep_best=2, final_test='best')
    assert evaluated(lines) == ['50', '69', '71', '69 test']
    assert ledger.final is not None
    assert ledger.final.step == 69
    kept = {entry.step: Path(entry.held) for entry in ledger.entries if entry.held}
    assert kept.keys() == {50, 69}
    assert all(kept[step].read_bytes() == paths[step].read_bytes() for step in kept)


def test_the_test_split_is_scored_for_a_final_test_alone(
    evaluator: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, _ = evaluator
    save(1)
    ledger = watched(made, tmp_path / 'run', final_test='last')
    assert ledger.final is not None
    assert {score.split for score in ledger.final.scores} == {'test'}
    store = ResultStore(tmp_path / 'out' / 'results', tmp_path / 'out' / 'work')
    assert {suite: len(list(store.records(suite))) for suite in store.suites()} == {
        'quick': 1,
        'quick-val': 1,
    }


def test_a_file_that_is_written_over_is_another_checkpoint(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, lines = counting
    for step in (1, 2):
        save(step).replace(tmp_path / 'run' / 'last.pth')
        watched(made, tmp_path / 'run', step_key='step')
    assert evaluated(lines) == ['1', '2']


def test_one_without_a_step_is_named_and_left_alone(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, lines = counting
    save(1).rename(tmp_path / 'run' / 'last.pth')
    watched(made, tmp_path / 'run')
    assert lines == [
        f'{tmp_path / "run" / "last.pth"}: its name contains no step; '
        'read it from the file with --step-key KEY'
    ]


def test_a_watch_has_its_results_for_itself(
    counting: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, _ = counting
    save(1)
    watched(made, tmp_path / 'run')
    with pytest.raises(DeclarationError, match=r'other settings \(seeds is \[0\] there'):
        watched(replace(made, seeds=[1]), tmp_path / 'run')
    with (
        exclusive(tmp_path / 'out'),
        pytest.raises(BenchmarkError, match='is being run by another process'),
    ):
        watched(made, tmp_path / 'run')
    with pytest.raises(DeclarationError, match='is inside the watched folder'):
        watched(replace(made, out=tmp_path / 'run' / 'out'), tmp_path / 'run')
    (tmp_path / 'out' / LEDGER).write_text('{')
    with pytest.raises(BenchmarkError, match='move it away to start anew'):
        watched(made, tmp_path / 'run')


def test_what_is_wrong_with_the_request_is_said_before_any_checkpoint_is_there(
    evaluator: Evaluating, save: Save, tmp_path: Path
) -> None:
    made, _ = evaluator
    save(1).unlink()
    with pytest.raises(BenchmarkError, match=r"unknown task '.*' of suite 'quick'"):
        watched(replace(made, tasks=['no-such']), tmp_path / 'run')
    watching = Watching(folder=tmp_path / 'run', once=True)
    with pytest.raises(DeclarationError, match=r'--arch is needed: .* holds no architecture.py'):
        watch(watching, made, executor=InlineExecutor('cpu'))


def entry(step: int, rank: float | None, *values: float) -> Entry:
    scores = tuple(
        Score(f'task{i}', 'knn', 0, 'rmse' if i else 'accuracy', 'none', not i, value)
        for i, value in enumerate(values)
    )
    return Entry(step, str(step), '', '', scores=scores, health={'rank_me': rank})


def of_seeds(*values: float, **more: Any) -> Entry:
    scores = tuple(
        Score(TASK, 'frozen', seed, 'accuracy', 'percent', True, value, 'val', **more)
        for seed, value in enumerate(values)
    )
    return Entry(1, '1', '', '', scores=scores)


def test_a_band_is_a_t_interval_over_seeds_else_over_examples_else_there_is_none() -> None:
    column = (TASK, 'frozen')
    values = (40.0, 46.0, 43.0)
    known = {'example_error': 2.0, 'examples': 11}

    def expect(entry: Entry, mean: float, low: float, high: float, over: str, count: int) -> None:
        found = band_of(entry, column)
        assert found is not None
        assert found[:3] == pytest.approx((mean, low, high))
        assert found[3:] == (over, count)

    over_seeds = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    over_examples = stats.t.interval(0.95, 10, 40.0, 2.0)
    expect(of_seeds(*values, **known), 43.0, *over_seeds, 'seeds', 3)
    expect(of_seeds(40.0, **known), 40.0, *over_examples, 'examples', 11)
    expect(of_seeds(40.0, 40.0, **known), 40.0, *over_examples, 'examples', 11)
    assert band_of(of_seeds(40.0), column) == (40.0, None, None, '', 1)
    assert band_of(of_seeds(40.0, 40.0), column) == (40.0, None, None, '', 2)
    assert band_of(of_seeds(), column) is None


def test_the_page_says_what_each_band_covers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / 'l.json', {})
    entries = [of_seeds(40.0, 46.0, 43.0), of_seeds(40.0, 46.0), of_seeds(40.0)]
    ledger.put(*(replace(e, step=n, state=State.EVALUATED) for n, e in enumerate(entries)))
    said = page(ledger)
    assert f'Over 2 to 3 seeds, by Student&#x27;s t: {TASK} frozen.' in said
    assert f'outcomes of several examples are known: {TASK} frozen.' in said
    rows = [line.split(',') for line in curves_csv(ledger.entries).splitlines()]
    assert rows[0] == ['step', 'task', 'protocol', 'mean', 'low', 'high', 'over', 'count']
    assert [row[3:4] + row[6:] for row in rows[1:]] == [
        ['43.0', 'seeds', '3'], ['43.0', 'seeds', '2'], ['40.0', '', '1']
    ]  # fmt: skip
    assert rows[3][4:6] == ['', '']


def test_the_best_has_the_lowest_mean_rank_whatever_the_direction() -> None:
    """The second task's score is an error: lower is better."""
    found = best_first([entry(1, 1, 50, 0.5), entry(2, 1, 60, 0.4), entry(3, 1, 70, 0.3),
                        entry(4, 1, 90)])  # fmt: skip
    assert [e.step for e in found] == [3, 2, 1, 4]


def test_the_agreement_of_health_and_scores_is_turned_to_higher_is_better(tmp_path: Path) -> None:
    entries = [entry(step, float(step), 10.0 * step, 1.0 / step) for step in (1, 2, 3, 4)]
    assert agreement(entries) == {'rank_me': {'task0 knn': 1.0, 'task1 knn': 1.0}}
    assert agreement([*entries[:2], entry(3, None, 1.0, 1.0)]) == {}
    ledger = Ledger(tmp_path / 'l.json', {})
    ledger.put(*(replace(e, state=State.EVALUATED) for e in entries))
    assert agreement_lines(ledger) == [
        'rank_me agrees with task0 knn +1.00, task1 knn +1.00 (Kendall tau over 4 checkpoints)'
    ]
