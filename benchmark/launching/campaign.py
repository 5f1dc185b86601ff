"""Run a request: find data and backbones, compile every cell, run what is not done yet."""

from __future__ import annotations

import contextlib
import functools
import platform
import random
import secrets
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark import __version__
from benchmark.catalog import shipped_tasks
from benchmark.compiling import (
    CODE,
    LOADERS,
    WEIGHTS,
    WORK,
    choose_policy,
    compile_submission,
    library_versions,
    localise,
    reader_versions,
    submission_name,
)
from benchmark.errors import BenchmarkError, DataError, RecordError
from benchmark.execution.locking import BusyError, check_leases, exclusive
from benchmark.kinds.base import DATA
from benchmark.launching.agenda import Agenda
from benchmark.launching.costs import Known, expected_costs
from benchmark.launching.datachecks import Checked, Placed, check_all
from benchmark.launching.earlier import EarlierRecords
from benchmark.launching.executors.base import Executor, Job, Jobs, Reply, Reserving
from benchmark.launching.features import inspect_all
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.launching.resources import (
    Demand,
    Needs,
    Resources,
    needs_of,
    reading_cost,
    resources_of,
)
from benchmark.launching.tracked import result_of, subject_of
from benchmark.launching.workloads import (
    SINGLE,
    Pictures,
    Workloads,
    expected_seconds,
    longest_first,
    pictures_of,
    stall_limit,
)
from benchmark.planning import Cell, CellCompiler, Plan, Request, ResolvedInputs, expand
from benchmark.planning.cells import Inspected, split_cells
from benchmark.planning.contents import DataReader, Level
from benchmark.planning.data import locate
from benchmark.planning.estimates import Basis, Estimate
from benchmark.results.answers import forget_answer
from benchmark.results.checkpoints import remove_checkpoints
from benchmark.results.gathered import MOST_HELD, Kept, Records
from benchmark.results.index import read_briefs
from benchmark.results.kept_features import kept_bytes
from benchmark.results.leases import Observer
from benchmark.results.recording import describe, finish_record
from benchmark.results.records import RunRecord, Status
from benchmark.results.reduced import move_folder, read_note, write_note
from benchmark.results.store import ResultStore, read_if_there, without_outcomes
from benchmark.specs import RunSpec, Task
from benchmark.tracking import Feed, Subject
from benchmark.wording import count_noun

_LIGHT_FEATURES = 256 * 2**20
"""Bytes of kept features up to which a probe needs no GPU; a round number of ours."""


@dataclass
class Campaign:
    """A request with its folders on this machine.

    Attributes:
        request: what was asked for.
        store: where records and work go.
        data_root: folder of the data sets.
        options: changes to every compiled configuration, by dotted key.
        say: receives one line per event.
        feature_cache: bytes that kept features of frozen backbones may take; 0 keeps none.
        processes: how many train a cell together, where its procedure allows it.
        level: how much of the data identifies them.
        submission: whether trained trackers also write the archives for evaluation servers.
        outcomes: whether what was found of each test example is kept with the records.
        precision: the precision policy; ``None`` chooses by the device.
        waits: whether to stay until no cell is left, those of others included, and to take cells
            in an order of its own, so that many campaigns of one suite meet seldom.
        stall: seconds that a cell may take without progress; ``None`` leaves it to ``limit_of``.
        pauses: seconds before each new try of a cell whose worker, host or memory was lost.
        tracking: where the curves and scores of the cells that run here are sent, if anywhere.
    """

    request: Request
    store: ResultStore
    data_root: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    say: Callable[[str], None] = lambda line: None
    feature_cache: int = 0
    processes: int = 1
    level: Level = Level.CONTENTS
    submission: bool = False
    outcomes: bool = True
    precision: str | None = None
    waits: bool = False
    stall: float | None = None
    pauses: tuple[float, ...] = (5.0, 30.0)
    tracking: Feed | None = None
    _workloads: Workloads = field(default_factory=lambda: Workloads({}, {}), init=False)
    _pictures: dict[str, Pictures] = field(default_factory=dict, init=False)
    _device: str = field(default='cpu', init=False)
    _needs: Mapping[Hashable, Needs] = field(default_factory=dict, init=False)
    _checked: dict[str, Checked] = field(default_factory=dict, init=False)
    _observer: Observer = field(default_factory=Observer, init=False)

    @functools.cached_property
    def _earlier(self) -> EarlierRecords:
        suite = self.request.suite
        return EarlierRecords(self.store, (suite.name, *suite.reuses))

    def reader(self) -> DataReader:
        """Return the reader of the tasks' data, which reads each file once."""
        return DataReader(self.store.work / 'cache' / 'data', self.level, self.say)

    def prepare(self, executor: Executor) -> Plan:
        """Return the plan; generate built-in data and inspect new backbones.

        Raises:
            BenchmarkError: data are missing, a backbone cannot be used, or a folder cannot be
                written; nothing was run.
        """
        self._device = executor.device
        self.store.check_writable()
        check_leases(self.store.work)
        # first the checks that can fail, then what takes long
        tasks = self.request.tasks
        self._check_servers()
        found = {t.name: locate(t, self.data_root) for t in tasks if not t.source.provider}
        inspected = inspect_all(self.request.backbones, self.store.work / 'cache', executor)
        for line in assumption_lines(self.request, inspected):
            self.say(line)
        if any(task.source.provider for task in tasks):
            self._start_early(executor)
        made = {t.name: self._ensure_builtin_data(t) for t in tasks if t.source.provider}
        folders, reader = found | made, self.reader()
        manifests = {t.name: reader.manifest(t, folders[t.name]) for t in tasks}
        self._pictures = {
            t.name: pictures_of(t, manifests[t.name].files, manifests[t.name].size) for t in tasks
        }
        digests = {name: manifest.digest for name, manifest in manifests.items()}
        resolved = ResolvedInputs(folders, digests, inspected)
        return self.split(self._compiled(resolved, executor.device))

    def _compiled(self, resolved: ResolvedInputs, device: str) -> Iterator[Cell]:
        """Yield the cells of the request, and note the workload of each."""
        compiler = self.compiler(resolved, device)
        for spec in expand(self.request):
            cell = compiler.cell(spec)
            if spec.cell not in self._workloads.whole:
                pictures = self._pictures.get(spec.task, SINGLE)
                with contextlib.suppress(BenchmarkError):  # an option that the cell itself refuses
                    config = compiler.outline(spec).config
                    self._workloads.note(cell, pictures, config, shares=bool(self.feature_cache))
            yield cell

    def compiler(self, resolved: ResolvedInputs, device: str) -> CellCompiler:
        """Return the compiler of the request's cells.

        Args:
            resolved: data and backbones of the request.
            device: class of device that cells run on, ``'cpu'`` or ``'gpu'``.
        """
        return CellCompiler(
            self.request,
            resolved,
            options=self.options,
            processes=self.processes,
            policy=choose_policy(self.precision, device),
        )

    def _start_early(self, executor: Executor) -> None:
        """Let the executor import the libraries, if it can, while data are rendered."""
        from benchmark.world import find_world

        start = getattr(executor, 'start_early', None)
        if start is not None and find_world(self.data_root) is None:
            start()

    def _ensure_builtin_data(self, task: Task) -> Path:
        """Generate the data of a built-in task, and return their folder."""
        from benchmark.world import ensure_world

        return ensure_world(self.data_root) / task.source.root

    def split(self, cells: Iterable[Cell]) -> Plan:
        """Return the plan of ``cells``: those with a good record are done."""
        has_record = self._finder()
        return split_cells(cells, lambda cell: has_record(cell) and not self._lacks_archive(cell))

    def _finder(self) -> Callable[[Cell], bool]:
        """Return the look-up of good records by cell, from summaries of all records."""
        suite = self.request.suite
        try:
            good = {key for name in (suite.name, *suite.reuses) for key in self._good_files(name)}
        except RecordError:  # of a cell that may not be asked for
            return lambda cell: self.good_record(cell) is not None
        return lambda cell: (
            (cell.spec, cell.fingerprint) in good
            or self._earlier.find_good(cell) is not None
            or self._find_reduced(cell) is not None
        )

    def _good_files(self, suite: str) -> dict[tuple[RunSpec, str], Path]:
        """Return the files of the good records of a suite, by cell and fingerprint.

        Raises:
            RecordError: a file is not a record.
        """
        folder = self.store.runs_folder(suite)
        briefs = read_briefs(self.store, suite)
        return {(x.spec, x.fingerprint): folder / x.path for x in briefs if x.is_ok}

    def good_records(self, cells: Sequence[Cell]) -> Iterator[RunRecord | Kept]:
        """Yield the good record of each cell that has one; where cells are many, its place."""
        files: Mapping[tuple[RunSpec, str], Path] = {}
        if len(cells) >= MOST_HELD:
            with contextlib.suppress(RecordError):  # of a cell that may not be asked for
                files = self._good_files(self.request.suite.name)
        for cell in cells:
            if (path := files.get((cell.spec, cell.fingerprint))) is not None:
                yield Kept(cell.spec, path, True)
            elif (record := self.good_record(cell)) is not None:
                yield record

    def _check_servers(self) -> None:
        """Raise if archives are requested but no task of the request has a server."""
        if self.submission and not any(map(compile_submission, self.request.tasks)):
            with_one = [name for name, task in shipped_tasks().items() if compile_submission(task)]
            raise BenchmarkError(
                '--submission: no task of the request names a test split whose labels are '
                f'withheld; of the shipped ones {", ".join(with_one)} do'
            )

    def _lacks_archive(self, cell: Cell) -> bool:
        archive = self.archive(cell)
        return archive is not None and not archive.is_file()

    def archive(self, cell: Cell) -> Path | None:
        """Return the path of a cell's archive for its server; ``None`` if it has none."""
        if (
            not self.submission
            or not cell.procedure.writes_submission
            or compile_submission(cell.task) is None
        ):
            return None
        return self._work(cell) / submission_name(cell.task)

    def good_record(self, cell: Cell) -> RunRecord | None:
        """Return the good record of ``cell``, of this suite or of one whose records it reuses."""
        return self._find_good(cell) or self._earlier.find_good(cell) or self._find_reduced(cell)

    def _find_reduced(self, cell: Cell) -> RunRecord | None:
        """Return the good record of ``cell`` run with a smaller batch, for lack of memory."""
        note = read_note(self._work(cell))
        if note is None or not 0 < note.halvings <= len(smaller := cell.smaller()):
            return None
        return self._find_good(smaller[note.halvings - 1])

    def _find_good(self, cell: Cell) -> RunRecord | None:
        suite = self.request.suite
        found = (
            self.store.find(s, cell.spec, cell.fingerprint) for s in (suite.name, *suite.reuses)
        )
        return next((record for record in found if record is not None and record.is_ok), None)

    def _records(self, cell: Cell) -> list[Path]:
        """Return the record files of a cell; it is done if any of them has a good record."""
        suite = self.request.suite
        names = (suite.name, *suite.reuses)
        return [self.store.record_path(name, cell.spec, cell.fingerprint) for name in names]

    def take_over(self, plan: Plan) -> None:
        """Copy the records of other suites that count here."""
        suite = self.request.suite.name
        self._earlier.adopt(
            (cell for cell in plan.done if self._find_good(cell) is None), self.level
        )
        for cell in plan.done if self.request.suite.reuses else ():
            record = self.good_record(cell)
            if record is not None and record.suite != suite:
                self.store.copy(record, suite)

    def run(self, executor: Executor, plan: Plan) -> Records:
        """Run the cells that are to do and return their records, each saved as it ends.

        A cell that another process is running, or has run meanwhile, has none. Those that are
        running are asked for again at the end, and taken over where their process is gone. One
        that was lost with its worker is tried again. Before anything is trained a worker looks
        at the data: the cells of a task whose data cannot be used fail at once.

        Raises:
            DataError: that is so of every cell that is to do; none has a record then.
        """
        self.take_over(plan)
        records: list[RunRecord | Kept] = []
        cells = longest_first(plan.to_do, self._workloads.whole)
        if self.waits:
            random.Random(secrets.token_bytes(8)).shuffle(cells)
        agenda = Agenda(cells, self.pauses, self._observer, self._work)
        self._reserve(executor, plan)
        with self._ledger(plan, executor.device):
            while asked := agenda.next_round(waits=self.waits):
                self._run_round(executor, asked, agenda, records)
        if agenda.left:
            self.say(f'{_count_cells(len(agenda.left))} being run by another process')
        return Records(records)

    def _run_round(
        self,
        executor: Executor,
        asked: Sequence[Cell],
        agenda: Agenda,
        records: list[RunRecord | Kept],
    ) -> None:
        """Run cells, add their records, and report the result of each to ``agenda``."""
        cells = {cell.spec.id: cell for cell in asked}
        for reply in self._replies(executor, asked, agenda):
            cell = cells[reply.job.name]
            if reply.answer.get('busy'):
                self._drop(cell)
                agenda.add_busy(cell)
            elif reply.answer.get('done'):
                self._drop(cell)
                self._take_from_others(cell)
            elif reply.answer.get('lost') and agenda.add_lost(cell, reply.error):
                why = reply.error.removesuffix('; run the command again to retry')
                self.say(f'{cell.spec.id}: {why}; trying again')
            else:
                record = self._record(cell, reply, agenda.losses(cell))
                found = self._kept(cell, record, reply.answer.get('halvings', 0))
                if found is None:
                    self._drop(cell)
                    agenda.add_busy(cell)
                    continue
                if self.tracking is not None:
                    self.tracking.finish(self._subject(cell), result_of(found, self.store))
                records.append(self._place_of(found) if agenda.total >= MOST_HELD else found)
                name = self.request.titles.get(cell.spec.backbone, '')
                self.say(f'[{len(records)}/{agenda.total}] {describe(found, name)}')

    def _place_of(self, record: RunRecord) -> RunRecord | Kept:
        """Return where a record lies, to be read again; itself where it could not be written."""
        path = self.store.places(record)[0]
        there = read_if_there(path)
        is_it = there is not None and (there.is_ok, there.error) == (record.is_ok, record.error)
        return Kept(record.spec, path, record.is_ok) if is_it else record

    def _take_from_others(self, cell: Cell) -> None:
        if not self.waits:
            self.say(f'{cell.spec.id}: done by another process in the meantime')
        record, suite = self.good_record(cell), self.request.suite.name
        if record is not None and record.suite != suite:
            self.store.copy(record, suite)

    def _kept(self, cell: Cell, record: RunRecord, halvings: int) -> RunRecord | None:
        """Save ``record`` and return it; if it cannot be written, return it as failed.

        ``None`` where it failed, and another process has begun to run the cell since.
        """
        folder = self._work(cell)
        try:
            if self.outcomes:
                # where the batch was halved, what was measured was moved to the record's own place
                own = self.store.work_folder(record.suite, record.spec, record.fingerprint)
                record = self.store.keep_outcomes(record, own)
            else:
                record = without_outcomes(record)
            if record.is_ok:
                self._save(record)
                if halvings:
                    write_note(folder, halvings, self.store.places(record)[0])
            else:
                with exclusive(folder):
                    self._save(record)
        except BusyError:
            return None
        except BenchmarkError as error:
            # what was measured stays in the work folder: the next run records it
            return replace(record, status=Status.FAILED, error=str(error))
        if record.is_ok:  # the files it was made from are no longer needed
            remove_checkpoints(folder)
            remove_checkpoints(
                self.store.work_folder(record.suite, record.spec, record.fingerprint)
            )
        forget_answer(folder)
        return record

    def _replies(
        self, executor: Executor, cells: Sequence[Cell], agenda: Agenda
    ) -> Iterator[Reply]:
        """Yield a reply for every cell, first those whose data cannot be used."""
        placed = [Placed(cell.task, cell.data, cell.manifest) for cell in cells]
        self._checked = check_all(placed, self.store.work / 'cache', executor, self.say)
        reasons = {name: found.reason for name, found in self._checked.items() if found.reason}
        fit = [cell for cell in cells if cell.spec.task not in reasons]
        if reasons and not fit:
            raise DataError('; '.join(f"task '{name}': {why}" for name, why in reasons.items()))
        for cell in cells:
            if reason := reasons.get(cell.spec.task):
                answer = {'error': reason, 'user_error': True}
                yield Reply(self.job(cell), answer, datetime.now(UTC))
        yield from executor.run(self._handed_out(fit, agenda))

    def _handed_out(self, cells: Iterable[Cell], agenda: Agenda) -> Jobs:
        """Return jobs, made as there is room, for cells that no other process holds or has done.

        Whoever runs one looks again, with the cell's lease in hand.
        """
        return Jobs(
            (self._needs_when_lost(cell, agenda), functools.partial(self._hand_out, cell, agenda))
            for cell in cells
        )

    def _hand_out(self, cell: Cell, agenda: Agenda) -> Job | None:
        """Return the job of a cell; ``None`` if another process holds it or has done it."""
        if self._observer.is_held(self._work(cell)):
            agenda.add_busy(cell)
            return None
        if not self._lacks_archive(cell) and self._find_good(cell) is not None:
            self._take_from_others(cell)
            return None
        if self.tracking is not None:
            self.tracking.follow(self._subject(cell))
        return replace(self.job(cell), needs=self._needs_when_lost(cell, agenda))

    def _reserve(self, executor: Executor, plan: Plan) -> None:
        """Tell an executor whose workers differ which classes of cells come."""
        if not isinstance(executor, Reserving) or not plan.to_do:
            return
        suite = self.request.suite.name
        inspected = {
            cell.spec.backbone: cell.design.inspected
            for cell in plan.to_do
            if cell.design.inspected is not None
        }
        tasks = self.request.tasks
        pictures = {task.name: self._pictures.get(task.name, SINGLE) for task in tasks}
        known = Known(tasks, inspected, pictures, self._workloads)
        try:
            costs = expected_costs(self.store, suite, plan, known, executor.device)
        except RecordError:  # of a cell that may not be asked for
            costs = {cell.spec: Estimate(None, None, Basis.NONE) for cell in plan.to_do}
        found = self.resources(plan, costs, executor.device)
        self._needs = found.of
        for line in executor.planned(found.shares):
            self.say(line)
        executor.reserve(found.shares)

    def resources(self, plan: Plan, costs: Mapping[RunSpec, Estimate], device: str) -> Resources:
        """Return what the cells to do need from a cluster, and the classes of workers for them.

        Args:
            plan: the cells.
            costs: their expected cost.
            device: class of device that they run on, ``'cpu'`` or ``'gpu'``.
        """
        return resources_of(
            (cell.spec, self._demand(cell, costs[cell.spec], device)) for cell in plan.to_do
        )

    def _demand(self, cell: Cell, cost: Estimate, device: str) -> Demand:
        loaders = self.options.get(LOADERS)
        kept = None
        # random weights have no identity that a plan knows
        can_read = cell.procedure.keeps_features and self.feature_cache and cell.weights
        if device == 'gpu' and can_read:
            kept = kept_bytes(self._features_folder, cell.features_key)
        is_light = kept is not None and kept <= _LIGHT_FEATURES
        return Demand(
            reading_cost(cost, kept) if is_light and kept is not None else cost,
            self.processes if cell.procedure.takes_processes else 1,
            on_gpu=device == 'gpu' and cell.procedure.uses_gpu and not is_light,
            loaders=loaders if isinstance(loaders, int) else None,
        )

    @property
    def _features_folder(self) -> Path:
        return self.store.work / 'cache' / 'features'

    def _needs_of(self, cell: Cell) -> Needs:
        """Return what a cell needs: where its cost was not looked up, what any may need."""
        known = self._needs.get(cell.spec)
        return known or needs_of(self._demand(cell, Estimate(None, None, Basis.NONE), self._device))

    def _needs_when_lost(self, cell: Cell, agenda: Agenda) -> Needs:
        """Return what a cell needs: once it was lost, the most that a class has for such cells."""
        needs = self._needs_of(cell)
        if not agenda.losses(cell):
            return needs
        alike = [other for other in self._needs.values() if needs.fits(other)]
        return max(alike, key=lambda other: other.size, default=needs)

    def _subject(self, cell: Cell) -> Subject:
        title = self.request.titles.get(cell.spec.backbone, cell.spec.backbone)
        return subject_of(cell, self.request.suite.name, title, self._work(cell))

    def _drop(self, cell: Cell) -> None:
        """Track a cell no further: another process has it."""
        if self.tracking is not None:
            self.tracking.drop(self._subject(cell))

    def _ledger(self, plan: Plan, device: str) -> AbstractContextManager[None]:
        """Return the block in which `tbench status` sees this campaign at work."""
        entries = [Entry(cell.spec, cell.fingerprint) for cell in (*plan.done, *plan.to_do)]
        expected = expected_seconds(
            (cell.spec for cell in plan.to_do), self._workloads.whole, device
        )
        return open_ledger(self.store, self.request.suite.name, entries, expected)

    def _save(self, record: RunRecord) -> None:
        """Write ``record``, unless another process has finished the same run in the meantime."""
        if record.is_ok and self.submission:  # it was trained again for its archive
            self.store.save(record)
        else:
            self.store.save_once(record)

    def canary(self, cell: Cell, samples: int) -> Job:
        """Return the job that computes the canary of ``cell`` from ``samples`` of each split."""
        job, spec = self.job(cell), cell.spec
        request = {**job.request, 'job': 'canary', 'of': cell.job, 'samples': samples}
        log = job.log.with_name('canary.txt')
        name = f'{spec.task} {spec.backbone} {spec.protocol}'
        return Job(name, request, log, needs=job.needs)

    def job(self, cell: Cell) -> Job:
        """Return the job of a worker for ``cell``."""
        folder = self._work(cell).resolve()
        places = {
            DATA: str(cell.data.resolve()),
            WORK: str(folder),
            WEIGHTS: str(cell.checkpoint or ''),
            CODE: str(cell.code or ''),
        }
        request: dict[str, Any] = {
            'job': cell.job,
            'config': localise(cell.config, places),
            'folder': str(folder),
        }
        procedure = cell.procedure
        if procedure.takes_processes and self.processes > 1:
            request['processes'] = self.processes
        if self._lacks_archive(cell):
            hook = compile_submission(cell.task)
            request['hooks'] = [localise(hook or {}, places)]
        else:
            request['records'] = [str(path.resolve()) for path in self._records(cell)]
        if procedure.keeps_features:
            request['cache'] = {
                'folder': str(self._features_folder.resolve()),
                'limit': self.feature_cache,
                'key': cell.features_key,
            }
        if cell.design.inputs.protocol.fixed_views:
            request['maps'] = {
                'folder': str((self.store.work / 'cache' / 'maps').resolve()),
                'limit': self.feature_cache,
            }
        if (checked := self._checked.get(cell.spec.task)) is not None and checked.sizes:
            request['sizes'] = dict(checked.sizes)
        if (expired := self._observer.expired(self._work(cell))) is not None:
            request['expired'] = list(expired)
        log = folder / 'log.txt'
        return Job(cell.spec.id, request, log, self._stall(cell), self._needs_of(cell))

    def _stall(self, cell: Cell) -> float:
        """Return how long a cell may take without progress, in seconds."""
        if self.stall is not None:
            return self.stall
        return stall_limit(self._workloads.whole.get(cell.spec.cell))

    def places(self, cells: Iterable[Cell]) -> Iterator[tuple[Path, str]]:
        """Yield the work folder of each cell, and the cell's name in messages."""
        titles = self.request.titles
        for cell in cells:
            spec = cell.spec
            name = titles.get(spec.backbone, spec.backbone)
            yield self._work(cell), f'{spec.task}  {name}  {spec.protocol}  seed {spec.seed}'

    def _work(self, cell: Cell) -> Path:
        return self.store.work_folder(self.request.suite.name, cell.spec, cell.fingerprint)

    def _data_warnings(self, cell: Cell) -> dict[str, list[str]]:
        """Return the warnings about a cell's data, under their key in a record's provenance."""
        checked = self._checked.get(cell.spec.task)
        return {'data_warnings': list(checked.warnings)} if checked and checked.warnings else {}

    def _as_it_ran(self, cell: Cell, halvings: int) -> Cell:
        """Return the cell with its batch halved that often; move its results to its folder."""
        if not halvings:
            return cell
        smaller = cell.smaller()[halvings - 1]
        move_folder(self._work(cell), halvings, self._work(smaller))
        return smaller

    def _record(self, cell: Cell, reply: Reply, losses: Sequence[str] = ()) -> RunRecord:
        cell = self._as_it_ran(cell, reply.answer.get('halvings', 0))
        planned = RunRecord(
            suite=self.request.suite.name,
            spec=cell.spec,
            fingerprint=cell.fingerprint,
            status=Status.FAILED,
            provenance={
                **_provenance(cell, reply),
                **self._data_warnings(cell),
                'data_level': self.level.value,
                'options': dict(self.options),
                'log': reply.job.log.relative_to(self.store.work.resolve()).as_posix(),
                **({'lost': list(losses)} if losses else {}),
            },
            config=cell.config,
            **cell.facts,
        )
        answer = reply.answer
        if reply.error and not answer.get('user_error'):
            answer = {**answer, 'error': f'{reply.error} (log: {self._work(cell)}/log.txt)'}
        return finish_record(planned, cell.task, answer, weights=cell.weights)


def assumption_lines(request: Request, inspected: Mapping[str, Inspected]) -> Iterator[str]:
    """Yield a line for each backbone whose normalisation is assumed."""
    for id_, found in inspected.items():
        if found.assumed:
            mean, std = (
                ' '.join(f'{value:g}' for value in values)
                for values in (found.features.mean, found.features.std)
            )
            yield (
                f'WARNING {request.titles.get(id_, id_)}: normalisation assumed to be '
                f'{found.assumed}: --mean {mean} --std {std}'
            )


def _count_cells(cells: int) -> str:
    return f'{count_noun(cells, "cell")} {"is" if cells == 1 else "are"}'


def _provenance(cell: Cell, reply: Reply) -> dict[str, Any]:
    return {
        'started': reply.started.isoformat(timespec='seconds'),
        'finished': datetime.now(UTC).isoformat(timespec='seconds'),
        'release': __version__,
        'libraries': library_versions(cell.source),
        'numerics': dict(cell.numerics),
        'readers': reader_versions(),
        'python': platform.python_version(),
        'platform': f'{platform.system()} {platform.machine()}',
        'data_manifest': cell.manifest,
        'weights': cell.weights,
    }
