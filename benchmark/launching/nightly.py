"""A nightly run: canaries, fresh runs of every cell, a comparison, reruns of suspicious cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from benchmark.catalog.suites import suite_files
from benchmark.errors import BenchmarkError
from benchmark.launching.campaign import Campaign
from benchmark.launching.executors.base import Executor
from benchmark.launching.retries import run_again_when_lost
from benchmark.planning import Cell, Plan
from benchmark.regression.canaries import (
    Canary,
    compare_canaries,
    read_canaries,
    write_canaries,
)
from benchmark.regression.cells import Runs, gather
from benchmark.regression.compare import Comparison, Rules, add_night, compare
from benchmark.regression.history import History, read_history, write_history
from benchmark.regression.outputs import write_outputs
from benchmark.results.store import ResultStore, one_writer
from benchmark.specs import CellKey
from benchmark.wording import count_noun

_SEEDS_A_NIGHT = 1000
"""Number of seeds reserved for each night, so that no two nights share a run."""

_FRESH = 500
"""Offset, within a night's seeds, of the seeds for confirmation."""

_CANARY_SAMPLES = 2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Nightly:
    """A nightly run of a suite: its folders, seeds and rules.

    Attributes:
        campaign: what to run; its seeds are not used, its results folder is replaced.
        baseline: records that every night is held against.
        folder: where nights, history and canaries are kept.
        night: the date that names the night and gives its seeds.
        seeds: how many seeds every cell is run with.
        fresh: how many more a suspicious cell is run with.
        rules: how the night is judged.
    """

    campaign: Campaign
    baseline: Path
    folder: Path
    night: date
    seeds: int
    fresh: int
    rules: Rules

    @property
    def store(self) -> ResultStore:
        """The store of the night's records."""
        return ResultStore(self.night_folder / 'results', self.campaign.store.work)

    @property
    def night_folder(self) -> Path:
        """The night's own folder."""
        return self.folder / 'nights' / self.night.isoformat()

    @property
    def _named(self) -> str:
        """The suite as an argument of a command."""
        suite = self.campaign.request.suite
        return suite.name if suite.path in suite_files() else str(suite.path)

    @property
    def _suite(self) -> str:
        return self.campaign.request.suite.name

    def run(self, executor: Executor) -> Comparison:
        """Run the night and return its comparison; the same call continues an interrupted one.

        Raises:
            BenchmarkError: there is no baseline, or the request is wrong; nothing was run.
        """
        baseline = self._baseline()
        history = self._history()
        plan = self._with_seeds(range(self.seeds)).prepare(executor)
        changed = self._canaries(plan, executor)
        self._run(plan, executor)
        tonight = self._tonight()
        first = compare(baseline, tonight, history, self.night.isoformat(), self.rules)
        if first.suspicious:
            self._confirm(first.suspicious, executor)
        final = compare(baseline, self._tonight(), history, self.night.isoformat(), self.rules)
        comparison = replace(final, canaries=changed)
        write_outputs(comparison, self.night_folder)
        with one_writer(self.folder / 'history.json'):
            write_history(self.folder / 'history.json', add_night(self._history(), comparison))
        return comparison

    def _baseline(self) -> dict[CellKey, Runs]:
        store = ResultStore(self.baseline, self.campaign.store.work)
        wanted = set(self._cells())
        runs = gather(record for record in store.records(self._suite) if record.is_ok)
        found = {cell: item for cell, item in runs.items() if cell in wanted}
        if not found:
            raise BenchmarkError(
                f'{store.runs_folder(self._suite)}: no baseline; create one: tbench run --suite '
                f'{self._named} --results {self.baseline} --seeds 0 1 2 3 4 5 6 7 8 9, with the '
                'other options of this command'
            )
        return found

    def _cells(self) -> Iterable[CellKey]:
        from benchmark.planning import expand

        for spec in expand(self.campaign.request):
            yield spec.cell

    def _history(self) -> History:
        path = self.folder / 'history.json'
        return read_history(path, self._suite) if path.exists() else History(self._suite)

    def _tonight(self) -> dict[CellKey, Runs]:
        return gather(self.store.records(self._suite))

    def _with_seeds(self, numbers: Iterable[int]) -> Campaign:
        first = self.night.toordinal() * _SEEDS_A_NIGHT
        seeds = tuple(first + n for n in numbers)
        request = replace(self.campaign.request, seeds=seeds, one_seed=frozenset())
        return replace(self.campaign, request=request, store=self.store)

    def _run(self, plan: Plan, executor: Executor) -> None:
        done = count_noun(len(plan.done), 'cell')
        self.campaign.say(f'{self._suite}: {done} done, {len(plan.to_do)} to do')
        self._with_seeds(()).run(executor, plan)

    def _confirm(self, cells: Collection[CellKey], executor: Executor) -> None:
        """Run ``cells`` again with fresh seeds."""
        count = count_noun(len(cells), 'cell')
        self.campaign.say(
            f'{count} {"looks" if len(cells) == 1 else "look"} suspicious: '
            f'{count_noun(self.fresh, "fresh seed")} each'
        )
        plan = self._with_seeds(range(_FRESH, _FRESH + self.fresh)).prepare(executor)
        self._run(Plan(_of(plan.done, cells), _of(plan.to_do, cells)), executor)

    def _canaries(self, plan: Plan, executor: Executor) -> tuple[str, ...]:
        """Return what changed since the canaries were recorded; record new ones."""
        path = self.folder / 'canaries.json'
        frozen = read_canaries(path)
        now: dict[str, Canary] = {}
        failed: list[str] = []
        campaign = self._with_seeds(())
        jobs = [campaign.canary(cell, _CANARY_SAMPLES) for cell in _one_per_model(plan)]
        for reply in run_again_when_lost(executor, jobs):
            if reply.error:
                failed.append(f'{reply.job.name}: {reply.error}')
            else:
                now[reply.job.name] = Canary(reply.answer['values'], reply.answer['device'])
        known = {name: canary for name, canary in frozen.items() if name in now}
        if new := {name: canary for name, canary in now.items() if name not in frozen}:
            with one_writer(path):
                write_canaries(path, {**new, **read_canaries(path)})
        self.campaign.say(
            f'{count_noun(len(known), "canary", "canaries")} compared, {len(new)} new, '
            f'{len(failed)} did not run'
        )
        return (*compare_canaries(known, now), *failed)


def _of(cells: Iterable[Cell], wanted: Collection[CellKey]) -> tuple[Cell, ...]:
    return tuple(cell for cell in cells if cell.spec.cell in wanted)


def _one_per_model(plan: Plan) -> list[Cell]:
    """Return one cell per task, backbone and protocol, for canaries."""
    chosen: dict[CellKey, Cell] = {}
    for cell in (*plan.done, *plan.to_do):
        spec = cell.spec
        if cell.procedure.canary:
            chosen.setdefault(spec.cell, cell)
    return list(chosen.values())
