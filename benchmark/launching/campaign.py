"""Carry out a request: find data and backbones, compile every cell, run what is not done yet."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmark import __version__
from benchmark.compiling import (
    CODE,
    WEIGHTS,
    WORK,
    Ingredients,
    applicable,
    apply_options,
    compile_config,
    compile_probe,
    compile_search,
    compile_trivial,
    facts_of,
    features_of,
    fingerprint_of,
    grid_of,
    library_versions,
    localise,
    names_and_sizes,
    numerics_of,
    reader_versions,
    trivial_facts,
)
from benchmark.errors import DataError, IncompatibleError
from benchmark.kinds.base import DATA, Config
from benchmark.launching.datachecks import Checked, Placed, check_all
from benchmark.launching.features import Inspected, inspect_all
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.launching.pool import Job, Pool, Reply
from benchmark.planning import Request, expand, recipe_changes
from benchmark.planning.contents import DataReader, Level
from benchmark.planning.data import locate
from benchmark.protocols import TRIVIAL
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import ResultStore, read_record
from benchmark.specs import RunSpec, Task


class Compiled(NamedTuple):
    """What a worker does, by which configuration and weights, and what the record says of it."""

    job: str
    config: Config
    facts: Mapping[str, Any]
    checkpoint: Path | None = None
    code: Path | None = None


@dataclass(frozen=True)
class Cell:
    """A compiled cell, ready to run; ``manifest`` and ``weights`` are hashes of its files.

    ``numerics`` are those of the parts of the benchmark that it involves.
    """

    spec: RunSpec
    task: Task
    compiled: Compiled
    fingerprint: str
    manifest: str
    weights: str | None
    data: Path
    numerics: Mapping[str, int]


class Impossible(NamedTuple):
    """A cell that cannot be run here, and why."""

    spec: RunSpec
    reason: str


@dataclass(frozen=True)
class Plan:
    """All cells of a request, split by whether a good record of exactly this run exists.

    A plan to be carried out has no ``impossible`` cells: one such refuses the whole request.
    """

    done: tuple[Cell, ...]
    to_do: tuple[Cell, ...]
    impossible: tuple[Impossible, ...] = ()


class Ground(NamedTuple):
    """What cells stand on: folders and manifests of data by task, backbones by id."""

    folders: Mapping[str, Path]
    manifests: Mapping[str, str]
    backbones: Mapping[str, Inspected]


@dataclass
class Campaign:
    """A request with its places on this machine.

    Attributes:
        request: what was asked for.
        store: where records and work go.
        data_root: folder of the data sets.
        options: changes to every compiled configuration, by dotted key.
        say: receives one line per event.
        processes: how many carry a training together; probes take one.
        level: how much of the data identifies them.
        feature_cache: bytes that kept features of frozen backbones may take; 0 keeps none.
    """

    request: Request
    store: ResultStore
    data_root: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    say: Callable[[str], None] = lambda line: None
    feature_cache: int = 0
    processes: int = 1
    _checked: dict[str, Checked] = field(default_factory=dict, init=False)
    level: Level = Level.CONTENTS
    _earlier_files: dict[str, Mapping[tuple[RunSpec, str], Path]] = field(
        default_factory=dict, init=False
    )
    _earlier_manifests: dict[Any, str] = field(default_factory=dict, init=False)

    def reader(self) -> DataReader:
        """Return what reads the data of the tasks, each file once."""
        return DataReader(self.store.work / 'cache' / 'data', self.level, self.say)

    def prepare(self, pool: Pool) -> Plan:
        """Return the plan; makes the built-in data and inspects backbones that are new.

        Raises:
            BenchmarkError: data are missing, a backbone cannot be used, or a folder cannot be
                written; nothing was run.
        """
        self.store.check_writable()
        # what can be wrong comes before what takes long
        tasks = self.request.tasks
        found = {t.name: locate(t, self.data_root) for t in tasks if not t.source.provider}
        inspected = inspect_all(self.request.backbones, self.store.work / 'cache', pool)
        folders = found | {t.name: self._made(t) for t in tasks if t.source.provider}
        reader = self.reader()
        manifests = {t.name: reader.manifest(t, folders[t.name]).digest for t in tasks}
        ground = Ground(folders, manifests, inspected)
        return self.split(self.cell(spec, ground) for spec in expand(self.request))

    def cell(self, spec: RunSpec, ground: Ground) -> Cell:
        """Return the compiled cell of ``spec``.

        Raises:
            BenchmarkError: its parts do not fit together.
        """
        task = next(t for t in self.request.tasks if t.name == spec.task)
        inspected = ground.backbones.get(spec.backbone)
        compiled = self._compiled(spec, task, inspected)
        self._check_shares(compiled)
        weights = inspected.weights if inspected else None
        manifest = ground.manifests[spec.task]
        numerics = numerics_of(
            compiled.config, kind=task.kind, protocol=spec.protocol, source=_source(compiled)
        )
        mark = fingerprint_of(
            compiled.config,
            weights=weights,
            manifest=manifest,
            task_version=task.version,
            numerics=numerics,
            source=_source(compiled),
        )
        folder = ground.folders[spec.task]
        return Cell(spec, task, compiled, mark, manifest, weights, folder, numerics)

    def _check_shares(self, compiled: Compiled) -> None:
        """Refuse a batch that the processes of a training cannot share evenly."""
        trainings = {
            'execute': [compiled.config],
            'search': [trial['config'] for trial in compiled.config.get('trials', ())],
        }
        for config in trainings.get(compiled.job, ()):
            size = config['train_dataloader']['batch_size']
            if size % self.processes:
                raise IncompatibleError(
                    f'--processes {self.processes}: they cannot share a batch of {size} evenly'
                )

    def _made(self, task: Task) -> Path:
        """Return the folder of a task whose data the project makes itself, after making it."""
        from benchmark.world import ensure_world

        return ensure_world(self.data_root) / task.source.root

    def _compiled(self, spec: RunSpec, task: Task, inspected: Inspected | None) -> Compiled:
        if spec.protocol == TRIVIAL.name:
            bare = compile_trivial(task)
            # options for a model or its training have no place here
            config = apply_options(bare, applicable(bare, self.options))
            return Compiled('trivial', config, trivial_facts(task))
        assert inspected is not None, 'every backbone of a request is inspected'
        request = self.request
        backbone = next(b for b in request.backbones if b.id == spec.backbone)
        ingredients = Ingredients(
            spec=spec,
            backbone=backbone,
            features=inspected.features,
            task=task,
            protocol=next(p for p in request.protocols if p.name == spec.protocol),
            changes=recipe_changes(request.suite, spec),
        )
        facts = inspected.completed(facts_of(ingredients))
        job, config = self._asked(ingredients)
        return Compiled(job, config, facts, backbone.checkpoint, backbone.code)

    def _asked(self, cell: Ingredients) -> tuple[str, Config]:
        """Return what a worker does for a cell with a backbone, and by which configuration."""
        if cell.protocol.probe:
            bare = compile_probe(cell)
            return 'probe', apply_options(bare, applicable(bare, self.options))
        if grid_of(cell.changes):
            return 'search', compile_search(cell, self.options)
        return 'execute', apply_options(compile_config(cell), self.options)

    def split(self, cells: Iterable[Cell]) -> Plan:
        """Return the plan of ``cells``: those with a good record are done."""
        done: list[Cell] = []
        to_do: list[Cell] = []
        for cell in cells:
            (to_do if self._good(cell) is None else done).append(cell)
        return Plan(tuple(done), tuple(to_do))

    def _good(self, cell: Cell) -> RunRecord | None:
        """Return the good record of ``cell``, of this suite or of one whose records it reuses."""
        return self._found(cell) or self._good_earlier(cell)

    def _found(self, cell: Cell) -> RunRecord | None:
        suite = self.request.suite
        found = (
            self.store.find(s, cell.spec, cell.fingerprint) for s in (suite.name, *suite.reuses)
        )
        return next((record for record in found if record is not None and record.is_ok), None)

    def _good_earlier(self, cell: Cell) -> RunRecord | None:
        """Return the good record of ``cell`` that an older release wrote."""
        path = self._earlier_path(cell)
        record = path and read_record(path)
        return record if record and record.is_ok else None

    def _earlier_path(self, cell: Cell) -> Path | None:
        """Return the file of an older release's record of ``cell``.

        It knows the data by names and sizes, and counts as long as these are the same.
        """
        suite = self.request.suite
        earlier = [found for name in (suite.name, *suite.reuses) if (found := self._earlier(name))]
        # built-in data that are not rendered yet have no names
        if not earlier or (cell.task.source.provider and not cell.manifest):
            return None
        mark = fingerprint_of(
            cell.compiled.config,
            weights=cell.weights,
            manifest=self._names_and_sizes(cell.data, tuple(cell.task.tree)),
            task_version=cell.task.version,
            numerics=cell.numerics,
            source=_source(cell.compiled),
        )
        key = (cell.spec, mark)
        return next((found[key] for found in earlier if key in found), None)

    def _earlier(self, suite: str) -> Mapping[tuple[RunSpec, str], Path]:
        if suite not in self._earlier_files:
            self._earlier_files[suite] = self.store.earlier(suite)
        return self._earlier_files[suite]

    def _names_and_sizes(self, folder: Path, tree: tuple[str, ...]) -> str:
        key = (folder, tree)
        if key not in self._earlier_manifests:
            self._earlier_manifests[key] = names_and_sizes(folder, tree)
        return self._earlier_manifests[key]

    def _adopt(self, cells: Iterable[Cell]) -> None:
        """Move records of an older release to today's place, with today's digest of the data."""
        for cell in cells if any(self._earlier_files.values()) else ():
            path = self._earlier_path(cell)
            if path and path.exists() and self._found(cell) is None:
                record, mark = read_record(path), cell.fingerprint
                self.store.adopt(path, record, mark, cell.manifest, self.level.value)

    def take_over(self, plan: Plan) -> None:
        """Write a copy of those records of other suites that count here."""
        suite = self.request.suite.name
        self._adopt(plan.done)
        for cell in plan.done if self.request.suite.reuses else ():
            record = self._good(cell)
            if record is not None and record.suite != suite:
                self.store.copy(record, suite)

    def run(self, pool: Pool, plan: Plan) -> list[RunRecord]:
        """Run the cells that are to do and return their records, each saved as it ends.

        A cell that another process is running has none. Before anything is trained a worker looks
        at the data: the cells of a task whose data cannot be used fail at once.

        Raises:
            DataError: that is so of every cell that is to do; none has a record then.
        """
        self.take_over(plan)
        cells = {cell.spec.id: cell for cell in plan.to_do}
        records: list[RunRecord] = []
        busy = 0
        with self._ledger(plan):
            for reply in self._replies(pool, plan.to_do):
                if reply.answer.get('busy'):
                    busy += 1
                    continue
                record = self._record(cells[reply.job.name], reply)
                self._save(record)
                records.append(record)
                self.say(f'[{len(records) + busy}/{len(cells)}] {describe(record)}')
        if busy:
            self.say(f'{_counted(busy)} being run by another process')
        return records

    def _replies(self, pool: Pool, cells: Sequence[Cell]) -> Iterator[Reply]:
        """Yield a reply for every cell, first those whose data cannot be used."""
        placed = [Placed(cell.task, cell.data, cell.manifest) for cell in cells]
        self._checked = check_all(placed, self.store.work / 'cache', pool, self.say)
        reasons = {name: found.reason for name, found in self._checked.items() if found.reason}
        fit = [cell for cell in cells if cell.spec.task not in reasons]
        if reasons and not fit:
            raise DataError('; '.join(f"task '{name}': {why}" for name, why in reasons.items()))
        for cell in cells:
            if reason := reasons.get(cell.spec.task):
                answer = {'error': reason, 'user_error': True}
                yield Reply(self._job(cell), answer, datetime.now(UTC))
        yield from pool.run(self._job(cell) for cell in fit)

    def _ledger(self, plan: Plan) -> AbstractContextManager[None]:
        """Return the block in which `tbench status` sees this campaign at work."""
        entries = [Entry(cell.spec, cell.fingerprint) for cell in (*plan.done, *plan.to_do)]
        return open_ledger(self.store, self.request.suite.name, entries)

    def _save(self, record: RunRecord) -> None:
        """Write ``record``, unless another process has finished the same run in the meantime."""
        found = self.store.find(record.suite, record.spec, record.fingerprint)
        if record.is_ok or found is None or not found.is_ok:
            self.store.save(record)

    def canary(self, cell: Cell, samples: int) -> Job:
        """Return the job that computes the canary of ``cell`` from ``samples`` of each split."""
        job, spec = self._job(cell), cell.spec
        request = {**job.request, 'job': 'canary', 'samples': samples}
        log = job.log.with_name('canary.txt')
        return Job(f'{spec.task} {spec.backbone} {spec.protocol}', request, log)

    def _job(self, cell: Cell) -> Job:
        folder = self._work(cell)
        places = {
            DATA: str(cell.data.resolve()),
            WORK: str(folder.resolve()),
            WEIGHTS: str(cell.compiled.checkpoint or ''),
            CODE: str(cell.compiled.code or ''),
        }
        request: dict[str, Any] = {
            'job': cell.compiled.job,
            'config': localise(cell.compiled.config, places),
            'folder': str(folder.resolve()),
        }
        if cell.compiled.job in ('execute', 'search') and self.processes > 1:
            request['processes'] = self.processes
        if cell.compiled.job == 'probe':
            request['cache'] = self._cache(cell)
        return Job(cell.spec.id, request, folder.resolve() / 'log.txt')

    def _cache(self, cell: Cell) -> dict[str, Any]:
        """Return where features are kept, and what determines them beside the weights."""
        key = fingerprint_of(
            features_of(cell.compiled.config),
            weights=cell.weights,
            manifest=cell.manifest,
            task_version=cell.task.version,
            # what is done with features does not change them
            numerics={k: n for k, n in cell.numerics.items() if not k.startswith('protocol ')},
            source=_source(cell.compiled),
        )
        folder = self.store.work / 'cache' / 'features'
        return {'folder': str(folder.resolve()), 'limit': self.feature_cache, 'key': key}

    def _work(self, cell: Cell) -> Path:
        return self.store.work_folder(self.request.suite.name, cell.spec, cell.fingerprint)

    def _record(self, cell: Cell, reply: Reply) -> RunRecord:
        failed = RunRecord(
            suite=self.request.suite.name,
            spec=cell.spec,
            fingerprint=cell.fingerprint,
            status=Status.FAILED,
            provenance={
                **_provenance(cell, reply),
                **self._data_warnings(cell),
                'data_level': self.level.value,
                'options': dict(self.options),
            },
            config=cell.compiled.config,
            **cell.compiled.facts,
        )
        if reply.error:
            return replace(failed, error=self._reason(cell, reply))
        try:
            return measured(failed, cell, reply.answer)
        except (KeyError, ValueError) as error:
            return replace(failed, error=f'result refused: {error.args[0]}')

    def _data_warnings(self, cell: Cell) -> dict[str, list[str]]:
        """Return what was odd about the data of a cell, under its key of a record's provenance."""
        checked = self._checked.get(cell.spec.task)
        return {'data_warnings': list(checked.warnings)} if checked and checked.warnings else {}

    def _reason(self, cell: Cell, reply: Reply) -> str:
        if reply.answer.get('user_error'):
            return reply.error
        return f'{reply.error} (log: {self._work(cell)}/log.txt)'


def measured(record: RunRecord, cell: Cell, answer: Mapping[str, Any]) -> RunRecord:
    """Return ``record`` with what a worker measured.

    Raises:
        KeyError: the answer lacks a declared metric or a part of the record.
        ValueError: a score lies outside its metric's bounds, or a number is not finite.
    """
    scored = replace(
        record,
        status=Status.OK,
        scores=canonical_scores(cell.task, answer['raw']),
        raw=answer['raw'],
        proof={**answer['proof'], 'weights_sha256': cell.weights},
        cost=answer['cost'],
        curves=answer['curves'],
        pictures=tuple(answer['pictures']),
        trials=tuple(answer.get('trials', ())),
    )
    scored.to_json()
    return scored


def canonical_scores(task: Task, raw: Mapping[str, float]) -> dict[str, float]:
    """Return the task's metrics in canonical units.

    Raises:
        KeyError: the evaluators did not return a declared metric.
        ValueError: a value lies outside its metric's bounds.
    """
    metrics = {metric.key: metric for metric in (task.metric, *task.metrics)}
    missing = [key for key in metrics if key not in raw]
    if missing:
        raise KeyError(f'the evaluators returned no {missing[0]}, only {", ".join(sorted(raw))}')
    return {key: metric.canonical(raw[key]) for key, metric in metrics.items()}


def _source(compiled: Compiled) -> str:
    """Return where the network of a cell comes from; nothing for a trivial predictor."""
    return str(compiled.facts.get('backbone', {}).get('source') or '')


def _counted(cells: int) -> str:
    return '1 cell is' if cells == 1 else f'{cells} cells are'


def describe(record: RunRecord) -> str:
    """Return one line about a finished cell."""
    spec = record.spec
    cell = f'{spec.task}  {spec.backbone}  {spec.protocol}  seed {spec.seed}'
    if not record.is_ok:
        return f'{cell}  FAILED: {record.error}'
    seconds = record.cost['train_seconds'] + record.cost['test_seconds']
    return f'{cell}  {record.primary} {record.scores[record.primary]:.2f}  ({seconds:.0f} s)'


def _provenance(cell: Cell, reply: Reply) -> dict[str, Any]:
    return {
        'started': reply.started.isoformat(timespec='seconds'),
        'finished': datetime.now(UTC).isoformat(timespec='seconds'),
        'release': __version__,
        'libraries': library_versions(_source(cell.compiled)),
        'numerics': dict(cell.numerics),
        'readers': reader_versions(),
        'python': platform.python_version(),
        'platform': f'{platform.system()} {platform.machine()}',
        'data_manifest': cell.manifest,
        'weights': cell.weights,
    }
