"""Two backbones, task by task: how far apart, with intervals over seeds and test examples."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import RecordError, UnknownNameError
from benchmark.protocols import takes_no_seed
from benchmark.report.data.boards import Board, Column
from benchmark.report.data.facts import TRIVIAL, TaskFacts
from benchmark.report.data.normaliser import Normaliser
from benchmark.results.counting import Runs, draws_weights
from benchmark.results.records import RunRecord
from benchmark.specs import CellKey, Unit
from benchmark.statistics.aggregates import Array, family_weights
from benchmark.statistics.corrections import holm
from benchmark.statistics.differences import (
    Arm,
    Difference,
    difference,
    grouped,
    interaction,
    paired_shares,
    seed_noises,
    weighted,
)
from benchmark.statistics.noise import UNKNOWN, Noise
from benchmark.statistics.outcome_files import Measured, unpack
from benchmark.statistics.outcomes import ByClass, Ratios

SIGNIFICANT = 0.05
"""The chance of any false claim among the tasks of a protocol."""

_MOST_GROUPS = 200
"""Groups of test examples that are left out one at a time, where a metric is no ratio of sums."""

_EXACT = Noise(0.0, math.inf)
"""The noise of seeds that change nothing."""


class Evidence(NamedTuple):
    """What a record holds beside its scores.

    Attributes:
        outcomes: of its primary metric, per test example; ``None`` where it has none.
        data: digest of the data that it was tested on.
        is_random: whether the seed drew weights of the backbone, all or some.
        problem: why its outcomes cannot be used.
    """

    outcomes: Measured | None
    data: str
    is_random: bool = False
    problem: str = ''


Pulls = dict[str, Array]
"""How far groups of test examples pull a run's score, higher is better, by its record's place."""

Reading = Callable[[str], Evidence]
"""Type: a function from a place to the evidence in its record, as stored in briefs."""


@dataclass(frozen=True)
class TaskDuel:
    """What a task says of two backbones, A and B.

    Attributes:
        task: the task.
        means: of A and of B, in canonical units.
        found: how far A is ahead, in canonical units, positive where A is better.
        holm: p-value, corrected for the tasks of the protocol.
        is_deterministic: whether seeds change nothing, so that one run says it all.
        is_mcnemar: whether the p-value is McNemar's.
        notes: what the interval does not cover, and why.
        scale: points of normalised score per canonical unit; ``nan`` without a scale.
        films: how many films the test examples are of; 0 where they are of none.
    """

    task: TaskFacts
    means: tuple[float, float]
    found: Difference
    is_deterministic: bool
    is_mcnemar: bool = False
    notes: tuple[str, ...] = ()
    holm: float = 1.0
    scale: float = math.nan
    films: int = 0

    @property
    def covers_seeds(self) -> bool:
        """Whether seeds are in the interval, or change nothing."""
        return self.is_deterministic or self.found.seeds is not None

    @property
    def covers_examples(self) -> bool:
        """Whether test examples are in the interval."""
        return self.found.examples is not None

    @property
    def is_clear(self) -> bool:
        """Whether one of the two is better beyond chance, seeds and other films included."""
        return self.covers_seeds and self.films != 1 and self.is_beyond

    @property
    def is_beyond(self) -> bool:
        """Whether the difference is beyond what the interval covers, for all tasks together."""
        if not self.found.is_known or self.holm > SIGNIFICANT:
            return False
        return self.found.low > 0 or self.found.high < 0


@dataclass(frozen=True)
class Duel:
    """Two backbones under a protocol.

    Attributes:
        protocol: how they were trained.
        tasks: the tasks on which both have a score.
        missing: tasks on which one of them has none, with the reason.
        total: mean difference over the tasks that have a scale, in points of normalised score,
            kinds of task weighing the same; ``None`` with fewer than two such tasks.
        counted: how many tasks are in ``total``.
    """

    protocol: str
    tasks: tuple[TaskDuel, ...]
    missing: tuple[str, ...]
    total: Difference | None
    counted: int


def duels(
    runs: Runs,
    boards: Sequence[Board],
    pair: tuple[str, str],
    read: Reading,
    *,
    normaliser: Normaliser,
    films: Mapping[str, str] | None = None,
    known: Pulls | None = None,
) -> list[Duel]:
    """Return what each protocol says of a pair of backbones; one that lacks either is left out.

    Args:
        runs: the records that count.
        boards: leaderboards made of them.
        pair: ids of A and B.
        read: returns the evidence of a record.
        normaliser: scale of the total.
        films: regular expressions by task: test pictures whose names agree in the first group
            are drawn together.
        known: what was computed for other pairs of the same records; it grows.
    """
    known = {} if known is None else known
    found = []
    for board in boards:
        shown = {row.backbone.id for row in board.rows}
        if board.protocol == TRIVIAL or not set(pair) <= shown:
            continue
        found.append(_duel(runs, board, pair, read, normaliser, films or {}, known))
    return found


def _duel(
    runs: Runs,
    board: Board,
    pair: tuple[str, str],
    read: Reading,
    normaliser: Normaliser,
    films: Mapping[str, str],
    known: Pulls,
) -> Duel:
    tasks, missing = [], []
    for index, column in enumerate(board.columns):
        name = column.task.name
        scores = [_scores(runs, board.protocol, column.task, backbone) for backbone in pair]
        lacking = [label for label, one in zip(pair, scores, strict=True) if not one]
        if lacking:
            missing.append(f'{name}: no score of {" and ".join(lacking)}')
            continue
        exact = (
            _is_exact(board.protocol, column, scores[0], read),
            _is_exact(board.protocol, column, scores[1], read),
        )
        others = _moving(board.protocol, _all_scores(board, index))
        noises = seed_noises(others)
        lenders = [
            _scores(runs, board.protocol, column.task, backbone)
            for backbone, values in others.items()
            if len(values) > 1
        ]
        one = _task_duel(
            column.task,
            (scores[0], scores[1]),
            read,
            noises=tuple(
                _EXACT if is_exact else noises.get(backbone, UNKNOWN)
                for backbone, is_exact in zip(pair, exact, strict=True)
            ),
            most=float(sum(len(values) - 1 for values in others.values())),
            exact=exact,
            lenders=lenders,
            film=films.get(name, ''),
            known=known,
        )
        scale = normaliser.scale(column)
        steps = abs(scale.reference - scale.floor) if scale else math.nan
        tasks.append(replace(one, scale=100 / steps))
    adjusted = holm([one.found.p for one in tasks])
    judged = tuple(replace(one, holm=p) for one, p in zip(tasks, adjusted, strict=True))
    total, counted = _total(judged)
    return Duel(board.protocol, judged, tuple(missing), total, counted)


class _Run(NamedTuple):
    """A scored run: its seed, its canonical score and the place of its record."""

    seed: int
    score: float
    path: str


def _scores(runs: Runs, protocol: str, task: TaskFacts, backbone: str) -> list[_Run]:
    found = runs.get(CellKey(protocol, task.name, backbone), ())
    return [
        _Run(item.spec.seed, float(item.scores[task.primary.key]), item.path)
        for item in found
        if item.is_ok and task.primary.key in item.scores
    ]


def _all_scores(board: Board, index: int) -> dict[str, list[float]]:
    cells = (row.cells[index] for row in board.rows)
    return {cell.backbone: list(cell.scores.values()) for cell in cells if cell.scores}


def _is_exact(protocol: str, column: Column, runs: Sequence[_Run], read: Reading) -> bool:
    """Whether seeds change nothing of a backbone: the method has none, or all runs agree."""
    if len({run.score for run in runs}) > 1:
        return False
    if column.judgement.is_deterministic:
        return True
    # the weights of a random network are drawn by the seed, whatever reads them
    return takes_no_seed(protocol) and (len(runs) > 1 or not read(runs[0].path).is_random)


def _moving(protocol: str, scores: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return the scores of the backbones that a seed changes, where the method has none."""
    if not takes_no_seed(protocol):
        return scores
    return {key: values for key, values in scores.items() if len({*values}) > 1 or len(values) < 2}


def _task_duel(
    task: TaskFacts,
    scores: tuple[list[_Run], list[_Run]],
    read: Reading,
    *,
    noises: tuple[Noise, ...],
    most: float,
    exact: tuple[bool, bool],
    lenders: Sequence[Sequence[_Run]],
    film: str,
    known: Pulls,
) -> TaskDuel:
    is_deterministic = all(exact)
    kept = tuple(
        runs[:1] if is_exact else runs for runs, is_exact in zip(scores, exact, strict=True)
    )
    means = tuple(math.fsum(run.score for run in runs) / len(runs) for runs in kept)
    sign = 1.0 if task.primary.higher_is_better else -1.0
    has_single = any(
        len(part) == 1 and not is_exact for part, is_exact in zip(kept, exact, strict=True)
    )
    paired = _paired(task, kept, lenders if has_single else (), read, film, known)
    notes = [paired.problem] if paired.problem else []
    if paired.films == 1:
        notes.append('all test examples are of one film, so that nothing is known of other films')
    if min(noise.freedom for noise in noises) <= 0:
        notes.append('one seed, so the spread over seeds is unknown')
    arms = [
        Arm(tuple(sign * run.score for run in runs), pull, noise, paired.lent)
        for runs, pull, noise in zip(kept, paired.pulls, noises, strict=True)
    ]
    single = _single(paired, kept, noises)
    if single is not None:
        found = _scaled(single, 100.0)
    elif is_deterministic and paired.pulls[0] is None:
        # nothing is known: not of examples, and there is nothing to know of seeds
        unknown = [arm._replace(noise=Noise(math.nan, 0)) for arm in arms]
        found = difference(*unknown)
    else:
        found = difference(arms[0], arms[1], most=most)
    if is_deterministic:
        found = replace(found, seeds=None)
    return TaskDuel(
        task,
        (means[0], means[1]),
        found,
        is_deterministic,
        is_mcnemar=single is not None,
        notes=tuple(notes),
        films=paired.films,
    )


def example_error(
    runs: Runs, protocol: str, task: TaskFacts, backbone: str, read: Reading, film: str = ''
) -> float | None:
    """Return the standard error over test examples of the first run of a cell.

    In canonical units; ``None`` where the record has no outcomes.

    Args:
        runs: the records.
        protocol: name of the protocol.
        task: name of the task.
        backbone: id of the backbone.
        read: returns the outcomes of a record.
        film: what tells films apart in names of pictures; empty if they are single.
    """
    scored = _scores(runs, protocol, task, backbone)
    outcomes = read(scored[0].path).outcomes if scored else None
    found = None if outcomes is None else error_over_examples(outcomes, task.primary.unit, film)
    return None if found is None else found.error


class ExampleError(NamedTuple):
    """The standard error of a score over test examples, estimated with ``groups`` of them."""

    error: float
    groups: int


def error_over_examples(outcomes: Measured, unit: Unit, film: str = '') -> ExampleError | None:
    """Return the standard error over test examples of one run, in canonical units.

    Args:
        outcomes: of the run's metric, per example.
        unit: of the metric.
        film: what tells films apart in names of pictures; empty if they are single.

    Returns:
        ``None`` where there are fewer than two groups of examples.
    """
    groups = _groups(outcomes, film)
    count = int(groups.max(initial=-1)) + 1
    if count < 2:
        return None
    factor = 100.0 if unit is Unit.FRACTION else 1.0
    pull = outcomes.form.influence(groups)
    return ExampleError(factor * float(pull.std(ddof=1)) / math.sqrt(count), count)


class _Paired(NamedTuple):
    """How far groups of test examples pull the scores of A and of B, (runs, groups) each.

    ``shares`` are right and wrong answers (examples,) of the first run of each, where every
    example is a group and the metric is the share of right ones. ``films`` counts the films of the
    examples, 0 where they are of none; the pictures of a single film are groups of their own.
    ``lent`` is what runs of other backbones do on single groups, for a backbone with one run.
    """

    pulls: tuple[Array | None, Array | None] = (None, None)
    shares: tuple[Array, Array] | None = None
    problem: str = ''
    films: int = 0
    lent: float | None = None


def _paired(
    task: TaskFacts,
    kept: Sequence[Sequence[_Run]],
    lenders: Sequence[Sequence[_Run]],
    read: Reading,
    film: str,
    known: Pulls,
) -> _Paired:
    found = [[read(run.path) for run in runs] for runs in kept]
    every = [one for part in found for one in part]
    if why := next((one.problem for one in every if one.problem), ''):
        return _Paired(problem=why)
    if any(one.outcomes is None for one in every):
        return _Paired(problem='the records have no outcomes per test example')
    measured = [one.outcomes for one in every if one.outcomes is not None]
    first = measured[0]
    if len({one.data for one in every}) > 1 or any(
        item.form.count != first.form.count or item.names != first.names for item in measured
    ):
        return _Paired(problem='the two were tested on different examples')
    groups = _groups(first, film)
    films = int(groups.max()) + 1 if film and first.names else 0
    if int(groups.max()) < 1:
        if first.form.count < 2:
            return _Paired(films=1)
        # of one film nothing is known about others; how far its pictures agree still counts
        groups, films = _groups(first, ''), 1
    factor = 100.0 if task.primary.unit is Unit.FRACTION else 1.0
    sign = factor if task.primary.higher_is_better else -factor
    pulls = [_pulls(runs, read, first, groups, sign, known) for runs in kept]
    lent = [_pulls(runs, read, first, groups, sign, known) for runs in lenders]
    return _Paired(
        (pulls[0], pulls[1]),
        _shares(found, groups),
        films=films,
        lent=interaction(pull for pull in lent if pull is not None),
    )


def _pulls(
    runs: Sequence[_Run],
    read: Reading,
    first: Measured,
    groups: NDArray[np.intp],
    sign: float,
    known: Pulls,
) -> Array | None:
    """Return how far groups of examples pull each run's score; ``None`` if one lacks outcomes.

    ``first`` are outcomes on the examples that the groups are of; others are not looked at.
    """
    for run in runs:
        if run.path in known:
            continue
        found = read(run.path).outcomes
        if found is None or found.form.count != first.form.count or found.names != first.names:
            return None
        known[run.path] = sign * found.form.influence(groups)
    return np.stack([known[run.path] for run in runs])


def _groups(item: Measured, film: str) -> NDArray[np.intp]:
    """Return the number of the group of each test example."""
    names: Sequence[object] = range(item.form.count)
    if film and item.names:
        matches = (re.search(film, name) for name in item.names)
        names = [m[1] if m else name for m, name in zip(matches, item.names, strict=True)]
    groups = grouped(names)
    count = int(groups.max()) + 1
    if isinstance(item.form, Ratios | ByClass) or count <= _MOST_GROUPS:
        return groups
    # the same for all runs of the task
    order = np.random.default_rng(0).permutation(count)
    return np.asarray(order[groups] % _MOST_GROUPS)


def _shares(
    found: Sequence[Sequence[Evidence]], groups: NDArray[np.intp]
) -> tuple[Array, Array] | None:
    shares = []
    for part in found:
        form = part[0].outcomes.form if part[0].outcomes else None
        is_share = isinstance(form, Ratios) and form.hits.dtype == bool and not form.of.size
        if not isinstance(form, Ratios) or not is_share or form.hits.ndim > 1:
            return None
        if int(groups.max()) + 1 < form.count:
            return None
        shares.append(form.hits.astype(np.float64))
    return shares[0], shares[1]


def _single(
    paired: _Paired, kept: Sequence[Sequence[_Run]], noises: tuple[Noise, ...]
) -> Difference | None:
    """Return McNemar's comparison, where both have one run and nothing is known of seeds."""
    no_seeds = all(noise.sd == 0 or noise.freedom <= 0 for noise in noises)
    if paired.shares is None or not no_seeds or any(len(runs) > 1 for runs in kept):
        return None
    return paired_shares(*paired.shares)


def _scaled(found: Difference, factor: float) -> Difference:
    """Return a difference in other units."""

    def part(item: object) -> object:
        if isinstance(item, tuple):
            return item._replace(variance=item.variance * factor**2)  # type: ignore[attr-defined]
        return item

    numbers = {key: factor * getattr(found, key) for key in ('value', 'error', 'low', 'high')}
    parts = {key: part(getattr(found, key)) for key in ('seeds', 'examples')}
    return replace(found, **numbers, **parts)  # type: ignore[arg-type]


def _total(tasks: Iterable[TaskDuel]) -> tuple[Difference | None, int]:
    scaled = [one for one in tasks if math.isfinite(one.scale) and one.found.is_known]
    if len(scaled) < 2 or not all(one.covers_seeds for one in scaled):
        return None, len(scaled)
    weights = family_weights([one.task.family for one in scaled])
    found = [_scaled(one.found, one.scale) for one in scaled]
    return weighted(found, weights.tolist()), len(scaled)


def evidence_of(record: RunRecord, content: bytes | None, place: str) -> Evidence:
    """Return the evidence of a record whose outcomes file holds ``content``."""
    known = Evidence(
        None,
        str(record.provenance.get('data_manifest') or ''),
        is_random=draws_weights(record.spec.backbone, record.proof),
    )
    if content is None:
        return known
    try:
        found = unpack(content, place).get(record.primary)
        value = found.form.value() if found else math.nan
    except RecordError as error:
        return known._replace(problem=str(error))
    said = record.raw.get(record.primary)
    if found is None or said is None:
        return known
    if not abs(value - said) <= 1e-6 * max(1.0, abs(said)):
        return known._replace(problem=f'{place}: its outcomes give {value:g}, the record {said}')
    return known._replace(outcomes=found)


def chosen_backbone(asked: str, labels: Mapping[str, str]) -> str:
    """Return the id of the backbone that ``asked`` names: its id, its title, or a part of one.

    Args:
        asked: what the user wrote.
        labels: title by id.

    Raises:
        UnknownNameError: no backbone of the records is called so, or several are.
    """
    if asked in labels:
        return asked
    ways = (
        lambda name, label: label == asked,
        lambda name, label: asked.lower() in (name.lower(), label.lower()),
        lambda name, label: asked.lower() in name.lower() or asked.lower() in label.lower(),
    )
    for way in ways:
        found = [name for name, label in labels.items() if way(name, label)]
        if len(found) == 1:
            return found[0]
        if found:
            several = ', '.join(sorted(found))
            raise UnknownNameError(f"backbone '{asked}' could be any of: {several}; name one")
    there = '; '.join(f'{name} ({label})' for name, label in sorted(labels.items()))
    raise UnknownNameError(f"no record of a backbone '{asked}'; there are: {there or 'none'}")
