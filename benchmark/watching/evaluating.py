"""Evaluate one checkpoint: a campaign on the validation splits, and its label-free health."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import api
from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.launching.campaign import Campaign
from benchmark.launching.executors.base import Executor, Job
from benchmark.launching.features import inspect_all
from benchmark.planning import Cell, Plan
from benchmark.planning.selection import trial
from benchmark.results.records import RunRecord
from benchmark.specs import Architecture, Backbone, Unit
from benchmark.tracking import Feed
from benchmark.watching.ledger import Entry, Score, State

if TYPE_CHECKING:
    from benchmark.report.inference.duels import ExampleError

Say = api.Say

HEALTH_PICTURES = 256
"""Of how many validation pictures the health of a checkpoint is measured, at most."""


class UnreadableError(BenchmarkError):
    """A checkpoint cannot be loaded; the others may be."""


@dataclass(frozen=True)
class Evaluation:
    """What was found of one checkpoint.

    Attributes:
        backbone: its id.
        scores: one per cell.
        errors: why cells failed.
        health: measures of its features by name; ``None`` where one is not defined.
    """

    backbone: str
    scores: tuple[Score, ...]
    errors: tuple[str, ...]
    health: Mapping[str, float | None] = field(default_factory=dict)

    def enter(self, entry: Entry) -> Entry:
        """Return the entry of the checkpoint as an evaluated one."""
        return replace(
            entry,
            state=State.EVALUATED,
            backbone=self.backbone,
            scores=self.scores,
            health=self.health,
            errors=self.errors,
        )


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """Evaluates backbones by one suite.

    Attributes:
        suite: name or file of the suite.
        out: folder of the results; records and caches are in it.
        tasks: names of tasks of the suite; all unless given.
        protocols: names of protocols; the suite's probes unless given.
        seeds: seeds; the suite's unless given.
        options: further fields of :class:`benchmark.api.RunRequest`.
        has_health: whether label-free health is measured too.
        say: receives one line per event.
        curves: where the loss curves of cells are sent, if anywhere.
    """

    suite: str
    out: Path
    tasks: Sequence[str] = ()
    protocols: Sequence[str] = ()
    seeds: Sequence[int] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    has_health: bool = True
    say: Say = lambda line: None
    curves: Feed | None = None

    @property
    def chosen_protocols(self) -> tuple[str, ...]:
        """The protocols: those that were named, else the suite's probes, else all of the suite."""
        if self.protocols:
            return tuple(self.protocols)
        suite = api.get_suite(self.suite).protocols
        probes = tuple(name for name in suite if api.get_protocol(name).probe is not None)
        return probes or suite

    def plain(self) -> dict[str, Any]:
        """Return what determines the numbers, as JSON data."""
        named = {key: self.options.get(key) for key in ('precision', 'options')}
        return {
            'suite': self.suite,
            'tasks': list(self.tasks),
            'protocols': list(self.chosen_protocols),
            'seeds': list(self.seeds),
            **named,
        }

    @contextlib.contextmanager
    def _campaign(self, backbone: Any, *, is_test: bool = False) -> Iterator[Campaign]:
        asked = api.RunRequest(
            backbones=[backbone],
            suite=self.suite,
            tasks=self.tasks,
            protocols=self.chosen_protocols,
            seeds=self.seeds,
            results=self.out / 'results',
            work_dir=self.out / 'work',
            **self.options,
        )
        with api.open_campaign(asked) as campaign:
            if not is_test:
                name = f'{campaign.request.suite.name}-val'
                campaign.request = trial(campaign.request, name, {})
            campaign.tracking = self.curves
            yield campaign

    def check(self, backbone: Any, executor: Executor, *, has_test: bool = False) -> None:
        """Try whether a backbone can be evaluated at all, before any checkpoint is there.

        Raises:
            BenchmarkError: a name is unknown, a task has no validation split, or the architecture
                cannot be built.
        """
        for is_test in (False, True)[: 1 + has_test]:
            with self._campaign(backbone, is_test=is_test) as campaign:
                inspect_all(campaign.request.backbones, campaign.store.work / 'cache', executor)

    def evaluate(self, backbone: Any, executor: Executor, *, is_test: bool = False) -> Evaluation:
        """Return the scores of a backbone on the validation splits, or on the test splits.

        What has a good record is not run again.

        Raises:
            UnreadableError: its weights cannot be read or do not fit.
            BenchmarkError: the data are missing, or the request is wrong.
        """
        with self._campaign(backbone, is_test=is_test) as campaign:
            if not campaign.request.backbones:
                raise IncompatibleError('none of the requested protocols uses a backbone')
            inspect_all(
                campaign.request.backbones, campaign.store.work / 'cache', executor, refuse=_refuse
            )
            plan = campaign.prepare(executor)
            new = campaign.run(executor, plan)
            done = [campaign.good_record(cell) for cell in plan.done]
            records = [*new, *(record for record in done if record is not None)]
            split = 'test' if is_test else 'val'
            return Evaluation(
                campaign.request.backbones[0].id,
                tuple(
                    _score(record, split, _example_error(record, campaign))
                    for record in _in_order(records)
                    if record.is_ok
                ),
                tuple(f'{r.spec.id}: {r.error}' for r in records if not r.is_ok),
                {} if is_test or not self.has_health else self._health(campaign, plan, executor),
            )

    def _health(
        self, campaign: Campaign, plan: Plan, executor: Executor
    ) -> Mapping[str, float | None]:
        """Return label-free measures on validation pictures; empty if there are no pictures."""
        cell = _seeing(plan)
        if cell is None:
            return {}
        backbone = campaign.request.backbones[0]
        known = inspect_all([backbone], campaign.store.work / 'cache', executor)
        features = known[backbone.id].features
        of_cell = campaign.job(cell)
        request = {
            'job': 'health',
            'config': of_cell.request['config'],
            'count': HEALTH_PICTURES,
            'stride': features.strides[-1],
            'is_plain': features.architecture is Architecture.PLAIN_VIT,
        }
        job = Job(
            f'label-free measures of {backbone.id}',
            request,
            campaign.store.work / 'cache' / 'health.log',
            needs=of_cell.needs,
        )
        for reply in executor.run([job]):
            if reply.error:
                self.say(f'no label-free measures of {backbone.id}: {reply.error} (log: {job.log})')
                return {}
            found: dict[str, float | None] = reply.answer['health']
            return found
        return {}


def _refuse(name: str, error: BenchmarkError) -> None:
    raise UnreadableError(str(error)) from None


def _seeing(plan: Plan) -> Cell | None:
    """Return the cell whose pictures show the health: a probe's, of classes if there is one."""
    cells = [cell for cell in (*plan.done, *plan.to_do) if 'test_dataloader' in cell.config]
    ordered = sorted(cells, key=lambda cell: (cell.spec.task, cell.spec.protocol, cell.spec.seed))
    probes = [cell for cell in ordered if cell.procedure.keeps_features]
    classes = [cell for cell in probes if cell.task.kind == 'classification']
    trained = [cell for cell in ordered if 'backbone' in cell.config.get('model', {})]
    return next(iter((*classes, *probes, *trained)), None)


def _in_order(records: Sequence[RunRecord]) -> list[RunRecord]:
    return sorted(records, key=lambda r: (r.spec.task, r.spec.protocol, r.spec.seed))


def _example_error(record: RunRecord, campaign: Campaign) -> ExampleError | None:
    """Return how far a score would change with other examples; ``None`` without their outcomes."""
    from benchmark.report.inference.duels import error_over_examples, evidence_of

    place = campaign.store.outcomes_path(record)
    if place is None:
        return None
    film = next(task.film for task in campaign.request.tasks if task.name == record.spec.task)
    found = evidence_of(record, campaign.store.outcomes(record), str(place))
    if found.outcomes is None:
        return None
    error = error_over_examples(found.outcomes, Unit(_primary(record)['unit']), film)
    return error if error is not None and math.isfinite(error.error) else None


def _primary(record: RunRecord) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        metric for metric in record.task['metrics'] if metric['key'] == record.primary
    )
    return found


def _score(record: RunRecord, split: str, error: ExampleError | None) -> Score:
    about = _primary(record)
    return Score(
        record.spec.task,
        record.spec.protocol,
        record.spec.seed,
        record.primary,
        str(about['unit']),
        bool(about['higher_is_better']),
        float(record.scores[record.primary]),
        split,
        None if error is None else error.error,
        0 if error is None else error.groups,
    )


def checkpoint_backbone(arch: str, path: Path, copy: str, step: int) -> Backbone:
    """Return the backbone ``ARCH@PATH`` of a step, with the copy of the weights that is asked for.

    Args:
        arch: the architecture, as for ``tbench run --backbones``.
        path: the file or folder of the weights.
        copy: key of the copy in it, as ``teacher``; empty for the one there is.
        step: step of the training, for the name.

    Raises:
        BenchmarkError: the architecture is unknown, or the file not there.
    """
    found = api.get_backbone(f'{arch}@{path}{f"#{copy}" if copy else ""}')
    return replace(found, title=f'step {step}')
