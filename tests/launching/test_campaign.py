"""A campaign with a pool that answers at once, without torch."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from benchmark.catalog import find_backbone, find_task
from benchmark.errors import BenchmarkError, CheckpointError, DataError, RecordError
from benchmark.kinds.detection.kind import METRICS
from benchmark.launching import Job, Reply
from benchmark.launching.campaign import Campaign
from benchmark.launching.features import features_from, inspect_all
from benchmark.planning import Cell, Plan, Request
from benchmark.report import render_report
from benchmark.results.checkpoints import draft_of, keep
from benchmark.results.gathered import Kept, Records
from benchmark.results.leases import Owner, take
from benchmark.results.recording import canonical_scores
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import ResultStore
from benchmark.specs import CheckResult
from tests.support.declarations import Declarations

FEATURES: dict[str, Any] = {
    'architecture': 'plain-vit',
    'channels': [192],
    'strides': [16],
    'mean': [127.5] * 3,
    'std': [127.5] * 3,
    'parameters': 10,
    'depth': 3,
}
OUTCOME: dict[str, Any] = {
    'error': '',
    'raw': {'mIoU': 40.0, 'mAcc': 50.0, 'aAcc': 60.0},
    'proof': {'loaded': 1, 'backbone_changed': True},
    'cost': {'train_seconds': 1.0, 'test_seconds': 0.5},
    'curves': {'iteration': [1.0], 'loss': [2.0]},
    'pictures': ['a.png'],
}

Answer = Callable[[Job], dict[str, Any]]


BROKEN = CheckResult('train labels', False, 'a.png: label 7')._asdict()
ODD = CheckResult('test size', True, '5 samples, declared 6', is_warning=True)._asdict()


class FakePool:
    """Answers inspections with ``FEATURES`` and runs by ``answer``; keeps what it was asked."""

    device = 'cpu'
    weights: str | None = None

    def __init__(self, answer: Answer = lambda job: OUTCOME) -> None:
        self.answer = answer
        self.asked: list[Job] = []
        self.findings: list[dict[str, Any]] = []

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        for job in jobs:
            self.asked.append(job)
            always = {
                'inspect': {
                    'error': '',
                    'features': FEATURES,
                    'weights': self.weights,
                    'flops': 1000.0,
                },
                'check': {'error': '', 'findings': self.findings, 'sizes': {}},
            }
            answer = always.get(job.request['job']) or self.answer(job)
            yield Reply(job, answer, datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))

    def names(self, kind: str) -> list[str]:
        return [job.name for job in self.asked if job.request['job'] == kind]


@pytest.fixture
def world(declare: Declarations) -> Declarations:
    declare.task()
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')
    return declare


def campaign(world: Declarations, *, suite: dict[str, Any] | None = None, **more: Any) -> Campaign:
    path = world.suite(**{'seeds': (0, 1), **(suite or {})})
    store = ResultStore(world.folder / 'results', world.folder / 'work')
    return Campaign(Request.read(str(path)), store, world.folder / 'data', **more)


def places(made: Campaign, cells: Iterable[Cell]) -> list[Path]:
    return [made.store.record_path('tiny', cell.spec, cell.fingerprint) for cell in cells]


def go(made: Campaign, pool: FakePool) -> tuple[Plan, Records]:
    plan = made.prepare(pool)
    return plan, made.run(pool, plan)


def records(made: Campaign) -> list[RunRecord]:
    return list(made.store.records('tiny'))


class TestLookingAtData:
    def test_cells_of_a_task_whose_data_cannot_be_used_fail_and_others_run(
        self, world: Declarations
    ) -> None:
        world.task({'root': 'other'}, name='other')
        (world.folder / 'data/other').mkdir()
        (world.folder / 'data/other/train.txt').write_text('x')
        made = campaign(world, suite={'tasks': ('small.py', 'other.py'), 'seeds': (0,)})

        class Pool(FakePool):
            def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
                for job in jobs:
                    self.findings = [BROKEN] if job.name == 'other' else []
                    yield from super().run([job])

        _, found = go(made, Pool())
        outcomes = {record.spec.task: record.error for record in found}
        assert outcomes == {'other': 'train labels: a.png: label 7', 'small': ''}

    def test_a_worker_that_is_lost_while_it_looks_costs_nothing(
        self, world: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr('benchmark.launching.retries.time.sleep', lambda seconds: None)
        lost: list[str] = []

        class Pool(FakePool):
            def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
                for job in jobs:
                    kind = job.request['job']
                    assert job.stall
                    if kind in ('inspect', 'check') and lost.count(kind) < 2:
                        lost.append(kind)
                        answer = {'error': 'the worker was killed', 'lost': True}
                        yield Reply(job, answer, datetime.now(UTC))
                    else:
                        yield from super().run([job])

        _, found = go(campaign(world), Pool())
        assert lost == ['inspect', 'inspect', 'check', 'check']
        assert [record.is_ok for record in found] == [True, True]

    def test_with_nothing_left_to_run_the_request_is_refused(self, world: Declarations) -> None:
        made, pool = campaign(world), FakePool()
        pool.findings = [BROKEN]
        with pytest.raises(DataError, match=r"task 'small': train labels: a\.png: label 7"):
            go(made, pool)
        assert not records(made)
        assert not pool.names('execute')

    def test_what_is_odd_is_said_once_and_stands_in_the_records(self, world: Declarations) -> None:
        lines: list[str] = []
        made, pool = campaign(world, say=lines.append), FakePool()
        pool.findings = [ODD]
        _, found = go(made, pool)
        assert lines[0] == "WARNING task 'small': test size: 5 samples, declared 6"
        warnings = [record.provenance['data_warnings'] for record in found]
        assert warnings == [['test size: 5 samples, declared 6']] * 2

    def test_data_that_stay_the_same_are_looked_at_once(self, world: Declarations) -> None:
        go(campaign(world, suite={'seeds': (0,)}), FakePool())
        again = FakePool()
        go(campaign(world, suite={'seeds': (1,)}), again)
        assert not again.names('check')
        (world.folder / 'data/small/train.txt').write_text('xy')
        go(campaign(world, suite={'seeds': (2,)}), again)
        assert again.names('check') == ['small']


class TestRunning:
    def test_each_cell_is_recorded_as_it_ends(self, world: Declarations) -> None:
        lines: list[str] = []
        made = campaign(world, say=lines.append)
        seen: list[int] = []

        def answer(job: Job) -> dict[str, Any]:
            seen.append(len(records(made)))
            return OUTCOME

        plan, found = go(made, FakePool(answer))
        assert (len(plan.to_do), len(plan.done), len(found)) == (2, 0, 2)
        assert seen == [0, 1]
        assert {r.to_json() for r in records(made)} == {r.to_json() for r in found}
        assert [line[:6] for line in lines] == ['[1/2] ', '[2/2] ']
        assert 'mIoU 40.00' in lines[0]

    def test_checkpoints_stay_until_the_record_is_safe(
        self, world: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = campaign(world, suite={'seeds': (0,)})

        def answer(job: Job) -> dict[str, Any]:
            folder = Path(job.request['folder'])
            folder.mkdir(parents=True, exist_ok=True)
            draft_of(folder).write_bytes(b'all that was learned')
            keep(folder, 4)
            return OUTCOME

        def full(*_: object) -> None:
            raise RecordError('results: cannot be written (No space left on device)')

        with monkeypatch.context() as patch:
            patch.setattr(ResultStore, 'save_once', full)
            _, (lost,) = go(made, FakePool(answer))
        assert (lost.is_ok, 'No space left' in lost.error) == (False, True)
        left = list(made.store.work.rglob('iter_4-*.pth'))
        assert len(left) == 1
        _, (record,) = go(made, FakePool(answer))
        assert record.is_ok
        assert not list(made.store.work.rglob('iter_*'))

    @pytest.mark.parametrize(
        ('busy', 'line'),
        [
            ((0,), '1 cell is being run by another process'),
            ((0, 1), '2 cells are being run by another process'),
        ],
    )
    def test_a_cell_that_another_process_runs_leaves_no_record(
        self, world: Declarations, busy: tuple[int, ...], line: str
    ) -> None:
        lines: list[str] = []
        made = campaign(world, say=lines.append)

        def answer(job: Job) -> dict[str, Any]:
            taken = job.request['config']['randomness']['seed'] in busy
            refusal = {'error': 'folder: is being run', 'user_error': True, 'busy': True}
            return refusal if taken else OUTCOME

        _, found = go(made, FakePool(answer))
        assert len(found) == len(records(made)) == 2 - len(busy)
        assert all(record.is_ok for record in records(made))
        assert lines[-1] == line
        assert len(made.prepare(FakePool()).to_do) == len(busy)

    def test_a_busy_cell_is_asked_for_again_at_the_end(self, world: Declarations) -> None:
        made = campaign(world)
        pool = FakePool()

        def answer(job: Job) -> dict[str, Any]:
            is_first = len(pool.names('train')) == 1
            refusal = {'error': 'folder: is being run', 'user_error': True, 'busy': True}
            return refusal if is_first else OUTCOME

        pool.answer = answer
        plan, found = go(made, pool)
        first, second = (cell.spec.id for cell in plan.to_do)
        assert pool.names('train') == [first, second, first]
        assert [record.spec.id for record in found] == [second, first]

    @pytest.mark.parametrize(('losses', 'tries'), [(1, 2), (2, 3), (3, 3)])
    def test_a_cell_whose_worker_was_lost_is_tried_again_twice(
        self, world: Declarations, losses: int, tries: int
    ) -> None:
        lines: list[str] = []
        made = campaign(world, suite={'seeds': (0,)}, say=lines.append, pauses=(0.0, 0.01))
        pool = FakePool()

        def answer(job: Job) -> dict[str, Any]:
            is_lost = len(pool.names('train')) <= losses
            return {'error': 'the host is gone', 'lost': True} if is_lost else OUTCOME

        pool.answer = answer
        _, (record,) = go(made, pool)
        assert len(pool.names('train')) == tries
        assert record.is_ok is (losses < 3)
        assert record.provenance['lost'] == ['the host is gone'] * losses
        assert sum('trying again' in line for line in lines) == min(losses, 2)

    @pytest.mark.parametrize('more', [{}, {'user_error': True}, {'died': True}])
    def test_a_wrong_request_or_a_fault_is_not_tried_again(
        self, world: Declarations, more: dict[str, Any]
    ) -> None:
        pool = FakePool(lambda job: {'error': 'it cannot work', **more})
        _, (record,) = go(campaign(world, suite={'seeds': (0,)}), pool)
        assert not record.is_ok
        assert len(pool.names('train')) == 1
        assert 'lost' not in record.provenance

    def test_a_failure_does_not_replace_what_another_process_runs_now(
        self, world: Declarations
    ) -> None:
        """It failed, and another process took the cell before that was written down."""
        made = campaign(world, suite={'seeds': (0,)})
        lease: list[Any] = []

        def answer(job: Job) -> dict[str, Any]:
            if not lease:
                folder = Path(job.request['folder'])
                folder.mkdir(parents=True, exist_ok=True)
                lease.append(take(folder))
            return {'error': 'it cannot work'}

        try:
            _, found = go(made, FakePool(answer))
        finally:
            lease[0].release()
        assert found == []
        assert records(made) == []

    def test_a_record_says_where_its_log_lies_in_the_work_folder(self, world: Declarations) -> None:
        made = campaign(world, suite={'seeds': (0,)})
        pool = FakePool()
        _, (record,) = go(made, pool)
        (log,) = (job.log for job in pool.asked if job.request['job'] == 'train')
        assert (made.store.work / record.provenance['log']).resolve() == log

    def test_every_cell_is_given_a_time_without_progress(self, world: Declarations) -> None:
        found = []
        for seed, stall in enumerate((None, 60.0)):
            pool = FakePool()
            go(campaign(world, suite={'seeds': (seed,)}, stall=stall), pool)
            found += [job.stall for job in pool.asked if job.request['job'] == 'train']
        usual, given = found
        assert usual is not None
        assert usual >= 1800
        assert given == 60

    def test_a_campaign_that_waits_takes_over_what_others_leave(
        self, world: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another host took a cell and gives no sign of life any more."""
        monkeypatch.setenv('TBENCH_LEASE', '0.5')
        made = campaign(world, suite={'seeds': (0,)}, waits=True)
        pool = FakePool()
        cell = made.prepare(pool).to_do[0]
        folder = made.store.work_folder('tiny', cell.spec, cell.fingerprint)
        folder.mkdir(parents=True)
        lease = take(folder)
        lease._ended.set()
        path = folder / 'lease.000001'
        system = json.dumps(Owner.here().system)
        path.write_text(path.read_text().replace(system, '"another"'))
        _, (record,) = go(made, pool)
        assert record.is_ok
        (job,) = (job for job in pool.asked if job.request['job'] == 'train')
        assert job.request['expired'] == [1, '000000000000 held']
        lease.release()

    def test_what_another_process_has_done_meanwhile_is_taken(self, world: Declarations) -> None:
        lines: list[str] = []
        made = campaign(world, suite={'seeds': (0,)}, say=lines.append)

        def answer(job: Job) -> dict[str, Any]:
            go(campaign(world, suite={'seeds': (0,)}), FakePool())
            return {'error': '', 'done': True}

        plan, found = go(made, FakePool(answer))
        assert found == []
        assert lines[-1] == f'{plan.to_do[0].spec.id}: done by another process in the meantime'
        assert made.good_record(plan.to_do[0]) is not None

    def test_a_record_that_cannot_be_written_ends_no_other_cell(
        self, world: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = campaign(world)
        save = ResultStore.save

        def full(store: ResultStore, record: RunRecord) -> Path:
            if record.spec.seed == 0:
                raise RecordError('results: cannot be written (No space left on device)')
            return save(store, record)

        monkeypatch.setattr(ResultStore, 'save_once', full)
        _, found = go(made, FakePool())
        assert [(record.spec.seed, record.is_ok) for record in found] == [(0, False), (1, True)]
        assert [record.spec.seed for record in records(made)] == [1]

    def test_a_record_holds_what_was_measured_and_where_it_came_from(
        self, world: Declarations
    ) -> None:
        made = campaign(world, suite={'seeds': (3,)})
        plan, (record,) = go(made, FakePool())
        assert record.is_ok
        assert record.suite == 'tiny'
        assert (record.spec.task, record.spec.seed) == ('small', 3)
        assert record.scores == {'mIoU': 40.0, 'mAcc': 50.0}
        assert record.backbone['flops'] == 1000 * 224**2
        assert record.raw == OUTCOME['raw']
        assert record.curves == OUTCOME['curves']
        assert record.pictures == ('a.png',)
        assert record.proof == {**OUTCOME['proof'], 'weights_sha256': None}
        assert record.provenance['started'] == '2030-01-02T03:04:05+00:00'
        assert record.provenance['data_manifest'] == plan.to_do[0].manifest
        assert record.fingerprint == plan.to_do[0].fingerprint
        assert str(world.folder) not in record.to_json()

    def test_a_worker_gets_local_paths(self, world: Declarations) -> None:
        made = campaign(world, suite={'seeds': (0,)})
        pool = FakePool()
        plan, _ = go(made, pool)
        request = pool.asked[-1].request
        folder = Path(request['folder'])
        assert folder.is_absolute()
        assert folder == made.store.work_folder(
            'tiny', plan.to_do[0].spec, plan.to_do[0].fingerprint
        )
        dataset = request['config']['train_dataloader']['dataset']
        assert dataset['data_root'] == str((world.folder / 'data' / 'small').resolve())
        assert '{' not in json.dumps(request['config']).replace('{"', '').replace('{}', '')
        assert pool.asked[-1].log == folder / 'log.txt'

    def test_a_failed_cell_is_recorded_and_the_others_go_on(self, world: Declarations) -> None:
        made = campaign(world)

        def answer(job: Job) -> dict[str, Any]:
            if job.name.endswith('seed0'):
                return {'error': 'the loss diverged', 'user_error': True}
            return OUTCOME

        _, found = go(made, FakePool(answer))
        by_seed = {record.spec.seed: record for record in found}
        assert (by_seed[0].status, by_seed[0].error) == (Status.FAILED, 'the loss diverged')
        assert by_seed[0].scores == {}
        assert by_seed[1].is_ok
        assert len(records(made)) == 2

    @pytest.mark.parametrize(
        'answer',
        [
            {'error': 'ValueError: oops', 'user_error': False},
            {'error': 'the worker process ended with exit code 3', 'died': True},
        ],
    )
    def test_an_unexplained_failure_names_the_log(
        self, world: Declarations, answer: dict[str, Any]
    ) -> None:
        _, (record,) = go(campaign(world, suite={'seeds': (0,)}), FakePool(lambda job: answer))
        assert record.error.startswith(answer['error'] + ' (log: ')
        assert record.error.endswith('/log.txt)')


class TestAgain:
    def test_the_second_run_has_nothing_to_do(self, world: Declarations) -> None:
        go(campaign(world), FakePool())
        pool = FakePool()
        plan, found = go(campaign(world), pool)
        assert (len(plan.done), len(plan.to_do), found) == (2, 0, [])
        assert pool.asked == []

    def test_where_cells_are_many_their_records_are_read_as_they_are_asked_for(
        self, world: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails_once(job: Job) -> dict[str, Any]:
            return OUTCOME if 'seed0' in job.name else {'error': 'no', 'user_error': True}

        monkeypatch.setattr('benchmark.launching.campaign.MOST_HELD', 2)
        made = campaign(world)
        plan, found = go(made, FakePool(fails_once))
        assert all(isinstance(entry, Kept) for entry in found.entries)
        assert sorted(r.to_json() for r in found) == sorted(r.to_json() for r in records(made))
        assert [record.error for record in found.failed] == ['no']
        (good,) = made.good_records(plan.to_do)
        assert good == Kept(plan.to_do[0].spec, *places(made, plan.to_do[:1]), True)

    def test_a_failed_cell_is_tried_again(self, world: Declarations) -> None:
        go(campaign(world), FakePool(lambda job: {'error': 'no', 'user_error': True}))
        plan, found = go(campaign(world), FakePool())
        assert (len(plan.done), len(plan.to_do)) == (0, 2)
        assert all(record.is_ok for record in found)
        assert all(record.is_ok for record in records(campaign(world)))

    def test_only_the_new_seed_runs(self, world: Declarations) -> None:
        go(campaign(world), FakePool())
        pool = FakePool()
        plan, _ = go(campaign(world, suite={'seeds': (0, 1, 2)}), pool)
        assert [cell.spec.seed for cell in plan.to_do] == [2]
        assert pool.names('inspect') == []

    @pytest.mark.parametrize(
        'change',
        [
            lambda world: campaign(world, options={'optim_wrapper.optimizer.lr': 0.5}),
            lambda world: campaign(world, suite={'recipes': {'small': {'lr': 0.5}}}),
            lambda world: _with_more_data(world),
            lambda world: _with_a_new_version(world),
        ],
        ids=['option', 'recipe', 'data', 'version'],
    )
    def test_what_changes_numbers_runs_again(
        self, world: Declarations, change: Callable[[Declarations], Campaign]
    ) -> None:
        go(campaign(world), FakePool())
        plan, _ = go(change(world), FakePool())
        assert (len(plan.done), len(plan.to_do)) == (0, 2)
        assert len(records(campaign(world))) == 4

    def test_a_damaged_record_is_named_before_anything_runs(self, world: Declarations) -> None:
        made = campaign(world, suite={'seeds': (0,)})
        _, (record,) = go(made, FakePool())
        path = made.store.record_path('tiny', record.spec, record.fingerprint)
        path.write_text(path.read_text()[:100])
        pool = FakePool()
        with pytest.raises(RecordError, match='delete the file'):
            go(campaign(world, suite={'seeds': (0,)}), pool)
        assert pool.names('train') == []

    def test_a_failure_never_replaces_a_result_of_another_process(
        self, world: Declarations
    ) -> None:
        made = campaign(world, suite={'seeds': (0,)})

        def answer(job: Job) -> dict[str, Any]:
            go(campaign(world, suite={'seeds': (0,)}), FakePool())
            return {'error': 'is being run by another process', 'user_error': True}

        _, (record,) = go(made, FakePool(answer))
        assert not record.is_ok
        assert [kept.is_ok for kept in records(made)] == [True]


def _with_more_data(world: Declarations) -> Campaign:
    (world.folder / 'data' / 'small' / 'more.txt').write_text('y')
    return campaign(world)


def _with_a_new_version(world: Declarations) -> Campaign:
    world.task(version=2)
    return campaign(world)


class TestTrivialPredictors:
    SUITE: ClassVar[dict[str, Any]] = {
        'protocols': ('finetune', 'trivial'),
        'backbones': ('timm:test_vit+random', 'timm:test_resnet+random'),
    }

    def test_one_runs_per_task_whatever_the_backbones_and_seeds(self, world: Declarations) -> None:
        world.task({'root': 'small'}, name='other')
        pool = FakePool()
        made = campaign(world, suite={**self.SUITE, 'tasks': ('small.py', 'other.py')})
        plan, found = go(made, pool)
        assert len(found) == 2 + 2 * 2 * 2
        asked = [job for job in pool.asked if job.request['job'] == 'trivial']
        assert len(asked) == 2
        assert all('{data}' not in json.dumps(job.request['config']) for job in asked)
        floors = [record for record in found if record.spec.protocol == 'trivial']
        assert [(r.spec.task, r.spec.seed, r.is_ok) for r in floors] == [
            ('small', 0, True),
            ('other', 0, True),
        ]
        again, none = go(made, FakePool())
        assert (len(again.done), none) == (len(plan.to_do), [])

    def test_its_identity_depends_on_no_backbone(self, world: Declarations) -> None:
        suites = [
            {'protocols': ('trivial',), 'backbones': ()},
            {'protocols': ('trivial',), 'seeds': (3,)},
            self.SUITE,
        ]
        plans = [campaign(world, suite=suite).prepare(FakePool()) for suite in suites]
        assert len({plan.to_do[0].fingerprint for plan in plans}) == 1
        go(campaign(world, suite=suites[0]), FakePool())
        assert len(campaign(world, suite=self.SUITE).prepare(FakePool()).done) == 1

    def test_alone_it_inspects_nothing(self, world: Declarations) -> None:
        pool = FakePool()
        go(campaign(world, suite={'protocols': ('trivial',)}), pool)
        assert [job.request['job'] for job in pool.asked] == ['check', 'trivial']

    def test_only_what_changes_its_score_runs_it_again(self, world: Declarations) -> None:
        suite = {'protocols': ('trivial',)}
        go(campaign(world, suite=suite), FakePool())
        rate = {'optim_wrapper.optimizer.lr': 0.5}
        assert not campaign(world, suite=suite, options=rate).prepare(FakePool()).to_do
        ignored = {'test_evaluator.0.ignore_index': 7}
        assert campaign(world, suite=suite, options=ignored).prepare(FakePool()).to_do
        (world.folder / 'data' / 'small' / 'more.txt').write_text('y')
        assert campaign(world, suite=suite).prepare(FakePool()).to_do

    def test_the_report_has_it_under_the_leaderboard(self, world: Declarations) -> None:
        def answer(job: Job) -> dict[str, Any]:
            floor = job.request['job'] == 'trivial'
            return {**OUTCOME, 'raw': {**OUTCOME['raw'], 'mIoU': 45.5 if floor else 40.0}}

        made = campaign(world, suite=self.SUITE)
        go(made, FakePool(answer))
        text = render_report(made.store, 'tiny', formats=('md', 'html'))['tiny.md']
        assert '| *trivial predictor* |  | *45.5* (most frequent label) |' in text
        assert 'do not beat the trivial predictor (most frequent label, 45.5' in text
        assert 'Protocol: trivial' not in text

    def test_a_failed_one_is_recorded(self, world: Declarations) -> None:
        answer = {'error': 'no label', 'user_error': True}
        made = campaign(world, suite={'protocols': ('trivial',)})
        _, (record,) = go(made, FakePool(lambda job: answer))
        assert (record.status, record.error) == (Status.FAILED, 'no label')
        assert [kept.is_ok for kept in records(made)] == [False]


class TestSubmission:
    def test_is_refused_where_no_task_has_a_server(self, world: Declarations) -> None:
        made = campaign(world, suite={'seeds': (0,)})
        made.submission = True
        with pytest.raises(BenchmarkError, match='of the shipped ones got10k, trackingnet do'):
            go(made, FakePool(lambda job: OUTCOME))

    def test_a_done_cell_without_its_archive_runs_again_and_once(
        self, world: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hook = {'type': 'benchmark.SubmissionFiles', 'file': '{work}/tracks.zip'}
        for name, stand_in in (
            ('compile_submission', lambda task: hook),
            ('submission_name', lambda task: 'tracks.zip'),
        ):
            monkeypatch.setattr(f'benchmark.launching.campaign.{name}', stand_in)
        made = campaign(world, suite={'seeds': (0,)})
        asked: list[list[dict[str, Any]]] = []

        def run(job: Job) -> dict[str, Any]:
            asked.append(job.request.get('hooks', []))
            for wanted in asked[-1]:
                Path(wanted['file']).parent.mkdir(parents=True, exist_ok=True)
                Path(wanted['file']).write_text('packed')
            return OUTCOME

        go(made, FakePool(run))
        made.submission = True
        plan, _ = go(made, FakePool(run))
        assert [len(hooks) for hooks in asked] == [0, 1]
        archive = made.archive(plan.to_do[0])
        assert archive is not None
        assert archive.is_file()
        assert str(archive.resolve()) == asked[1][0]['file']
        go(made, FakePool(run))
        assert len(asked) == 2
        assert len(records(made)) == 1


class TestScores:
    @pytest.mark.parametrize(
        ('raw', 'part'),
        [
            ({'mIoU': 101.0, 'mAcc': 1.0}, r'mIoU = 101\.0 lies outside its bounds'),
            ({'mIoU': 1.0, 'mAcc': -3.0}, r'mAcc = -3\.0 lies outside'),
            ({'mIoU': float('nan'), 'mAcc': 1.0}, 'mIoU = nan lies outside'),
            ({'mIoU': 1.0}, 'the evaluators returned no mAcc, only mIoU'),
            ({'mIoU': 1.0, 'mAcc': 1.0, 'other': float('nan')}, 'not JSON compliant'),
        ],
    )
    def test_a_score_that_cannot_be_is_a_failure(
        self, world: Declarations, raw: dict[str, float], part: str
    ) -> None:
        made = campaign(world, suite={'seeds': (0,)})
        pool = FakePool(lambda job: {**OUTCOME, 'raw': raw})
        _, (record,) = go(made, pool)
        assert not record.is_ok
        assert record.scores == {}
        assert re.search(part, record.error)
        assert len(records(made)) == 1

    def test_an_optional_metric_may_be_absent(self) -> None:
        box_ap, rare, frequent = (METRICS[key] for key in ('box_AP', 'box_APr', 'box_APf'))
        task = replace(find_task('lvis'), metric=box_ap, metrics=(rare, frequent))
        raw = {'box_AP': 0.5, 'box_APf': 0.25}
        assert canonical_scores(task, raw) == {'box_AP': 50.0, 'box_APf': 25.0}
        with pytest.raises(KeyError, match='no box_APr'):
            canonical_scores(replace(task, metric=rare, metrics=(box_ap,)), raw)

    def test_a_curve_that_is_not_finite_is_a_failure(self, world: Declarations) -> None:
        curves = {'iteration': [1.0], 'loss': [float('inf')]}
        made = campaign(world, suite={'seeds': (0,)})
        _, (record,) = go(made, FakePool(lambda job: {**OUTCOME, 'curves': curves}))
        assert not record.is_ok

    def test_fractions_become_percent(self, world: Declarations) -> None:
        metric = {'key': 'f', 'unit': 'fraction', 'higher_is_better': True, 'bounds': (0.0, 1.0)}
        world.task(metric=metric, metrics=())
        task = campaign(world).request.tasks[0]
        assert canonical_scores(task, {'f': 0.25, 'other': 7.0}) == {'f': 25.0}


class TestPreparing:
    def test_missing_data_are_told_before_anything_runs(self, world: Declarations) -> None:
        world.task(name='gone')
        world.task({'root': 'elsewhere'}, name='gone')
        made = campaign(world, suite={'tasks': ('small.py', 'gone.py')})
        pool = FakePool()
        with pytest.raises(DataError, match=r"task 'gone': no folder .*elsewhere"):
            made.prepare(pool)
        assert pool.asked == []

    def test_an_empty_folder_is_no_data(self, world: Declarations) -> None:
        (world.folder / 'data' / 'small' / 'train.txt').unlink()
        with pytest.raises(DataError, match='no data here'):
            campaign(world).prepare(FakePool())

    def test_missing_weights_are_told_before_anything_runs(self, world: Declarations) -> None:
        world.backbone(checkpoint='gone.pth')
        pool = FakePool()
        with pytest.raises((DataError, CheckpointError), match=r'gone\.pth'):
            campaign(world, suite={'backbones': ('mine.py',)}).prepare(pool)
        assert pool.asked == []

    def test_a_backbone_that_cannot_be_used_stops_everything(self, world: Declarations) -> None:
        class Refusing(FakePool):
            def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
                for job in jobs:
                    answer = {'error': "unknown timm architecture 'x'", 'user_error': True}
                    yield Reply(job, answer, datetime.now(UTC))

        with pytest.raises(BenchmarkError, match="unknown timm architecture 'x'"):
            campaign(world).prepare(Refusing())
        assert records(campaign(world)) == []

    def test_a_backbone_is_inspected_once(self, world: Declarations) -> None:
        suite = {'backbones': ('timm:test_vit', 'timm:test_resnet')}
        first, second = FakePool(), FakePool()
        one = campaign(world, suite=suite).prepare(first)
        other = campaign(world, suite=suite).prepare(second)
        assert first.names('inspect') == ['timm:test_vit', 'timm:test_resnet']
        assert second.names('inspect') == []
        assert [c.fingerprint for c in one.to_do] == [c.fingerprint for c in other.to_do]

    def test_of_an_architecture_that_is_known_only_the_weights_are_asked(
        self, world: Declarations
    ) -> None:
        paths = [world.folder / name for name in ('a.pth', 'b.pth')]
        for path in paths:
            path.write_text(path.name)
        whole = ('timm:test_vit+random', 'timm:test_vit', *(f'timm:test_vit@{p}' for p in paths))
        pool = FakePool()
        made = campaign(world, suite={'backbones': whole})
        plan = made.prepare(pool)
        asked = [job.request['is_known'] for job in pool.asked if job.request['job'] == 'inspect']
        # random, published and given weights in full: normalisations may come from elsewhere
        assert asked == [False, False, False, True]
        assert len({cell.fingerprint for cell in plan.to_do}) == 8
        found = {cell.design.inspected.features for cell in plan.to_do if cell.design.inspected}
        assert found == {features_from(FEATURES)}

    def test_where_the_first_of_an_architecture_fails_the_next_is_inspected(
        self, world: Declarations
    ) -> None:
        class Refusing(FakePool):
            def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
                for reply in super().run(jobs):
                    bad = reply.job.name.startswith('timm:test_vit@a.pth')
                    wrong = {'error': 'weights do not load', 'user_error': True}
                    yield Reply(reply.job, wrong, reply.started) if bad else reply

        refused: dict[str, BenchmarkError] = {}
        for name in ('a.pth', 'b.pth'):
            (world.folder / name).write_text(name)
        backbones = [
            find_backbone(f'timm:test_vit@{world.folder / name}') for name in ('a.pth', 'b.pth')
        ]
        pool = Refusing()
        cache = world.folder / 'cache'
        found = inspect_all(backbones, cache, pool, refuse=refused.__setitem__)
        assert list(refused) == [backbones[0].id]
        assert list(found) == [backbones[1].id]
        assert [job.request['is_known'] for job in pool.asked] == [False, False]

    def test_other_weights_are_inspected_anew(self, world: Declarations) -> None:
        world.backbone(checkpoint='w.pth')
        for content, asked in (('one', ['mine']), ('one', []), ('two', ['mine'])):
            (world.folder / 'w.pth').write_text(content)
            pool = FakePool()
            campaign(world, suite={'backbones': ('mine.py',)}).prepare(pool)
            assert pool.names('inspect') == asked

    @pytest.mark.parametrize('damage', ['', '{', '[]', '{"channels": [1]}'])
    def test_a_damaged_cache_is_asked_again(self, world: Declarations, damage: str) -> None:
        made = campaign(world)
        made.prepare(FakePool())
        (cached,) = (made.store.work / 'cache' / 'backbones').iterdir()
        (architecture,) = (made.store.work / 'cache' / 'architectures').iterdir()
        cached.write_text(damage)
        architecture.write_text(damage)
        pool = FakePool()
        made.prepare(pool)
        assert pool.names('inspect') == ['timm:test_vit+random']
        assert features_from(json.loads(cached.read_text())['features']) == features_from(FEATURES)

    def test_weights_are_part_of_the_identity_but_not_their_place(
        self, world: Declarations
    ) -> None:
        marks = []
        for place, content in (('w.pth', 'one'), ('deep/v.pth', 'one'), ('deep/v.pth', 'two')):
            path = world.folder / place
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
            world.backbone(checkpoint=place)
            made = campaign(world, suite={'backbones': ('mine.py',), 'seeds': (0,)})
            plan = made.prepare(FakePool())
            marks.append(plan.to_do[0].fingerprint)
        assert marks[0] == marks[1] != marks[2]

    def test_data_elsewhere_are_the_same_run(self, world: Declarations) -> None:
        made = campaign(world)
        here = made.prepare(FakePool())
        (world.folder / 'data').rename(world.folder / 'moved')
        moved = replace(
            made,
            data_root=world.folder / 'moved',
            store=ResultStore(world.folder / 'r2', world.folder / 'w2'),
        )
        there = moved.prepare(FakePool())
        assert [c.fingerprint for c in here.to_do] == [c.fingerprint for c in there.to_do]

    def test_an_option_for_no_place_is_told_before_anything_runs(self, world: Declarations) -> None:
        pool = FakePool()
        with pytest.raises(BenchmarkError, match="nothing at 'modle'"):
            go(campaign(world, options={'modle.x': 1}), pool)
        assert pool.names('train') == []


class TestReuse:
    def other(self, world: Declarations, **suite: Any) -> Campaign:
        return campaign(world, suite={'name': 'other', **suite})

    def test_a_cell_of_a_named_suite_counts_with_its_pictures(self, world: Declarations) -> None:
        first = campaign(world, suite={'seeds': (0,)})
        _, (origin,) = go(first, FakePool())
        folder = first.store.work_folder('tiny', origin.spec, origin.fingerprint)
        folder.mkdir(parents=True)
        (folder / 'a.png').write_bytes(b'picture')
        made = self.other(world, reuses=('tiny', 'absent'))
        pool = FakePool()
        plan, found = go(made, pool)
        assert [cell.spec.seed for cell in plan.done] == [0]
        assert [record.spec.seed for record in found] == [1]
        by_seed = {record.spec.seed: record for record in made.store.records('other')}
        copied = by_seed[0]
        assert (copied.suite, copied.scores) == ('other', origin.scores)
        assert copied.provenance == {**origin.provenance, 'taken_from': 'tiny'}
        place = made.store.work_folder('other', copied.spec, copied.fingerprint)
        assert (place / 'a.png').read_bytes() == b'picture'
        again, _ = go(self.other(world, reuses=('tiny', 'absent')), FakePool())
        assert (len(again.done), len(again.to_do)) == (2, 0)

    def test_no_other_suite_counts(self, world: Declarations) -> None:
        go(campaign(world), FakePool())
        plan, _ = go(self.other(world), FakePool())
        assert (len(plan.done), len(plan.to_do)) == (0, 2)

    def test_a_cell_that_differs_runs(self, world: Declarations) -> None:
        go(campaign(world), FakePool())
        changed = {'recipes': {'small': {'lr': 0.5}}, 'reuses': ('tiny',)}
        plan, _ = go(self.other(world, **changed), FakePool())
        assert (len(plan.done), len(plan.to_do)) == (0, 2)

    def test_a_request_apart_keeps_its_own_records_and_reuses_the_suite(
        self, world: Declarations
    ) -> None:
        go(campaign(world), FakePool())
        apart = campaign(world)
        apart.request = apart.request.apart('more')
        plan, _ = go(apart, FakePool())
        assert (len(plan.done), len(plan.to_do)) == (2, 0)
        assert len(list(apart.store.records('tiny-more'))) == 2
        assert len(records(apart)) == 2


class TestLastBlocks:
    def test_a_changed_backbone_is_a_cell_of_its_own(self, world: Declarations) -> None:
        names = ('timm:test_vit', 'timm:test_vit+drop2', 'timm:test_vit+reinit1')
        made = campaign(world, suite={'seeds': (0,), 'backbones': names})
        pool = FakePool()
        plan, found = go(made, pool)
        configs = {c.spec.backbone: c.config['model']['backbone'] for c in plan.to_do}
        assert len({cell.fingerprint for cell in plan.to_do}) == 3
        assert 'last_blocks' not in configs[names[0]]
        assert configs[names[1]] == {
            **configs[names[0]],
            'last_blocks': {'action': 'drop', 'count': 2},
        }
        facts = {record.spec.backbone: record.backbone for record in found}
        assert facts[names[2]]['last_blocks'] == {'action': 'reinit', 'count': 1}
        assert 'last_blocks' not in facts[names[0]]
        # what a worker is asked crosses a pipe as a literal
        for job in pool.asked:
            assert ast.literal_eval(ascii(job.request)) == job.request
