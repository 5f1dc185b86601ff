"""The functions behind the command line and `transferbench`.

Heavy imports stay inside the functions, so that each loads only what it needs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmark.errors import BenchmarkError, DataError, IncompatibleError
from benchmark.specs import DROP, REINIT
from benchmark.wording import count_noun

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from benchmark.acquiring.getting import Manner
    from benchmark.analysis.findings import Finding
    from benchmark.checking.drafting import NewTask
    from benchmark.commons.site import Site
    from benchmark.commons.verifying import Verdict
    from benchmark.launching.campaign import Campaign
    from benchmark.launching.executors.base import Executor
    from benchmark.launching.pretraining import Pretrained
    from benchmark.launching.status import CampaignStatus
    from benchmark.launching.survey import Survey
    from benchmark.planning import Plan
    from benchmark.planning.contents import DataReader
    from benchmark.regression.compare import Comparison
    from benchmark.report import BackboneComparison, ReportOptions
    from benchmark.results.gathered import Records
    from benchmark.results.records import RunRecord
    from benchmark.results.sharing import Imported
    from benchmark.results.store import ResultStore
    from benchmark.results.suites import SuiteFacts
    from benchmark.specs import Backbone, CheckResult, Protocol, Suite, Task
    from benchmark.tracking import Tracker

FEATURE_CACHE = 4 * 2**30
"""Default size limit of the feature cache in bytes."""

Say = Callable[[str], None]
"""Type: a function that receives one line per event."""


def default_data_root() -> Path:
    """Return the folder of the data sets: ``$TBENCH_DATA``, else ``data`` in the working directory.

    >>> default_data_root().name != ''
    True
    """
    return Path(os.environ.get('TBENCH_DATA') or 'data')


# what is declared


def list_tasks(kind: str | None = None) -> tuple[str, ...]:
    """Return the names of the shipped tasks, sorted; only those of ``kind`` if given.

    Raises:
        UnknownNameError: there is no such kind.

    >>> 'nyuv2' in list_tasks(kind='depth')
    True
    """
    from benchmark.catalog import shipped_tasks
    from benchmark.kinds import load_kind

    wanted = None if kind is None else load_kind(kind).name
    tasks = shipped_tasks().values()
    return tuple(sorted(task.name for task in tasks if wanted in (None, task.kind)))


def get_task(name: str | Path) -> Task:
    """Return a task by its name or from a declaration file.

    Raises:
        UnknownNameError: no shipped task has that name.
        DeclarationError: the declaration is wrong.

    >>> get_task('world-depth').kind
    'depth'
    """
    from benchmark.catalog import find_task

    return find_task(str(name))


def list_backbones() -> tuple[str, ...]:
    """Return the names of the backbones that are declared in the zoo.

    >>> 'world-vit-mae' in list_backbones()
    True
    """
    from benchmark.catalog import zoo

    return tuple(zoo())


def get_backbone(which: str | Path | Mapping[str, Any] | Backbone) -> Backbone:
    """Return a backbone by id or name in the zoo, from a declaration file or a declaration.

    Raises:
        UnknownNameError: neither a known source nor a declared name.
        DeclarationError: the declaration is wrong.
        CheckpointError: its weights file does not exist.

    >>> get_backbone('timm:resnet18+random').is_random
    True
    >>> get_backbone({'name': 'mine', 'source': 'timm:resnet18', 'random': True}).id
    'mine'
    """
    from benchmark.catalog import declare_backbone, find_backbone
    from benchmark.specs import Backbone

    if isinstance(which, Backbone):
        return which
    if isinstance(which, Mapping):
        return declare_backbone(which)
    if isinstance(which, str | Path):
        return find_backbone(str(which))
    raise IncompatibleError(
        f'a backbone is an id, a declaration or a torch.nn.Module, not a {type(which).__name__}'
    )


def list_suites() -> tuple[str, ...]:
    """Return the names of the shipped suites.

    >>> 'quick' in list_suites()
    True
    """
    from benchmark.catalog import shipped_suites

    return tuple(shipped_suites())


def get_suite(which: str | Path | Mapping[str, Any]) -> Suite:
    """Return a suite by its name, from a declaration file or from a declaration.

    Raises:
        UnknownNameError: no shipped suite has that name.
        DeclarationError: the declaration is wrong.

    >>> get_suite('quick').seeds
    (0, 1, 2)
    """
    from benchmark.catalog import declare_suite, find_suite

    return declare_suite(which) if isinstance(which, Mapping) else find_suite(str(which))


def list_protocols() -> tuple[str, ...]:
    """Return the names of the protocols, including those of other packages.

    >>> list_protocols()[:2]
    ('finetune', 'lp-ft')
    """
    from benchmark.protocols import protocol_names

    return protocol_names()


def get_protocol(name: str) -> Protocol:
    """Return a protocol by its name.

    Raises:
        UnknownNameError: there is no such protocol.

    >>> get_protocol('frozen').trains.value
    'head'
    """
    from benchmark.protocols import load_protocol

    return load_protocol(name)


def list_declared(what: str) -> list[dict[str, Any]]:
    """Return a row with the facts of each task, backbone, suite or protocol that is declared.

    Args:
        what: ``'tasks'``, ``'backbones'``, ``'suites'`` or ``'protocols'``.

    Raises:
        UnknownNameError: it is none of these.

    >>> list_declared('suites')[0].keys() >= {'name', 'tasks', 'protocols', 'seeds'}
    True
    """
    from benchmark.catalog.listings import listing

    return listing(what)


# running


@dataclass(frozen=True)
class Run:
    """The result of a request: its records, and tables of them.

    Attributes:
        suite: the name under which its records are kept.
        records: the records of all its cells, those of earlier runs included. From a thousand
            cells on, each is read from its file when it is asked for.
        new: how many of them were made by this run.
        busy: how many cells another process was running.
        archives: files to send to evaluation servers.
        flags: a line for each cell with a suspicious score, with the reason.
    """

    suite: str
    records: Sequence[RunRecord]
    new: int = 0
    busy: int = 0
    archives: tuple[Path, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def failed(self) -> Sequence[RunRecord]:
        """The records of cells that failed; each says why in ``error``."""
        from benchmark.results.gathered import Records

        if isinstance(self.records, Records):
            return self.records.failed
        return tuple(record for record in self.records if not record.is_ok)

    def frame(self) -> pd.DataFrame:
        """Return a tidy table: one row per record and metric, values in canonical units."""
        from benchmark.report.data.memory import frame_of

        return frame_of(self.records)

    def leaderboard(self, protocol: str | None = None) -> pd.DataFrame:
        """Return the mean over seeds of each backbone on each task, the best backbone first.

        Raises:
            UnknownNameError: there is no record of ``protocol``.
        """
        from benchmark.report.data.memory import leaderboard_of

        return leaderboard_of(self.records, protocol)

    def __repr__(self) -> str:
        """Return the numbers of cells, of new ones and of failures, and the first error."""
        lines = [
            f'Run of {self.suite}: {len(self.records)} cells, {self.new} of them run now, '
            f'{len(self.failed)} failed'
        ]
        lines += [f'  failed: {record.spec.id}: {record.error}' for record in self.failed[:3]]
        return '\n'.join(lines)

    def _repr_html_(self) -> str:
        """Return the leaderboard and the failures as HTML, for a notebook."""
        from html import escape

        board = self.leaderboard().to_html(float_format='{:.2f}'.format, na_rep='-')
        failures = ''.join(
            f'<li>{escape(record.spec.id)}: {escape(record.error)}</li>' for record in self.failed
        )
        return board + (f'<p>Failed:</p><ul>{failures}</ul>' if failures else '')


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What :func:`evaluate` is asked, but for where cells run; its arguments say what each means.

    Attributes:
        backbones: one or several, as ids, files, declarations, objects or modules in memory.
        suite: name, declaration file or declaration; the suite ``custom`` unless given.
        tasks: names of tasks, or files where no suite is given.
        protocols: names of protocols; the suite's unless given.
        seeds: random seeds; the suite's unless given.
        data_root: folder of the data sets; ``$TBENCH_DATA`` or ``data`` unless given.
        results: folder of the records.
        work_dir: folder of checkpoints, logs and caches.
        processes: how many share the batches of a training.
        workers: how many processes load samples; as the device needs them unless given.
        precision: ``'exact'`` or ``'fast'``; by the device unless given.
        feature_cache: room for kept features of frozen backbones, in bytes.
        quick_data: whether photographs are known by name and size.
        submission: whether archives for evaluation servers are written.
        outcomes: whether what was found of each test example is kept.
        waits: whether to stay until no cell is left.
        stall: seconds that a cell may take without progress.
        options: changes to every compiled configuration, by dotted key.
        track: where curves and scores are sent while cells run.
        say: receives one line per event.
    """

    backbones: Any = ()
    suite: str | Path | Mapping[str, Any] | None = None
    tasks: Sequence[str | Path] = ()
    protocols: Sequence[str] = ()
    seeds: Sequence[int] = ()
    data_root: str | Path | None = None
    results: str | Path = 'results'
    work_dir: str | Path = 'work_dirs'
    processes: int = 1
    workers: int | None = None
    precision: str | None = None
    feature_cache: int = FEATURE_CACHE
    quick_data: bool = False
    submission: bool = False
    outcomes: bool = True
    waits: bool = False
    stall: float | None = None
    options: Mapping[str, Any] | None = None
    track: str | Tracker | Sequence[str | Tracker] = ()
    say: Say | None = None


def evaluate(
    backbones: Any = (),
    *,
    suite: str | Path | Mapping[str, Any] | None = None,
    tasks: Sequence[str | Path] = (),
    protocols: Sequence[str] = (),
    seeds: Sequence[int] = (),
    data_root: str | Path | None = None,
    results: str | Path = 'results',
    work_dir: str | Path = 'work_dirs',
    executor: Executor | str | None = None,
    device: str = 'auto',
    jobs: int | None = None,
    processes: int = 1,
    workers: int | None = None,
    precision: str | None = None,
    feature_cache: int = FEATURE_CACHE,
    quick_data: bool = False,
    submission: bool = False,
    outcomes: bool = True,
    waits: bool = False,
    stall: float | None = None,
    resources: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    track: str | Tracker | Sequence[str | Tracker] = (),
    say: Say | None = None,
) -> Run:
    """Evaluate backbones on tasks and return the records; cells that are done are not run again.

    Args:
        backbones: one or several: ids, names in the zoo, declaration files (each also as
            ``NAME=ID``, with the title that tables show) or declarations,
            :class:`Backbone` objects, or modules in memory (``torch.nn.Module``), whose
            ``forward`` takes images (B, 3, H, W) and returns one map (B, C, h, w) or several.
            The suite's own if none is given.
        suite: name, declaration file or declaration of a suite; without one, ``tasks`` are run as
            the suite ``custom``.
        tasks: names of tasks, of the suite if there is one; names or files otherwise.
        protocols: names of protocols; by default the suite's, else ``finetune``.
        seeds: random seeds; by default the suite's, else 0.
        data_root: folder of the data sets; by default ``$TBENCH_DATA``, else ``data``.
        results: folder of the records.
        work_dir: folder of checkpoints, logs and caches.
        executor: where cells run: an executor, or its name. By default worker processes on this
            machine unless a backbone is a module in memory, which only this process can see.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``; unused if ``executor`` is an object.
        jobs: how many cells run at a time; unused if ``executor`` is an object.
        processes: how many processes train a cell together, dividing each batch.
        workers: data-loader processes per training process; does not affect scores; by default as
            many as there are free cores on a GPU, 0 on a CPU.
        precision: ``'exact'`` or ``'fast'`` (bfloat16 autocast in training, TF32, faster kernels);
            by default ``'fast'`` on a GPU and ``'exact'`` on a CPU.
        feature_cache: size limit in bytes of the cache of frozen features; 0 turns it off.
        quick_data: identify photographs by name and size instead of by content.
        submission: also write the archive for the evaluation server of a tracking
            task whose test labels are withheld; cells that are done are trained again for it.
        outcomes: store the outcome of each test example, for :func:`compare`.
        waits: wait until no cell is left, including those of other processes, and take cells in
            a random order: for one of many workers of a suite.
        stall: seconds without progress after which a cell is stopped; by default ten
            times its expected duration, at least half an hour.
        resources: resources to request from a cluster, by name, such as a partition;
            unused if ``executor`` is an object.
        options: changes to every compiled configuration, by dotted key.
        track: where curves and scores are sent while cells run: ``'tensorboard'``, ``'wandb'``,
            ``'mlflow'``, ``'trackio'``, a tracker of another package or a
            :class:`~benchmark.tracking.base.Tracker`; one or several. No score depends on it.
        say: receives one line per event.

    Raises:
        BenchmarkError: the request is invalid; nothing was run. A cell that fails raises nothing:
            its record says why.
    """
    asked = RunRequest(
        backbones=backbones,
        suite=suite,
        tasks=tasks,
        protocols=protocols,
        seeds=seeds,
        data_root=data_root,
        results=results,
        work_dir=work_dir,
        processes=processes,
        workers=workers,
        precision=precision,
        feature_cache=feature_cache,
        quick_data=quick_data,
        submission=submission,
        outcomes=outcomes,
        waits=waits,
        stall=stall,
        options=options,
        track=track,
        say=say,
    )
    return run_request(asked, executor=executor, device=device, jobs=jobs, resources=resources)


def run_request(
    asked: RunRequest,
    *,
    executor: Executor | str | None = None,
    device: str = 'auto',
    jobs: int | None = None,
    resources: Mapping[str, str] | None = None,
) -> Run:
    """Return what became of a request; the arguments say where cells run, as of :func:`evaluate`.

    Args:
        asked: what to run.
        executor: an executor or the name of one.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        jobs: how many cells run at a time.
        resources: what an executor of a cluster is asked for, by name.

    Raises:
        BenchmarkError: the request is wrong; nothing was run.
    """
    with (
        open_campaign(asked) as campaign,
        open_executor(executor, campaign, device=device, jobs=jobs, resources=resources) as place,
    ):
        return run_campaign(campaign, place)


@contextlib.contextmanager
def open_campaign(asked: RunRequest) -> Iterator[Campaign]:
    """Yield the campaign of a request; nothing runs yet.

    Raises:
        BenchmarkError: a name is unknown, a declaration wrong, or a folder cannot be written.
    """
    from benchmark.launching.campaign import Campaign
    from benchmark.planning import Request
    from benchmark.planning.contents import Level
    from benchmark.results.store import ResultStore
    from benchmark.tracking import open_tracking

    for flag, folder in (('--results', asked.results), ('--work-dir', asked.work_dir)):
        check_folder(flag, Path(folder))
    with contextlib.ExitStack() as stack:
        found = [_resolve(item, stack) for item in _listed(asked.backbones)]
        wanted = tuple(map(str, asked.tasks))
        request = Request.read(
            _suite_of(asked.suite, wanted, asked.protocols, asked.seeds),
            backbones=found,
            tasks=() if asked.suite is None else wanted,
            protocols=asked.protocols,
            seeds=asked.seeds,
        )
        yield Campaign(
            request=request,
            store=ResultStore(Path(asked.results), Path(asked.work_dir)),
            data_root=default_data_root() if asked.data_root is None else Path(asked.data_root),
            options={**(asked.options or {}), **_loading(asked.workers)},
            say=asked.say or _nobody,
            feature_cache=asked.feature_cache,
            processes=asked.processes,
            level=Level.QUICK if asked.quick_data else Level.CONTENTS,
            submission=asked.submission,
            outcomes=asked.outcomes,
            precision=asked.precision,
            waits=asked.waits,
            stall=asked.stall,
            tracking=stack.enter_context(
                open_tracking(asked.track, Path(asked.work_dir) / 'tracking', asked.say or _nobody)
            ),
        )


def _nobody(line: str) -> None:
    """Say nothing."""


def _suite_of(
    suite: str | Path | Mapping[str, Any] | None,
    tasks: tuple[str, ...],
    protocols: Sequence[str],
    seeds: Sequence[int],
) -> str | Suite:
    """Return the suite of a request; without a name, one made of its tasks."""
    if suite is None and not tasks:
        raise BenchmarkError("nothing to run: name a suite, as in suite='quick', or tasks")
    if suite is None:
        suite = {
            'name': 'custom',
            'title': 'Tasks of your own choice',
            'tasks': tasks,
            'protocols': tuple(protocols) or ('finetune',),
            'seeds': tuple(seeds) or (0,),
        }
    return get_suite(suite) if isinstance(suite, Mapping) else str(suite)


def _listed(backbones: Any) -> list[Any]:
    from benchmark.specs import Backbone

    is_one = isinstance(backbones, str | Path | Mapping | Backbone) or _is_module(backbones)
    return [backbones] if is_one else list(backbones)


def _is_module(thing: Any) -> bool:
    """Whether ``thing`` is a ``torch.nn.Module``, found out without importing torch."""
    torch = sys.modules.get('torch')
    return torch is not None and isinstance(thing, torch.nn.Module)


def _resolve(which: Any, stack: contextlib.ExitStack) -> str | Backbone:
    """Return a backbone for a request; a module in memory is held until ``stack`` closes."""
    if not _is_module(which):
        return str(which) if isinstance(which, str | Path) else get_backbone(which)
    from benchmark.sources.memory import MARK, held
    from benchmark.specs import Backbone

    name = type(which).__name__
    mark = stack.enter_context(held(which))
    return Backbone(
        id=f'{name}#{mark[:6]}', source=f'memory:{name}', options={MARK: mark}, title=name
    )


def _loading(workers: int | None) -> dict[str, int]:
    """Return the config option for data-loader processes; not part of the fingerprint."""
    from benchmark.compiling import LOADERS

    return {} if workers is None else {LOADERS: workers}


def check_folder(flag: str, folder: Path) -> None:
    """Raise if ``folder``, given as the option ``flag``, is not a writable directory.

    Raises:
        BenchmarkError: names the option and what is in the way.
    """
    there = next((place for place in (folder, *folder.parents) if place.exists()), Path())
    if not there.is_dir():
        raise BenchmarkError(f'{flag} {folder}: {there} is a file; it must be a folder')
    if not os.access(there, os.W_OK | os.X_OK):
        raise BenchmarkError(f'{flag} {folder}: {there} is not writable')


@contextlib.contextmanager
def open_executor(
    executor: Executor | str | None,
    campaign: Campaign,
    *,
    device: str = 'auto',
    jobs: int | None = None,
    resources: Mapping[str, str] | None = None,
) -> Iterator[Executor]:
    """Yield the executor of a campaign; one that is created here is closed afterwards.

    Args:
        executor: an executor, which stays open, or the name of one; ``None`` chooses.
        campaign: what it will run.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        jobs: how many cells run at a time.
        resources: what an executor of a cluster is asked for, by name.

    Raises:
        BenchmarkError: there is no such executor or device, or a module in memory would have to
            leave this process.
    """
    from benchmark.launching.executors import Wanted, make_executor
    from benchmark.launching.executors.inline import InlineExecutor
    from benchmark.planning import expand

    in_memory = [b.id for b in campaign.request.backbones if b.source.startswith('memory:')]
    if executor is None:
        executor = 'inline' if in_memory else 'local'
    is_own = isinstance(executor, str)
    if isinstance(executor, str):
        processes, most = campaign.processes, len(expand(campaign.request))
        wanted = Wanted(device, jobs, processes, most, campaign.store.work, resources or {})
        executor = make_executor(executor, wanted)
    is_here = isinstance(executor, InlineExecutor) and campaign.processes == 1
    if in_memory and not is_here:
        raise IncompatibleError(
            f'{in_memory[0]} is a module in memory, which other processes cannot see: leave '
            'out executor and processes, or save its weights and name it as '
            'FILE.py:CLASS@WEIGHTS'
        )
    if is_own:
        with executor:
            yield executor
    else:
        yield executor


def run_campaign(campaign: Campaign, executor: Executor) -> Run:
    """Run what a campaign has to do, and return the result.

    Raises:
        BenchmarkError: the request is wrong; nothing was run.
    """
    plan = campaign.prepare(executor)
    name = campaign.request.suite.name
    campaign.say(f'{name}: {count_noun(len(plan.done), "cell")} done, {len(plan.to_do)} to do')
    from benchmark.launching.progress import reporting

    with reporting(campaign, plan):
        records = campaign.run(executor, plan)
    failed = len(records.failed)
    campaign.say(
        f'{len(records) - failed} cells ran, {failed} failed, {len(plan.done)} were done before'
    )
    places = map(campaign.archive, (*plan.done, *plan.to_do))
    found = _in_order(campaign, plan, records)
    return Run(
        name,
        found,
        len(records),
        len({cell.spec for cell in plan.to_do}.difference(found.specs)),
        tuple(place for place in places if place is not None and place.is_file()),
        _flags(campaign, found),
    )


def _flags(campaign: Campaign, records: Records) -> tuple[str, ...]:
    """Return what is suspicious about the scores of ``records``, beside others of the suite."""
    from benchmark.report.inference.flags import flag_lines
    from benchmark.report.writing import suite_boards
    from benchmark.results.counting import cell_key

    if len(records.failed) == len(records):
        return ()
    asked = set(map(cell_key, records.specs))
    boards = suite_boards(campaign.store, campaign.request.suite.name)
    return tuple(flag_lines(boards, asked))


def _in_order(campaign: Campaign, plan: Plan, new: Records) -> Records:
    """Return the records of a plan's cells in the order of the request."""
    from benchmark.planning import expand
    from benchmark.results.gathered import Records

    found = {entry.spec: entry for entry in new.entries}
    # another process may have done what was to do
    others = (cell for cell in plan.to_do if cell.spec not in found)
    found |= {entry.spec: entry for entry in campaign.good_records([*plan.done, *others])}
    place = {spec: number for number, spec in enumerate(expand(campaign.request))}
    return Records(
        found[spec] for spec in sorted(found, key=lambda spec: place.get(spec, len(place)))
    )


@dataclass(frozen=True)
class Night:
    """What a night found.

    Attributes:
        comparison: the verdict on each cell, and the exit code that they add up to.
        folder: where its records, tables and files for CI services are.
    """

    comparison: Comparison
    folder: Path


def run_night(
    asked: RunRequest,
    folder: str | Path,
    *,
    baseline: str | Path | None = None,
    night: date | None = None,
    seeds: int = 2,
    confirm: int = 4,
    rules: Mapping[str, Any] | None = None,
    executor: Executor | str | None = None,
    device: str = 'auto',
    jobs: int | None = None,
    resources: Mapping[str, str] | None = None,
) -> Night:
    """Run a suite with fresh seeds, and compare it with a baseline and with earlier nights.

    Args:
        asked: what to run; its seeds and results folder are not used.
        folder: where nights, history and canaries are kept.
        baseline: folder of the records to compare with; ``baseline`` in ``folder`` unless given.
        night: the date that names the night and gives its seeds; today (UTC) unless given.
        seeds: how many runs each cell gets.
        confirm: how many more a suspicious cell gets.
        rules: what counts as worse, by the names that :func:`regress` has for it.
        executor: where cells run, as of :func:`evaluate`.
        device: as of :func:`evaluate`.
        jobs: as of :func:`evaluate`.
        resources: as of :func:`evaluate`.

    Raises:
        BenchmarkError: there is no baseline, or the request is wrong; nothing was run.
    """
    from benchmark.launching.nightly import Nightly
    from benchmark.regression.folders import today
    from benchmark.regression.rules import check_margin, make_rules

    chosen, place = make_rules(**(rules or {})), Path(folder)
    check_folder('--out', place)
    with open_campaign(asked) as campaign:
        check_margin(chosen.margin, (task.metric.key for task in campaign.request.tasks))
        nightly = Nightly(
            campaign=campaign,
            baseline=place / 'baseline' if baseline is None else Path(baseline),
            folder=place,
            night=night or today(),
            seeds=seeds,
            fresh=confirm,
            rules=chosen,
        )
        with open_executor(
            executor, campaign, device=device, jobs=jobs, resources=resources
        ) as workers:
            return Night(nightly.run(workers), nightly.night_folder)


def survey_campaign(campaign: Campaign, executor: Executor) -> Survey:
    """Return what a campaign would do here, and its cost; nothing is trained.

    Raises:
        BenchmarkError: a record cannot be read.
    """
    from benchmark.launching.survey import survey

    return survey(campaign, executor, executor.device)


def campaigns(work_dir: str | Path = 'work_dirs', suite: str | None = None) -> list[CampaignStatus]:
    """Return every running campaign and the newest one of each suite, newest first.

    Raises:
        RecordError: a file of the work folder or a record cannot be read.

    >>> campaigns('no-such-folder')
    []
    """
    from benchmark.launching.status import statuses

    return statuses(Path(work_dir), suite)


def cancel(work_dir: str | Path = 'work_dirs', suite: str | None = None) -> list[str]:
    """Ask all running campaigns to stop, on any host; return the process of each.

    Within seconds each saves checkpoints, ends its workers and its jobs of a scheduler, and ends.

    Raises:
        BenchmarkError: a file of the work folder cannot be read or written.

    >>> cancel('no-such-folder')
    []
    """
    from benchmark.launching.ledger import ask_to_stop

    return ask_to_stop(Path(work_dir), suite)


# pretraining


def pretrain(
    method: str,
    out: str | Path,
    *,
    arch: str | None = None,
    arch_options: Mapping[str, Any] | None = None,
    data: str | Path | None = None,
    name: str | None = None,
    epochs: float | None = None,
    steps: int | None = None,
    seconds: float | None = None,
    match: Literal['epochs', 'steps', 'seconds'] | None = None,
    like: str | Path | None = None,
    size: int | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    mask_ratio: float | None = None,
    seed: int = 0,
    device: str = 'auto',
    processes: int = 1,
    threads: int = 1,
    pictures: int | None = None,
    labels: str = 'coarse',
    data_root: str | Path | None = None,
    save_every: int | None = None,
    say: Say | None = None,
) -> Pretrained:
    """Pretrain an architecture in this process, and return the declared backbone that comes out.

    A training that was interrupted in ``out`` is continued, one that is finished stays as it is.
    The length is one of ``epochs``, ``steps``, ``seconds``, or ``match`` with ``like``.

    Args:
        method: ``'mae'``, ``'simmim'``, ``'data2vec'``, ``'maskfeat'``, ``'spark'`` or
            ``'supervised'``.
        out: the folder to write to.
        arch: the architecture, as :func:`evaluate` takes backbones; its weights are not used.
        arch_options: arguments of the architecture by name.
        data: ``'world'``, or a folder of pictures, in a folder per class for labels.
        name: of the backbone; the folder's unless given.
        epochs: passes over the pictures.
        steps: steps of the optimiser.
        seconds: as many steps as take so long here, by a trial.
        match: as many of these as the pretraining in ``like`` took.
        like: folder of a finished pretraining; what is not given here is as there.
        size: side of the pictures in pixels.
        batch_size: pictures per step, over all processes.
        lr: largest learning rate of AdamW.
        mask_ratio: share of the patches that is hidden; the paper's unless given.
        seed: of all random numbers.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        processes: how many share every batch, one per GPU or core.
        threads: how many a single process has on a CPU.
        pictures: how many of the world.
        labels: the world's classes, ``'coarse'`` or ``'species'``.
        data_root: folder of the data sets; ``$TBENCH_DATA``, else ``data``.
        save_every: after how many steps the weights are also written, to ``checkpoints``.
        say: receives one line per event.

    Raises:
        BenchmarkError: the request is wrong, or the loss diverged.

    >>> pretrain('mea', 'out', steps=4)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    benchmark.errors.UnknownNameError: unknown pretraining method 'mea'; did you mean 'mae'? ...
    """
    from benchmark.launching.pretraining import pretrain as train
    from benchmark.launching.pretraining_request import PretrainingRequest

    asked = PretrainingRequest(
        method=method,
        out=Path(out),
        data_root=default_data_root() if data_root is None else Path(data_root),
        arch=arch,
        arch_options=arch_options or {},
        data=None if data is None else str(data),
        name=name,
        epochs=epochs,
        steps=steps,
        seconds=seconds,
        match=match,
        like=None if like is None else Path(like),
        size=size,
        batch_size=batch_size,
        lr=lr,
        mask_ratio=mask_ratio,
        seed=seed,
        device=device,
        processes=processes,
        threads=threads,
        pictures=pictures,
        labels=labels,
        save_every=save_every,
    )
    return train(asked, say or (lambda line: None))


# checking


@dataclass(frozen=True)
class Check:
    """The result of :func:`check`.

    Attributes:
        backbone: its id.
        contract: a result for each property that heads rely on.
        kinds: for each kind of task, whether the backbone can serve it and why not.
    """

    backbone: str
    contract: tuple[CheckResult, ...]
    kinds: tuple[CheckResult, ...] = field(default=())

    @property
    def is_ok(self) -> bool:
        """Whether the contract holds; a kind that cannot be served does not break it."""
        return all(finding.is_ok for finding in self.contract)

    @property
    def served(self) -> tuple[str, ...]:
        """The kinds of tasks that the backbone can serve."""
        return tuple(kind.what for kind in self.kinds if kind.is_ok and self.is_ok)

    def lines(self) -> Iterator[str]:
        """Yield a line per finding."""
        for finding in self.contract:
            mark = 'WARNING' if finding.is_warning else 'ok     '
            yield f'{mark if finding.is_ok else "BROKEN "} {finding.what}: {finding.detail}'
        for finding in self.kinds:
            yield f'{"serves" if finding.is_ok else "not   "}  {finding.what}: {finding.detail}'

    def __repr__(self) -> str:
        """Return all findings, one per line."""
        return '\n'.join((f'Check of {self.backbone}', *self.lines()))


def check(which: Any) -> Check:
    """Check whether a backbone fulfils the contract, and which kinds of tasks it can serve.

    Takes seconds on a CPU and needs no data. A broken contract, or weights that do not load, are
    findings of the result or an error that says why.

    Args:
        which: a module in memory, or any other form of a backbone that :func:`evaluate` accepts.

    Raises:
        BenchmarkError: the architecture is unknown or the weights do not load.
    """
    from benchmark.launching.executors.inline import prepared_process

    with contextlib.ExitStack() as stack:
        found = _resolve(which, stack)
        backbone = get_backbone(found)
        stack.enter_context(prepared_process())
        from benchmark.checking.backbone import check as check_contract
        from benchmark.checking.serving import check_kinds
        from benchmark.models.inspection import inspect_backbone

        features = inspect_backbone(backbone)
        contract = check_contract(backbone, features)
        return Check(backbone.id, tuple(contract), tuple(check_kinds(backbone, features)))


def check_environment() -> tuple[list[str], bool]:
    """Return lines about versions and device here, and whether everything needed is installed."""
    from benchmark.checking.environment import doctor_lines

    return doctor_lines()


def check_data(
    task: Task, folder: Path, *, full: bool = False, reader: DataReader | None = None
) -> list[CheckResult]:
    """Return the results of checks of a task's files, splits, labels and pictures.

    Args:
        task: the declaration to compare the data with.
        folder: the folder of the data.
        full: read every picture and label, and look for pictures that are in two splits.
        reader: reads the data and caches digests; by default one that caches nothing for later
            runs.

    Raises:
        DeclarationError: a data set class does not exist, or does not accept an argument.
    """
    from benchmark.launching.executors.inline import prepared_process

    with prepared_process():
        from benchmark.checking.data import check_data as look

        return look(task, folder, full=full, reader=reader)


def new_task(
    kind: str,
    folder: str | Path,
    *,
    data_root: str | Path | None = None,
    out: str | Path | None = None,
    replace: bool = False,
    small: bool = False,
) -> NewTask:
    """Write the declaration of a task from a folder of data, and return it with notes.

    Image folders by class, COCO's JSON (boxes, masks, key points), maps of classes or depths
    with pictures, and films in the layouts of GOT-10k and MOTChallenge are known. Classes, splits
    and sizes are read from the files; nothing in the folder is changed.

    Args:
        kind: the kind of the task.
        folder: the folder of the data.
        data_root: the folder of all data sets; for data elsewhere the full path is written.
        out: the file to write; named after the folder, in the working directory, unless given.
        replace: overwrite an existing file.
        small: small pictures and narrow heads, for CPUs and first trials.

    Raises:
        BenchmarkError: there is no such kind, the folder has no such data, or the file cannot
            be written.
    """
    from benchmark.kinds import load_kind

    load_kind(kind)  # before anything heavy is imported
    if not Path(folder).is_dir():
        raise DataError(f'{folder}: no such folder')
    from benchmark.checking.libraries import quiet_libraries

    with quiet_libraries():
        from benchmark.checking.drafting import write_task

        return write_task(
            kind,
            Path(folder),
            data_root=default_data_root() if data_root is None else Path(data_root),
            out=None if out is None else Path(out),
            replace=replace,
            small=small,
        )


def draw_data(task: Task, folder: str | Path, out: str | Path) -> Path:
    """Write a page with samples of each split of a task and their labels; return its path.

    Args:
        task: the task.
        folder: the folder of its data.
        out: an HTML file, or a folder in which ``data.html`` is written.

    Raises:
        DataError: the page cannot be written.
    """
    from benchmark.checking.libraries import quiet_libraries

    with quiet_libraries():
        from benchmark.checking.drawing import draw_data as draw

        return draw(task, Path(folder), Path(out))


def get_data(
    name: str, data_root: str | Path | None = None, manner: Manner | None = None
) -> list[str]:
    """Download, verify, unpack and convert the data of a data set, task or suite.

    Existing files are not downloaded again, and an interrupted transfer is continued.

    Args:
        name: data set, task or suite.
        data_root: the folder of all data sets; the default one unless given.
        manner: whether to keep archives, the number of parallel downloads, a progress callback.

    Raises:
        UnknownNameError: there is no such data set, task or suite.
        DataError: a file cannot be downloaded or is wrong, or a person has to do something first.
    """
    from benchmark.acquiring.declared import chosen
    from benchmark.acquiring.getting import Manner, get
    from benchmark.acquiring.planning import reading
    from benchmark.catalog import shipped_tasks

    root = default_data_root() if data_root is None else Path(data_root)
    tasks, wanted, how = shipped_tasks(), chosen([name]), manner or Manner()
    done: list[str] = []
    for number, one in enumerate(wanted, start=1):
        coming = replace(how, later=(*wanted[number:], *how.later))
        done += get(one, root, reading(one, tasks), coming)
    return done


# results


@dataclass(frozen=True)
class Results:
    """The records of a suite in a folder; from a thousand on each is read when it is asked for."""

    suite: str
    records: Sequence[RunRecord]

    def frame(self) -> pd.DataFrame:
        """Return a tidy table: one row per record and metric, values in canonical units."""
        return Run(self.suite, self.records).frame()

    def leaderboard(self, protocol: str | None = None) -> pd.DataFrame:
        """Return the mean over seeds of each backbone on each task, the best backbone first."""
        return Run(self.suite, self.records).leaderboard(protocol)

    def __repr__(self) -> str:
        """Return the suite and the number of records."""
        return f'Results of {self.suite}: {len(self.records)} records'


def load_results(results: str | Path = 'results', suite: str | None = None) -> Results:
    """Return the records of a suite in the folder ``results``.

    Args:
        results: folder of the records.
        suite: the suite; may be left out if the folder has only one.

    Raises:
        BenchmarkError: the folder has no such suite, or several and none is named.
        RecordError: a record cannot be read.
    """
    from benchmark.errors import unknown_name
    from benchmark.results.gathered import records_of
    from benchmark.results.store import ResultStore

    store = ResultStore(Path(results), Path(results))
    known = store.suites()
    if suite is None and len(known) != 1:
        raise BenchmarkError(f'{results}: name one suite (there: {", ".join(known) or "none"})')
    name = known[0] if suite is None else suite
    records = records_of(store, name)
    if not records:
        raise unknown_name('suite', name, known, where=f'in the records of {results}')
    return Results(name, records)


def leaderboard(
    results: str | Path = 'results', suite: str | None = None, protocol: str | None = None
) -> pd.DataFrame:
    """Return the mean over seeds of each backbone on each task, from the records in ``results``.

    Raises:
        BenchmarkError: there are no such records.
    """
    return load_results(results, suite).leaderboard(protocol)


def compare(
    a: str | Path,
    b: str | Path,
    *,
    suite: str | Path | None = None,
    results: str | Path = 'results',
    work_dir: str | Path | None = None,
    protocols: Sequence[str] = (),
    tasks: Sequence[str] = (),
) -> BackboneComparison:
    """Compare two backbones task by task, from their records.

    Intervals are over seeds and test examples; ``verdict`` says it in words, ``frame()`` in
    numbers. Nothing is run.

    Args:
        a: a backbone of the records: its id, its title, its declaration file, or a part of its
            id or title that is unique.
        b: another one.
        suite: name or declaration file; may be left out if the folder has only one.
        results: folder of the records.
        work_dir: folder of the index of records; ``results`` unless given.
        protocols: protocols to compare under; by default all that both have.
        tasks: tasks to compare on; by default all.

    Raises:
        BenchmarkError: there are no such records, or nothing to compare.
    """
    from benchmark.errors import unknown_name
    from benchmark.report import compare_backbones
    from benchmark.results.store import ResultStore

    store = ResultStore(Path(results), Path(work_dir or results))
    known = store.suites()
    if suite is None and len(known) != 1:
        raise BenchmarkError(f'{results}: name one suite (there: {", ".join(known) or "none"})')
    declared = _declared_suite(suite if suite is not None else known[0])
    name = declared.name if declared else str(suite if suite is not None else known[0])
    if name not in known:
        raise unknown_name('suite', name, known, where=f'in the records of {results}')
    pair = tuple(_id_of(which) for which in (a, b))
    said = _suite_facts(declared, store, name)
    films = dict(said.films) if said else {}
    return compare_backbones(
        store, name, (pair[0], pair[1]), protocols=protocols, tasks=tasks, films=films
    )


def regress(
    baseline: str | Path,
    candidate: str | Path,
    *,
    suite: str | None = None,
    night: date | None = None,
    history: str | Path | None = None,
    append: bool = False,
    out: str | Path | None = None,
    accepted: str | Path | None = None,
    margin: Sequence[str] = (),
    correction: str = 'holm',
    time_limit: float = 1.5,
    memory_limit: float = 1.25,
) -> Comparison:
    """Return whether a set of records says that something got worse, cell by cell.

    ``results`` of what comes back has a verdict and its reason for each cell; ``exit_code`` is 0
    if nothing got worse, 1 if something did, 2 if that could not be decided. Nothing is run.

    Args:
        baseline: folder of the records to compare with.
        candidate: folder of the records that are judged.
        suite: whose records; may be left out where the baseline has only one.
        night: the date of the comparison; today (UTC) unless given.
        history: file with the scores of earlier nights, to search for drift.
        append: whether this night is written into ``history``.
        out: folder for text, Markdown, JUnit and JSON; nothing is written unless given.
        accepted: TOML file of shifts that are right.
        margin: drops that do not matter: ``'1%'`` of the baseline, or ``'METRIC=X'``.
        correction: for many comparisons at once: ``'holm'``, ``'bh'`` or ``'none'``.
        time_limit: ratio to the baseline's seconds beyond which a cell is too slow.
        memory_limit: ratio to the baseline's memory beyond which a cell takes too much.

    Raises:
        BenchmarkError: a folder or file is missing, or a rule is out of its range.

    >>> regress('nowhere', 'nowhere')
    Traceback (most recent call last):
    ...
    benchmark.errors.BenchmarkError: --baseline nowhere: no such folder
    """
    from benchmark.regression.folders import compare_folders
    from benchmark.regression.rules import make_rules

    rules = make_rules(
        accepted=None if accepted is None else Path(accepted),
        margin=margin,
        correction=correction,
        time_limit=time_limit,
        memory_limit=memory_limit,
    )
    return compare_folders(
        Path(baseline),
        Path(candidate),
        rules=rules,
        suite=suite,
        night=night,
        history=None if history is None else Path(history),
        append=append,
        out=None if out is None else Path(out),
    )


# analyses


def analyze(
    analysis: str,
    backbones: Any,
    *,
    images: str = 'world',
    count: int = 32,
    size: int | None = None,
    batch_size: int = 8,
    device: str = 'auto',
    data_root: str | Path | None = None,
    method: str = 'eigen',
) -> Finding:
    """Return what an analysis finds about backbones on pictures.

    Args:
        analysis: ``'attention'``, ``'cka'``, ``'cam'`` or ``'erf'``.
        backbones: one or several, but for modules in memory as :func:`evaluate` takes them.
        images: test scenes of the procedural ``'world'``, scikit-image's ``'photos'``, or a
            folder.
        count: how many pictures.
        size: their side in pixels; the world's own, else 224, unless given.
        batch_size: pictures at a time.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        data_root: folder of the data sets; ``$TBENCH_DATA``, else ``data``.
        method: of ``'cam'`` alone: ``'eigen'``, or ``'grad'`` to weight maps by gradients.

    Raises:
        BenchmarkError: there is no such analysis, or a backbone or the pictures cannot be used.
    """
    from benchmark.analysis.on_pictures import analyse_on_pictures

    listed = _listed(backbones)
    more = {'method': method} if analysis == 'cam' else {}
    return analyse_on_pictures(
        analysis,
        [get_backbone(which) for place, which in enumerate(listed) if which not in listed[:place]],
        images=images,
        count=count,
        size=size,
        batch_size=batch_size,
        device=device,
        data_root=default_data_root() if data_root is None else Path(data_root),
        **more,
    )


def analyze_losses(
    suite: str | Path | Mapping[str, Any],
    *,
    results: str | Path = 'results',
    backbones: Sequence[str] = (),
) -> Finding:
    """Return how fast the detectors of a suite's records learnt to classify and to localise.

    Raises:
        BenchmarkError: there is no finished detection run, or a named backbone has none.
    """
    from benchmark.results.store import ResultStore

    name = get_suite(suite).name
    store = ResultStore(Path(results), Path(results))
    from benchmark.analysis.losses import analyse

    return analyse(store.records(name), backbones=backbones)


def analyze_layers(
    asked: RunRequest,
    *,
    last: Sequence[int] = (1, 2, 3),
    actions: Sequence[str] = (DROP, REINIT),
    executor: Executor | str | None = None,
    device: str = 'auto',
    jobs: int | None = None,
    resources: Mapping[str, str] | None = None,
) -> tuple[Finding, bool]:
    """Run backbones with their last blocks changed, and compare them with the whole ones.

    Args:
        asked: what to run, the whole backbones named; ``finetune`` on the tasks that ask where
            things are unless it says otherwise.
        last: how many blocks are changed, one variant each.
        actions: what is done to them: ``'drop'``, ``'reinit'``.
        executor: where cells run, as of :func:`evaluate`.
        device: as of :func:`evaluate`.
        jobs: as of :func:`evaluate`.
        resources: as of :func:`evaluate`.

    Returns:
        The finding, and whether no cell failed.

    Raises:
        BenchmarkError: no backbone is named, or the request is wrong; nothing was run.
    """
    from benchmark.analysis.last_blocks import analyse, only_geometric, variants

    if not asked.backbones:
        raise BenchmarkError('layers: name the whole backbones: --backbones ID ...')
    named = _listed(asked.backbones)
    if not all(isinstance(which, str | Path) for which in named):
        raise BenchmarkError(
            'layers: backbones are ids or files here; a normalisation of their own (--mean and '
            '--std) belongs into a declaration'
        )
    whole = list(dict.fromkeys(map(str, named)))
    varied = replace(
        asked,
        backbones=variants(whole, actions, sorted(set(last))),
        protocols=asked.protocols or ('finetune',),
    )
    with open_campaign(varied) as campaign:
        request = campaign.request.apart('layers')
        if not asked.tasks:
            request = replace(request, tasks=only_geometric(request.suite.name, request.tasks))
        campaign = replace(campaign, request=request)
        with open_executor(
            executor, campaign, device=device, jobs=jobs, resources=resources
        ) as place:
            done = run_campaign(campaign, place)
    return analyse(done.records), not done.failed


def write_finding(finding: Finding, out: str | Path) -> list[Path]:
    """Write values, figure and record of a finding below ``out``, and return the files.

    Raises:
        RecordError: a file cannot be written.
    """
    from benchmark.analysis.writing import write

    return write(finding, Path(out))


def _declared_suite(which: str | Path) -> Suite | None:
    """Return a declared suite; ``None`` for a name known only from records."""
    from benchmark.errors import UnknownNameError

    try:
        return get_suite(which)
    except UnknownNameError:
        return None


def _suite_facts(suite: Suite | None, store: ResultStore, name: str) -> SuiteFacts | None:
    """Return what a suite declares; what its archive said where it is declared nowhere here."""
    if suite is None:
        return store.suite_facts(name)
    from benchmark.compiling.facts import suite_facts

    return suite_facts(suite, _tasks_of(suite))


def _tasks_of(suite: Suite) -> tuple[Task, ...]:
    from benchmark.catalog import find_task

    return tuple(find_task(name, relative_to=suite.path.parent) for name in suite.tasks)


def _id_of(which: str | Path) -> str:
    """Return the id of a backbone declared in a file; return other texts unchanged."""
    text = str(which)
    return get_backbone(text).id if text.endswith('.py') and Path(text).is_file() else text


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """What a report shows, and where it is.

    Attributes:
        suite: name, declaration file or declaration; a name that only records have will do.
        results: folder of the records.
        work_dir: folder of the pictures, and of the index of records.
        out: folder to write to; ``tables`` in the folder of the records unless given.
        formats: from md csv tex paper json html; md, csv and html unless given.
        reference: the backbone from which tables show differences, by its title or id.
        normaliser: declaration of the scale of normalised scores; the project's own unless given.
        history: the history written by ``tbench nightly``, to plot on the page.
        published: write only numbers from papers and official code.
        with_published: write the report, and its rows next to published numbers.
        backbones: backbones to show, by title or id, each as ``ID`` or ``NAME=ID`` with the
            name to show; all unless given.
        tasks: tasks to show; all unless given.
        protocols: protocols to show; all unless given.
        pictures: where the page's pictures go: ``beside`` it in a folder, ``inside``, or ``none``.
        baselines: CSV file of published rows (backbone, task, value, citation) to show as well.
    """

    suite: str | Path | Mapping[str, Any]
    results: str | Path = 'results'
    work_dir: str | Path = 'work_dirs'
    out: str | Path | None = None
    formats: Sequence[str] | None = None
    reference: str | None = None
    normaliser: Path | None = None
    history: Path | None = None
    published: bool = False
    with_published: bool = False
    backbones: Sequence[str] = ()
    tasks: Sequence[str] = ()
    protocols: Sequence[str] = ()
    pictures: str = 'beside'
    baselines: Path | None = None


def write_report(asked: ReportRequest) -> list[Path]:
    """Write a suite's tables and page, and return their paths.

    Raises:
        BenchmarkError: the suite has no records, or one is unreadable.
    """
    found, name = _reported_suite(asked.suite, asked.results)  # before anything heavy is imported
    from benchmark.report import suite_boards, write_literature
    from benchmark.report import write_report as write

    if asked.history and (asked.published or 'html' not in (asked.formats or ('html',))):
        raise BenchmarkError(
            f'--history {asked.history}: nights are drawn on the page of the records: add html '
            'to --format, without --published'
        )
    if found is None and (asked.published or asked.with_published):
        raise BenchmarkError(
            f'--suite {name}: this suite is known from its records only, but published numbers '
            'need its declaration: give its file'
        )
    store, folder, options = _report_of(found, name, asked)
    wanted = tuple(asked.formats or ('md', 'csv', 'html'))
    paths: list[Path] = []
    if not asked.published:
        paths += write(store, name, out=folder, formats=wanted, options=options)
    if found is not None and (asked.published or asked.with_published):
        boards = suite_boards(store, name) if asked.with_published else ()
        paths += write_literature(store.results, found, out=folder, formats=wanted, boards=boards)
    return paths


def stale_report(asked: ReportRequest) -> list[Path]:
    """Return the files of a suite's report that are out of date.

    Raises:
        BenchmarkError: the suite has no records, or one is unreadable.
    """
    found, name = _reported_suite(asked.suite, asked.results)  # before anything heavy is imported
    from benchmark.report import stale_files

    store, folder, options = _report_of(found, name, asked)
    wanted = tuple(asked.formats or ())
    return list(stale_files(store, name, out=folder, formats=wanted, options=options))


def _reported_suite(
    which: str | Path | Mapping[str, Any], results: str | Path
) -> tuple[Suite | None, str]:
    """Return a suite and its name; ``None`` for one known only from records, as after an import.

    Raises:
        BenchmarkError: it is neither declared nor has records, or its declaration is wrong.
    """
    from benchmark.errors import UnknownNameError
    from benchmark.results.store import ResultStore

    try:
        found = get_suite(which)
    except UnknownNameError:
        if str(which) not in ResultStore(Path(results), Path(results)).suites():
            raise
        return None, str(which)
    return found, found.name


def _report_of(
    suite: Suite | None, name: str, asked: ReportRequest
) -> tuple[ResultStore, Path, ReportOptions]:
    """Return the inputs of a report: the records, the folder to write to, and options."""
    from benchmark.errors import unknown_name
    from benchmark.report import Pictures, ReportOptions, read_normaliser
    from benchmark.report.data.facts import asked_facts
    from benchmark.results.store import ResultStore

    if asked.pictures not in set(Pictures):
        raise unknown_name('place of pictures', asked.pictures, tuple(Pictures))
    store = ResultStore(Path(asked.results), Path(asked.work_dir))
    folder = store.tables_folder() if asked.out is None else Path(asked.out)
    declared: dict[str, Any] = {}
    if (said := _suite_facts(suite, store, name)) is not None:
        declared = {
            'groups': said.groups,
            'films': said.films,
            'asked': asked_facts(said),
            'version': said.version,
        }
    options = ReportOptions(
        normaliser=None if asked.normaliser is None else read_normaliser(asked.normaliser),
        pictures=Pictures(asked.pictures),
        reference=asked.reference,
        history=asked.history,
        backbones=tuple(asked.backbones),
        tasks=tuple(asked.tasks),
        protocols=tuple(asked.protocols),
        baselines=asked.baselines,
        **declared,
    )
    return store, folder, options


def export_records(results: str | Path, suite: str | Path, file: str | Path) -> int:
    """Pack the records of a suite into an archive, and return how many there are.

    Their outcomes per test example go along, and what the suite declares of its tasks, so that
    reports and comparisons of the archive need no declaration.

    Args:
        results: folder of the records.
        suite: name as below ``results/runs``, or the declaration file of a suite of your own.
        file: the archive to write.

    Raises:
        BenchmarkError: there are none, or the archive cannot be written.
    """
    from benchmark.results.sharing import export_suite
    from benchmark.results.store import ResultStore

    store, declared = ResultStore(Path(results), Path(results)), _declared_suite(suite)
    name = declared.name if declared else str(suite)
    return export_suite(store, name, Path(file), _suite_facts(declared, store, name))


def is_declared(results: str | Path, suite: str | Path) -> bool:
    """Whether it is known what a suite declares: from its declaration, or an imported archive."""
    from benchmark.results.store import ResultStore

    store = ResultStore(Path(results), Path(results))
    return _declared_suite(suite) is not None or store.suite_facts(str(suite)) is not None


def import_records(results: str | Path, file: str | Path) -> list[Imported]:
    """Merge the records of an archive into ``results``; nothing is overwritten.

    Raises:
        BenchmarkError: the archive cannot be read.
    """
    from benchmark.results.sharing import import_archive
    from benchmark.results.store import ResultStore

    return list(import_archive(ResultStore(Path(results), Path(results)), Path(file)))


# sharing


def submit(
    suite: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    results: str | Path = 'results',
    backbones: Sequence[str] = (),
    partial: bool = False,
) -> Verdict:
    """Write a bundle of a suite's records that others can verify; return its verdict.

    Args:
        suite: name, ``NAME@VERSION``, declaration file or declaration; its declared runs are used.
        out: the file ``FILE.zip`` to write, or a new folder.
        results: folder of the records and outcomes.
        backbones: backbones to submit, by id or title; all unless given.
        partial: whether whole cells (but not single seeds) may be missing.

    Raises:
        BenchmarkError: there are no such records, or the bundle would be refused; the message
            gives the reasons, and nothing was written.
    """
    from benchmark.commons.verifying import submit as write
    from benchmark.results.store import ResultStore

    store = ResultStore(Path(results), Path(results))
    return write(store, get_suite(suite), Path(out), backbones=backbones, is_partial=partial)


def verify(bundle: str | Path, *, own: str | Path | None = None, tolerance: float = 0.0) -> Verdict:
    """Verify a bundle: whether it is accepted, why not, and how far its scores were checked.

    Nothing is run. The result has ``is_accepted``, ``problems`` and ``badge``;
    ``lines()`` puts them into words.

    Args:
        bundle: a ZIP file or folder written by :func:`submit`.
        own: results folder of your own runs; runs that agree with them get the badge re-run.
        tolerance: largest allowed difference from the score of your own run.

    Raises:
        RecordError: there is no such file or folder.

    >>> verify('nowhere.zip')
    Traceback (most recent call last):
    ...
    benchmark.errors.RecordError: nowhere.zip: no such bundle (a ZIP file or a folder)
    """
    from benchmark.commons.verifying import verify_bundle
    from benchmark.results.store import ResultStore

    mine = None if own is None else ResultStore(Path(own), Path(own))
    return verify_bundle(Path(bundle), own=mine, tolerance=tolerance)


def site(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    suites: Sequence[str] = (),
    title: str = 'Leaderboards',
    work_dir: str | Path | None = None,
) -> Site:
    """Build a static site of leaderboards, and return a summary.

    It has the page of each suite, an index, a page per backbone and per task, and feeds as JSON
    and CSV. Its pages load nothing from elsewhere.

    Args:
        sources: results folders, and bundles, which are verified first.
        out: the folder to write to.
        suites: names of suites to show; all unless given.
        title: heading of the index.
        work_dir: folder with pictures of predictions, to show them too.

    Raises:
        BenchmarkError: a bundle is refused, there are no records, or one is unreadable.
    """
    from benchmark.commons.site import build_site

    place = None if work_dir is None else Path(work_dir)
    return build_site(
        [Path(source) for source in sources], Path(out), suites=suites, title=title, work=place
    )


def export_eval_results(
    suite: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    dataset: str,
    source: str = '',
    results: str | Path = 'results',
    backbones: Sequence[str] = (),
) -> list[Path]:
    """Write the scores of a suite as ``.eval_results/*.yaml`` for model repositories on the Hub.

    Args:
        suite: name, declaration file or declaration.
        out: folder to write to, with a folder per backbone.
        dataset: ``OWNER/NAME`` of the benchmark's data set on the Hub.
        source: URL of a page with the evidence.
        results: folder of the records.
        backbones: backbones to write, by id or title; all unless given.

    Raises:
        BenchmarkError: there are no such records, or the name of the data set is wrong.
    """
    from benchmark.commons.hub import Place, write_eval_results
    from benchmark.results.store import ResultStore

    store = ResultStore(Path(results), Path(results))
    place = Place(dataset, source)
    return write_eval_results(store, get_suite(suite), Path(out), place, backbones=backbones)
