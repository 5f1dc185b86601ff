"""Hold a night against its baseline and history: a verdict per cell, red ones first."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from benchmark.regression.accepted import Shift, latest
from benchmark.regression.cells import Headline, Runs, differences, is_exact, orient
from benchmark.regression.costs import CostRatio, cost_ratios
from benchmark.regression.history import CellHistory, History
from benchmark.specs import CellKey
from benchmark.statistics.decisions import CellJudgement, Levels, Track, judge
from benchmark.statistics.noise import mean
from benchmark.wording import count_noun

_EXACT = 1e-6
"""Relative difference below which two scores are the same number."""

_ENOUGH = 4
"""How many runs since an accepted shift make a new baseline."""

_FROZEN = 10
"""How many runs since an accepted shift that baseline keeps; later nights are history."""


class Verdict(enum.StrEnum):
    """What is said of a cell, most urgent first."""

    MISSING = 'missing'
    FAILED = 'failed'
    REGRESSION = 'regression'
    DRIFT = 'drift'
    UNKNOWN = 'could not tell'
    SUSPICIOUS = 'suspicious'
    CHANGED = 'changed'
    ACCEPTED = 'accepted'
    NEW = 'new'
    FINE = 'fine'


RED = (Verdict.MISSING, Verdict.FAILED, Verdict.REGRESSION, Verdict.DRIFT)
"""Verdicts that are an alarm."""

FINE, REGRESSED, COULD_NOT_TELL = 0, 1, 2
"""Exit codes."""


class Margin(NamedTuple):
    """The smallest drop that matters: absolute by metric (canonical units), else relative."""

    by_metric: Mapping[str, float]
    share: float = 0.0

    def of(self, metric: Headline, baseline: float) -> float:
        """Return the margin of a metric whose baseline mean is ``baseline``."""
        return self.by_metric.get(metric.key, self.share * abs(baseline))


@dataclass(frozen=True)
class Rules:
    """How a night is judged.

    Attributes:
        levels: chances of errors.
        margin: the smallest drop that matters.
        limits: the ratios by measure beyond which a cost is too high.
        accepted: shifts that are known and right.
    """

    levels: Levels = field(default_factory=Levels)
    margin: Margin = field(default_factory=lambda: Margin({}))
    limits: Mapping[str, float] = field(default_factory=lambda: {'seconds': 1.5, 'memory_mb': 1.25})
    accepted: tuple[Shift, ...] = ()


@dataclass(frozen=True)
class CellResult:
    """A cell's verdict with its reason.

    Attributes:
        cell: the cell.
        verdict: the verdict on it.
        reason: the reason, in words.
        metric: its headline metric.
        baseline: scores in canonical units; may be empty.
        tonight: the same for the runs that are judged.
        judgement: the test behind the verdict; ``None`` where nothing could be tested.
        margin: drop that is ignored, in canonical units.
        seconds: total time of tonight's runs, where measured.
    """

    cell: CellKey
    verdict: Verdict
    reason: str
    metric: Headline
    baseline: tuple[float, ...] = ()
    tonight: tuple[float, ...] = ()
    judgement: CellJudgement | None = None
    margin: float = 0.0
    seconds: float | None = None

    @property
    def is_red(self) -> bool:
        """Whether the verdict is an alarm."""
        return self.verdict in RED

    @property
    def threshold(self) -> float | None:
        """The drop that would alarm; ``None`` where nothing can be said."""
        return None if self.judgement is None else max(self.margin, self.judgement.threshold)


@dataclass(frozen=True)
class Comparison:
    """The verdicts of a night.

    Attributes:
        suite: name of the suite.
        night: its date.
        results: verdicts by cell, most urgent first.
        costs: ratios of seconds and memory to those of the baseline.
        levels: chances of errors that were asked for.
        changes: how many cells each difference in how the runs were made affects.
        notes: what a reader should know.
        canaries: what changed in numbers that must not change.
    """

    suite: str
    night: str
    results: tuple[CellResult, ...]
    costs: tuple[CostRatio, ...]
    levels: Levels
    changes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    canaries: tuple[str, ...] = ()

    @property
    def cost_alarms(self) -> tuple[CostRatio, ...]:
        """Costs that rose beyond their limit."""
        return tuple(cost for cost in self.costs if cost.is_alarm(self.levels.night))

    @property
    def suspicious(self) -> tuple[CellKey, ...]:
        """Cells that fresh seeds should settle."""
        return tuple(
            result.cell
            for result in self.results
            if result.judgement is not None and result.judgement.is_suspicious(self.levels)
        )

    @property
    def exit_code(self) -> int:
        """0: no regression, 1: regression, 2: undecided, for example a night without any cell."""
        if self.canaries or self.cost_alarms or any(result.is_red for result in self.results):
            return REGRESSED
        unknown = any(result.verdict is Verdict.UNKNOWN for result in self.results)
        judged = any(result.verdict is not Verdict.NEW for result in self.results)
        return COULD_NOT_TELL if unknown or not judged else FINE


def compare(
    baseline: Mapping[CellKey, Runs],
    tonight: Mapping[CellKey, Runs],
    history: History,
    night: str,
    rules: Rules,
) -> Comparison:
    """Return the verdicts of ``tonight`` (cells that should have run are those of ``baseline``).

    ``history`` holds earlier nights; those named ``night`` or later are left out of it.

    Args:
        baseline: the frozen runs; these cells should also have run tonight.
        tonight: the runs to judge.
        history: scores of earlier nights.
        night: name of the night.
        rules: levels, margins and accepted shifts.
    """
    references = {
        cell: _reference(runs, history.before(night, cell), latest(rules.accepted, cell, night))
        for cell, runs in baseline.items()
    }
    early = {cell: _before_any_test(cell, references, tonight) for cell in {*baseline, *tonight}}
    asked = [cell for cell, result in sorted(early.items()) if result is None]
    tracks = {cell: _track(references[cell], tonight[cell]) for cell in asked if not is_exact(cell)}
    judged = judge(tracks, {cell: (cell.task, tonight[cell].metric.key) for cell in tracks},
                   rules.levels)  # fmt: skip
    results = [
        replace(
            early[cell]
            or _judge_cell(references[cell], tonight[cell], judged.get(cell), rules, len(judged)),
            seconds=tonight[cell].seconds if cell in tonight else None,
        )
        for cell in sorted(early)
    ]
    order = list(Verdict)
    return Comparison(
        suite=history.suite,
        night=night,
        results=tuple(sorted(results, key=lambda r: (order.index(r.verdict), r.cell))),
        costs=tuple(cost_ratios(baseline, tonight, rules.limits)),
        levels=rules.levels,
        changes=_changes(baseline, tonight),
        notes=tuple(_notes(rules.accepted, early, night)),
    )


class _Reference(NamedTuple):
    """What a cell is held against: runs as baseline and nights, and the shift that reset them."""

    baseline: tuple[float, ...]
    nights: tuple[tuple[float, ...], ...]
    make: Mapping[str, Any]
    metric: Headline
    shift: Shift | None


def _reference(
    runs: Runs, nights: Mapping[str, tuple[float, ...]], shift: Shift | None
) -> _Reference:
    if shift is None:
        return _Reference(runs.values, tuple(nights.values()), runs.make, runs.metric, None)
    since = [values for night, values in nights.items() if night >= shift.since]
    frozen: list[float] = []
    while since and len(frozen) < _FROZEN:
        frozen += since.pop(0)
    return _Reference(tuple(frozen), tuple(since), runs.make, runs.metric, shift)


def _before_any_test(
    cell: CellKey, references: Mapping[CellKey, _Reference], tonight: Mapping[CellKey, Runs]
) -> CellResult | None:
    """Return what can be said of a cell without looking at numbers; ``None`` if they are needed."""
    reference, runs = references.get(cell), tonight.get(cell)
    if runs is None:
        assert reference is not None
        return CellResult(
            cell, Verdict.MISSING, 'no run of this cell', reference.metric, reference.baseline
        )
    said = (runs.metric, reference.baseline if reference else (), runs.values)
    if runs.failures:
        seeds = ', '.join(f'seed {seed}: {why}' for seed, why in sorted(runs.failures.items()))
        return CellResult(cell, Verdict.FAILED, seeds, *said)
    if reference is None:
        return CellResult(cell, Verdict.NEW, 'no such cell in the baseline', *said)
    # one run is enough to know the new level of a cell in which nothing is random
    enough = 1 if is_exact(cell) else _ENOUGH
    if reference.shift and len(reference.baseline) < enough:
        reason = (
            f'shift of {reference.shift.since} accepted ({reference.shift.reason}); '
            f'{len(reference.baseline)} of {count_noun(enough, "run")} for a new baseline'
        )
        return CellResult(cell, Verdict.ACCEPTED, reason, *said)
    if reason := _incomparable(reference, runs):
        return CellResult(cell, Verdict.UNKNOWN, reason, *said)
    return None


def _incomparable(reference: _Reference, runs: Runs) -> str:
    if not reference.baseline:
        return 'no successful run in the baseline'
    if reference.metric.key != runs.metric.key:
        return (
            f"the baseline's metric is {reference.metric.key}, the current one is {runs.metric.key}"
        )
    before, now = reference.make.get('task_version'), runs.make.get('task_version')
    if before != now and reference.shift is None:
        return (
            f'the baseline is of task version {before}, these runs are of {now}: the numbers '
            'cannot be compared'
        )
    return ''


def _track(reference: _Reference, runs: Runs) -> Track:
    return Track(
        orient(reference.baseline, runs.metric),
        tuple(orient(night, runs.metric) for night in reference.nights),
        runs.oriented,
    )


def _judge_cell(
    reference: _Reference, runs: Runs, found: CellJudgement | None, rules: Rules, cells: int
) -> CellResult:
    baseline = mean(reference.baseline)
    margin = rules.margin.of(runs.metric, baseline)
    if is_exact(runs.cell) or found is None:
        verdict, reason = _without_spread(reference, runs)
    else:
        verdict, reason = _judge_by_tests(found, margin, rules.levels, cells)
    return CellResult(
        runs.cell, verdict, reason, runs.metric, reference.baseline, runs.values, found, margin
    )


def _without_spread(reference: _Reference, runs: Runs) -> tuple[Verdict, str]:
    """Judge a cell in which nothing is random, or whose spread nobody knows."""
    before, now = mean(reference.baseline), mean(runs.values)
    if math.isclose(before, now, rel_tol=_EXACT, abs_tol=_EXACT):
        return Verdict.FINE, 'the same score'
    if not is_exact(runs.cell):
        return Verdict.UNKNOWN, 'the spread over seeds is unknown: the baseline needs more seeds'
    return Verdict.REGRESSION, (
        f'the trivial predictor gave {before:.6g} and gives {now:.6g}: '
        'the data or the evaluation changed'
    )


def _judge_by_tests(
    found: CellJudgement, margin: float, levels: Levels, cells: int
) -> tuple[Verdict, str]:
    drift = found.drift
    if found.is_worse(levels) and found.drop > margin:
        chance = f'{found.adjusted:.1g} corrected for {count_noun(cells, "cell")}'
        return Verdict.REGRESSION, f'worse than the baseline by {found.drop:.4g} (p {chance})'
    if drift and found.has_drifted(levels) and drift.drop > margin:
        since = f'{drift.nights} nights ago' if drift.nights > 1 else 'tonight'
        return Verdict.DRIFT, (
            f'worse by {drift.drop:.4g} since {since} (p {found.drift_adjusted:.1g} corrected)'
        )
    if found.is_suspicious(levels) and found.drop > margin:
        return Verdict.SUSPICIOUS, f'worse by {found.drop:.4g}, which is within chance'
    if found.is_better(levels, cells) and -found.drop > margin:
        return Verdict.CHANGED, (
            f'better than the baseline by {-found.drop:.4g}: a gain, a leak of labels or other '
            'data; accept it as a shift if it is intended'
        )
    return Verdict.FINE, ''


def _changes(baseline: Mapping[CellKey, Runs], tonight: Mapping[CellKey, Runs]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for cell in baseline.keys() & tonight.keys():
        for line in differences(baseline[cell].make, tonight[cell].make):
            counted[line] = counted.get(line, 0) + 1
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _notes(accepted: Sequence[Shift], cells: Mapping[CellKey, object], night: str) -> Iterator[str]:
    for shift in accepted:
        named = f'the accepted shift of {shift.since} ({shift.reason})'
        if not any(shift.covers(cell) for cell in cells):
            yield f'{named} matches no cell'
        elif shift.since > night:
            yield f'{named} does not apply yet on the night of {night}'


def add_night(history: History, comparison: Comparison) -> History:
    """Return the history with the night of a comparison added, or replaced."""
    cells = {
        result.cell: CellHistory(
            metric=result.metric,
            baseline=result.baseline,
            scores={comparison.night: result.tonight} if result.tonight else {},
            verdicts={comparison.night: result.verdict.value},
        )
        for result in comparison.results
    }
    return history.with_night(comparison.night, cells)
