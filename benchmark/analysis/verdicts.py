"""Whether findings of the two papers hold for pairs of backbones, from records and analyses.

A verdict is a difference with an interval, and whether the interval lies on the side that the
paper states. Nothing else decides; no correction is made for how many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmark.analysis.intervals import Interval, contrast_interval, t_interval, welch_interval
from benchmark.report.analyses import FoundAnalysis
from benchmark.report.key_numbers import LAST_LAYERS, head_values, reading, values_of
from benchmark.results.records import RunRecord


class Pair(NamedTuple):
    """Two backbones that differ in how they were pretrained and in nothing else."""

    masked: str
    supervised: str


class Kernels(NamedTuple):
    """Two pairs of one architecture, with large and with small kernels."""

    large: Pair
    small: Pair


@dataclass(frozen=True)
class Verdict:
    """One difference, and whether it is what a paper states.

    Attributes:
        claim: what the paper states.
        where: which backbones, and on which task, if any.
        measure: the difference, in words; above 0 speaks for the claim.
        found: the difference with its interval.
        over: what the interval is over.
    """

    claim: str
    where: str
    measure: str
    found: Interval
    over: str

    @property
    def outcome(self) -> str:
        """``holds``, ``contradicted``, or ``open`` where the interval has 0 inside or is none."""
        return {1: 'holds', -1: 'contradicted', 0: 'open'}[self.found.sign]


CLAIMS = (
    LOCAL := 'masked pretraining keeps attention local in all layers',
    DIVERSE := 'masked pretraining keeps heads diverse in the last layers',
    ALIKE := 'layers are more alike after masked pretraining',
    DROPPED := 'dropping the last blocks costs a masked network more than a supervised one',
    GEOMETRIC := 'masked pretraining is ahead on geometric and motion tasks',
    COVERED := 'supervision is ahead where its classes cover the task',
    BOXES := 'the box loss of detection falls faster after masked pretraining',
    CAPTURED := 'masked pretraining captures more features of an object',
    FIELDS := 'receptive fields are more local after masked pretraining',
    KERNELS := 'masked pretraining gains more where kernels are large',
)

_GROUP, _COVERED = 'geometric-motion', 'world-covered'


def judge(
    pairs: Sequence[Pair],
    analyses: Iterable[FoundAnalysis],
    records: Iterable[RunRecord],
    *,
    kernels: Kernels | None = None,
) -> list[Verdict]:
    """Return every verdict that ``analyses`` and ``records`` allow on ``pairs``, by claim.

    What is not there gives no verdict. ``kernels`` are two of the pairs that differ in their
    kernels alone.

    Raises:
        RecordError: an analysis is damaged.
    """
    found = {analysis.name: analysis for analysis in analyses}
    judges: Mapping[str, Callable[[FoundAnalysis, Pair], Iterator[Verdict]]] = {
        'attention': _attention,
        'cka': _similarity,
        'layers': _dropped,
        'losses': _losses,
        'cam': _captured,
        'erf': _fields,
    }
    runs = scores_by_cell(records)
    verdicts = [verdict for pair in pairs for verdict in _transfer(runs, pair)]
    verdicts += _kernels(runs, kernels) if kernels else ()
    for name, judge_one in judges.items():
        for pair in pairs if name in found else ():
            with reading(found[name]):
                verdicts += judge_one(found[name], pair)
    return sorted(verdicts, key=lambda verdict: CLAIMS.index(verdict.claim))


class Scores(NamedTuple):
    """The scores of a backbone on a task by seed, above being better, and facts of the task."""

    task: Mapping[str, Any]
    metric: Mapping[str, Any]
    by_seed: Mapping[int, float]


def scores_by_cell(records: Iterable[RunRecord]) -> dict[tuple[str, str], Scores]:
    """Return fine-tuned scores by task and backbone, negated where lower is better."""
    found: dict[tuple[str, str], Scores] = {}
    for record in sorted(records, key=lambda r: (r.spec, r.finished)):
        if not record.is_ok or record.spec.protocol != 'finetune':
            continue
        metric = next(m for m in record.task['metrics'] if m['key'] == record.primary)
        sign = 1 if metric['higher_is_better'] else -1
        place = (record.spec.task, record.spec.backbone)
        before = found[place].by_seed if place in found else {}
        by_seed = {**before, record.spec.seed: sign * record.scores[record.primary]}
        found[place] = Scores(record.task, metric, by_seed)
    return found


def _told(pair: Pair) -> str:
    return f'{pair.masked} / {pair.supervised}'


def _verdict(
    claim: str, pair: Pair, measure: str, found: Interval | None, over: str, task: str = ''
) -> Iterator[Verdict]:
    if found is not None:
        where = f'{_told(pair)}, {task}' if task else _told(pair)
        yield Verdict(claim, where, measure, found, over)


def _attention(analysis: FoundAnalysis, pair: Pair) -> Iterator[Verdict]:
    rows = values_of(analysis)
    distance, divergence = head_values(rows, 'distance'), head_values(rows, 'divergence')
    if not all(name in distance for name in pair):
        return
    masked, supervised = (distance[name] for name in pair)
    both = sorted(masked.keys() & supervised.keys())
    yield from _verdict(
        LOCAL,
        pair,
        'share of the uniform distance of the most local head of a layer, supervised minus masked',
        t_interval(min(supervised[i].values()) - min(masked[i].values()) for i in both),
        'layers',
    )
    last = both[-LAST_LAYERS:]
    yield from _verdict(
        LOCAL,
        pair,
        f'share of the uniform distance in the last {LAST_LAYERS} layers, supervised minus masked',
        welch_interval(_heads(supervised, last), _heads(masked, last)),
        'heads',
    )
    masked, supervised = (divergence.get(name, {}) for name in pair)
    last = sorted(masked.keys() & supervised.keys())[-LAST_LAYERS:]
    yield from _verdict(
        DIVERSE,
        pair,
        f'KL between heads in the last {LAST_LAYERS} layers (nat), masked minus supervised',
        welch_interval(_heads(masked, last), _heads(supervised, last)),
        'heads',
    )


def _heads(layers: Mapping[int, Mapping[str, float]], chosen: Iterable[int]) -> list[float]:
    return [value for layer in chosen for value in layers[layer].values()]


def _similarity(analysis: FoundAnalysis, pair: Pair) -> Iterator[Verdict]:
    known: Mapping[str, Mapping[str, float | None]] = analysis.facts['similarity']
    sides = [known.get(name) for name in pair]
    if sides[0] is None or sides[1] is None or None in (sides[0]['mean'], sides[1]['mean']):
        return
    means, halves = [], []
    for side in sides:
        assert side is not None
        means.append(float(side['mean'] or 0))
        halves.append(None if side['high'] is None else float(side['high']) - means[-1])
    difference = means[0] - means[1]
    found = Interval(difference, None, None, 1)
    if halves[0] is not None and halves[1] is not None:
        # the same pictures for both: adding variances is on the safe side
        half = (halves[0] ** 2 + halves[1] ** 2) ** 0.5
        found = Interval(difference, difference - half, difference + half, 2)
    measure = 'mean CKA between different layers, masked minus supervised'
    yield from _verdict(ALIKE, pair, measure, found, 'batches of pictures')


def _dropped(analysis: FoundAnalysis, pair: Pair) -> Iterator[Verdict]:
    better = {
        (change['task'], change['backbone']): change['higher_is_better']
        for change in analysis.facts['change']
    }
    scores: dict[tuple[str, str, int], dict[str, float]] = defaultdict(dict)
    for row in values_of(analysis):
        place = (row['task'], row['backbone'])
        if row['action'] == 'drop' and place in better:
            sign = 1 if better[place] else -1
            scores[(*place, int(row['blocks']))][row['seed']] = sign * float(row['score'])
    for task, count in sorted({(task, count) for task, _, count in scores if count}):
        costs = []
        for name in pair:
            whole, changed = scores[task, name, 0], scores[task, name, count]
            costs.append([whole[seed] - changed[seed] for seed in whole.keys() & changed.keys()])
        yield from _verdict(
            DROPPED,
            pair,
            f'loss of score by dropping {count}, masked minus supervised',
            welch_interval(*costs),
            'seeds',
            task,
        )


def _transfer(runs: Mapping[tuple[str, str], Scores], pair: Pair) -> Iterator[Verdict]:
    for task in sorted({task for task, _ in runs}):
        sides = [runs.get((task, name)) for name in pair]
        if sides[0] is None or sides[1] is None:
            continue
        masked, supervised = (list(side.by_seed.values()) for side in sides if side)
        title = sides[0].metric['title'] or sides[0].metric['key']
        if sides[0].task['group'] == _GROUP:
            found = welch_interval(masked, supervised)
            measure = f'{title}, masked ahead by'
            yield from _verdict(GEOMETRIC, pair, measure, found, 'seeds', task)
        if task == _COVERED:
            found = welch_interval(supervised, masked)
            measure = f'{title}, supervised ahead by'
            yield from _verdict(COVERED, pair, measure, found, 'seeds', task)


def _kernels(runs: Mapping[tuple[str, str], Scores], kernels: Kernels) -> Iterator[Verdict]:
    """Compare, on every task, what masked pretraining gains over supervision in both pairs."""
    for task in sorted({task for task, _ in runs}):
        sides = [runs.get((task, name)) for pair in kernels for name in pair]
        scores = [list(side.by_seed.values()) for side in sides if side is not None]
        if len(scores) < len(sides):
            continue
        large_masked, large_supervised, small_masked, small_supervised = scores
        found = contrast_interval(
            [large_masked, small_supervised], [large_supervised, small_masked]
        )
        where = f'{_told(kernels.large)} against {_told(kernels.small)}, {task}'
        if found is not None:
            measure = 'gain of masked over supervised, large minus small kernels'
            yield Verdict(KERNELS, where, measure, found, 'seeds')


def _losses(analysis: FoundAnalysis, pair: Pair) -> Iterator[Verdict]:
    cells = {(cell['task'], cell['backbone']): cell for cell in analysis.facts['summary']}
    for task in sorted({task for task, _ in cells}):
        sides = [cells.get((task, name), {}).get('loss_bbox_by_seed') for name in pair]
        if sides[0] is not None and sides[1] is not None:
            yield from _verdict(
                BOXES,
                pair,
                'mean box loss over training, supervised minus masked',
                welch_interval(sides[1], sides[0]),
                'seeds',
                task,
            )


def _captured(analysis: FoundAnalysis, pair: Pair) -> Iterator[Verdict]:
    measures = {
        'parts': "share of the creature's parts at least half active, masked minus supervised",
        'coverage': 'share of the creature that is active, masked minus supervised',
        'regions': 'distinct active regions, masked minus supervised',
    }
    rows = values_of(analysis)
    for key, measure in measures.items():
        found = _paired(rows, key, pair)
        yield from _verdict(CAPTURED, pair, measure, found, 'pictures')


def _fields(analysis: FoundAnalysis, pair: Pair) -> Iterator[Verdict]:
    rows = values_of(analysis)
    half = [row for row in rows if float(row['share']) == 0.5]
    for key, what in (('area_ratio', 'area that holds half of all contributions'),
                      ('spread_px', 'spread (px)')):  # fmt: skip
        found = _paired(half, key, Pair(pair.supervised, pair.masked))
        yield from _verdict(FIELDS, pair, f'{what}, supervised minus masked', found, 'pictures')


def _paired(rows: Sequence[Mapping[str, str]], key: str, pair: Pair) -> Interval | None:
    """Return first minus second over the pictures for which both have a value."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row[key]:
            values[row['backbone']][row['picture']] = float(row[key])
    first, second = (values[name] for name in pair)
    return t_interval(first[name] - second[name] for name in sorted(first.keys() & second.keys()))
