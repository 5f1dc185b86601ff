"""Verdicts on the claims of the two papers, from records and analyses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Any

import numpy as np

from benchmark.analysis.heads import LAST_LAYERS, head_values
from benchmark.analysis.losses import ends_of
from benchmark.report.data.analyses import FoundAnalysis, reading, values_of
from benchmark.results.records import RunRecord
from benchmark.statistics.means import MeanInterval, contrast_interval, t_interval, welch_interval
from studies.dark_secrets.claims import (
    ALIKE,
    BOXES,
    CAPTURED,
    CLAIMS,
    COVERED,
    DIVERSE,
    DROPPED,
    FIELDS,
    FINE,
    GEOMETRIC,
    KERNELS,
    LOCAL,
    Claim,
)
from studies.dark_secrets.scores import FINETUNE, SeedScores, scores_by_cell, trivial_scores
from studies.dark_secrets.verdicts import BackbonePair, ClaimVerdict, Count, Kernels, RandomBaseline

BEHIND = 'behind the trivial predictor'
RISES = 'the box loss cannot be read where it does not fall'

_GROUPS = {'geometric-motion': GEOMETRIC, 'fine-grained': FINE}
"""Claims that masked pretraining is ahead, by the group of tasks that they are about."""

_COVERED = 'world-covered'


def judge(
    pairs: Sequence[BackbonePair],
    analyses: Iterable[FoundAnalysis],
    records: Iterable[RunRecord],
    *,
    kernels: Kernels | None = None,
) -> list[ClaimVerdict]:
    """Return all verdicts on ``pairs`` that ``analyses`` and ``records`` support, by claim.

    What is not there gives no verdict. ``kernels`` are two of the pairs that differ in their
    kernels alone.

    Args:
        pairs: the pairs of backbones to judge.
        analyses: analyses on disk.
        records: records of runs.
        kernels: two of the pairs that differ only in the size of their kernels.

    Raises:
        RecordError: an analysis is damaged.
    """
    found = {analysis.name: analysis for analysis in analyses}
    listed = list(records)
    runs, floors = scores_by_cell(listed), trivial_scores(listed)
    judges: Mapping[str, Callable[[FoundAnalysis, BackbonePair], Iterator[ClaimVerdict]]] = {
        'attention': _attention,
        'cka': _similarity,
        'layers': partial(_judge_last_blocks, floors),
        'losses': partial(_losses, runs, floors),
        'cam': _judge_activation,
        'erf': _fields,
    }
    verdicts = [verdict for pair in pairs for verdict in _transfer(runs, floors, pair)]
    verdicts += _kernels(runs, floors, kernels) if kernels else ()
    for name, judge_one in judges.items():
        for pair in pairs if name in found else ():
            with reading(found[name]):
                verdicts += judge_one(found[name], pair)
    return sorted(_over_networks(verdicts), key=lambda verdict: CLAIMS.index(verdict.claim))


_PARTS = ('layers', 'heads')
"""Parts of one network, which are not independent repetitions."""


def _over_networks(verdicts: Iterable[ClaimVerdict]) -> Iterator[ClaimVerdict]:
    """Yield verdicts with networks as the repetitions where an architecture has several runs.

    Layers and heads of one network depend on each other. Where one architecture was pretrained
    several times, their verdicts become one, with an interval over those runs; where it was
    pretrained once, the verdict says that its interval is over parts of one network.
    """
    groups: dict[tuple[Claim, str, str], list[ClaimVerdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.over in _PARTS and isinstance(verdict.pair, BackbonePair):
            architecture = verdict.pair.random or str(verdict.pair)
            groups[verdict.claim, verdict.measure, architecture].append(verdict)
        else:
            yield verdict
    for group in groups.values():
        first = group[0]
        found = t_interval(verdict.found.mean for verdict in group)
        if len(group) == 1 or found is None:
            yield replace(first, over=f'{first.over} of one network')
            continue
        counts = [verdict.count for verdict in group if verdict.count]
        yield replace(
            first,
            pair=_together(
                [verdict.pair for verdict in group if isinstance(verdict.pair, BackbonePair)]
            ),
            found=found,
            over='pretraining runs',
            count=_sum_counts(counts) if counts else None,
        )


def _together(pairs: Sequence[BackbonePair]) -> BackbonePair:
    """Return several pretraining runs of one architecture as one pair."""
    return BackbonePair(
        ', '.join(pair.masked for pair in pairs),
        ', '.join(pair.supervised for pair in pairs),
        f'{pairs[0].title} ({len(pairs)} pretraining runs)' if pairs[0].title else '',
        pairs[0].random,
    )


def _sum_counts(counts: Sequence[Count]) -> Count:
    return Count(sum(one.side for one in counts), sum(one.all for one in counts), counts[0].units)


def _bar(floor: float | None, arms: Iterable[Iterable[float]]) -> str:
    """Return why the scores of a task, by arm, cannot be compared; empty if they can."""
    if floor is None:
        return ''
    return BEHIND if any(fmean(scores) <= floor for scores in arms) else ''


def _verdict(
    claim: Claim,
    pair: BackbonePair | Kernels,
    measure: str,
    found: MeanInterval | None,
    over: str,
    **more: Any,
) -> Iterator[ClaimVerdict]:
    if found is not None:
        yield ClaimVerdict(claim, pair, measure, found, over, **more)


def _attention(analysis: FoundAnalysis, pair: BackbonePair) -> Iterator[ClaimVerdict]:
    rows = values_of(analysis)
    distance, divergence = head_values(rows, 'distance'), head_values(rows, 'divergence')
    if not all(name in distance for name in pair.arms):
        return
    masked, supervised = (distance[name] for name in pair.arms)
    both = sorted(masked.keys() & supervised.keys())
    nearest = [min(supervised[i].values()) - min(masked[i].values()) for i in both]
    yield from _verdict(
        LOCAL,
        pair,
        'share of the uniform distance of the most local head of a layer, supervised minus masked',
        t_interval(nearest),
        'layers',
        count=_count(nearest),
    )
    last = both[-LAST_LAYERS:]
    yield from _verdict(
        LOCAL,
        pair,
        f'share of the uniform distance in the last {LAST_LAYERS} layers, supervised minus masked',
        welch_interval(_heads(supervised, last), _heads(masked, last)),
        'heads',
        count=_count([fmean(supervised[i].values()) - fmean(masked[i].values()) for i in last]),
    )
    masked, supervised = (divergence.get(name, {}) for name in pair.arms)
    last = sorted(masked.keys() & supervised.keys())[-LAST_LAYERS:]
    yield from _verdict(
        DIVERSE,
        pair,
        f'KL between heads in the last {LAST_LAYERS} layers (nat), masked minus supervised',
        welch_interval(_heads(masked, last), _heads(supervised, last)),
        'heads',
    )


def _count(differences: Sequence[float]) -> Count:
    return Count(sum(one > 0 for one in differences), len(differences), 'layers')


def _heads(layers: Mapping[int, Mapping[str, float]], chosen: Iterable[int]) -> list[float]:
    return [value for layer in chosen for value in layers[layer].values()]


def _similarity(analysis: FoundAnalysis, pair: BackbonePair) -> Iterator[ClaimVerdict]:
    known: Mapping[str, Mapping[str, float | None]] = analysis.facts['similarity']
    masked, supervised = (known.get(name) for name in pair.arms)
    batches = int(analysis.facts['batches'])
    measure = 'mean CKA between different layers, masked minus supervised'
    found = _less(masked, supervised, batches)
    network = known.get(pair.random)
    instead, beyond = _less(network, supervised, batches), _less(masked, network, batches)
    beside = RandomBaseline(instead, beyond) if instead and beyond else None
    yield from _verdict(ALIKE, pair, measure, found, 'batches of pictures', random=beside)


def _less(
    first: Mapping[str, float | None] | None,
    second: Mapping[str, float | None] | None,
    batches: int,
) -> MeanInterval | None:
    """Return first minus second of two means with intervals over the same ``batches``."""
    if first is None or second is None or first['mean'] is None or second['mean'] is None:
        return None
    difference = first['mean'] - second['mean']
    if first['high'] is None or second['high'] is None:
        return MeanInterval(difference, None, None, batches)
    # the same pictures for both: adding variances is on the safe side
    half = float(np.hypot(first['high'] - first['mean'], second['high'] - second['mean']))
    return MeanInterval(difference, difference - half, difference + half, batches)


def _judge_last_blocks(
    floors: Mapping[str, float], analysis: FoundAnalysis, pair: BackbonePair
) -> Iterator[ClaimVerdict]:
    better = {
        (change['task'], change['backbone']): change['higher_is_better']
        for change in analysis.facts['change']
    }
    scores: dict[tuple[str, str, int], dict[str, float]] = defaultdict(dict)
    for row in values_of(analysis):
        place = (row['task'], row['backbone'])
        if row['action'] == 'drop' and place in better and place[1] in pair.arms:
            sign = 1 if better[place] else -1
            scores[(*place, int(row['blocks']))][row['seed']] = sign * float(row['score'])
    for task, count in sorted({(task, count) for task, _, count in scores if count}):
        whole, changed = ([scores[task, name, k] for name in pair.arms] for k in (0, count))
        if not all((*whole, *changed)):
            continue
        barred = _bar(floors.get(task), [one.values() for one in whole])
        masked, supervised = (
            [after[seed] - before[seed] for seed in sorted(before.keys() & after.keys())]
            for before, after in zip(whole, changed, strict=True)
        )
        for what, gains in (
            (f'improvement by dropping {count}, supervised', supervised),
            (f'loss by dropping {count}, masked', [-gain for gain in masked]),
        ):
            found = t_interval(gains)
            yield from _verdict(DROPPED, pair, what, found, 'seeds', task=task, barred=barred)


def _transfer(
    runs: Mapping[tuple[str, str], SeedScores], floors: Mapping[str, float], pair: BackbonePair
) -> Iterator[ClaimVerdict]:
    for task in sorted({task for task, _ in runs}):
        sides = [runs.get((task, name)) for name in pair.arms]
        if sides[0] is None or sides[1] is None:
            continue
        masked, supervised = (list(side.by_seed.values()) for side in sides if side)
        title = sides[0].metric['title'] or sides[0].metric['key']
        more = {'task': task, 'barred': _bar(floors.get(task), (masked, supervised))}
        claim = _GROUPS.get(sides[0].task['group'])
        if claim is not None:
            found = welch_interval(masked, supervised)
            yield from _verdict(claim, pair, f'{title}, masked ahead by', found, 'seeds', **more)
        if task == _COVERED:
            found = welch_interval(supervised, masked)
            measure = f'{title}, supervised ahead by'
            yield from _verdict(COVERED, pair, measure, found, 'seeds', **more)


def _kernels(
    runs: Mapping[tuple[str, str], SeedScores], floors: Mapping[str, float], kernels: Kernels
) -> Iterator[ClaimVerdict]:
    """Compare, on every task, what masked pretraining gains over supervision in both pairs."""
    for task in sorted({task for task, _ in runs}):
        sides = [runs.get((task, name)) for name in kernels.arms]
        scores = [list(side.by_seed.values()) for side in sides if side is not None]
        if len(scores) < len(sides):
            continue
        large_masked, large_supervised, small_masked, small_supervised = scores
        found = contrast_interval(
            [large_masked, small_supervised], [large_supervised, small_masked]
        )
        measure = 'gain of masked over supervised, large minus small kernels'
        barred = _bar(floors.get(task), scores)
        yield from _verdict(KERNELS, kernels, measure, found, 'seeds', task=task, barred=barred)


def _losses(
    runs: Mapping[tuple[str, str], SeedScores],
    floors: Mapping[str, float],
    analysis: FoundAnalysis,
    pair: BackbonePair,
) -> Iterator[ClaimVerdict]:
    """Compare box losses where they fall.

    mmdet divides the box loss by all sampled regions, not by those that hold an object. Early in
    a training few do, so that its loss is low without any box being found and rises as more are;
    only where it falls does a lower one mean better boxes.
    """
    cells = {
        (cell['task'], cell['backbone']): cell
        for cell in analysis.facts['summary']
        if cell['protocol'] == FINETUNE
    }
    curves = _box_curves(analysis)
    for task in sorted({task for task, _ in cells}):
        sides = [cells.get((task, name), {}).get('loss_bbox_by_seed') for name in pair.arms]
        if sides[0] is None or sides[1] is None:
            continue
        ends = [ends_of(curves[task, name]) for name in pair.arms]
        scores = [runs[task, n].by_seed.values() for n in pair.arms if (task, n) in runs]
        rises = '' if all(late < early for early, late in ends) else _rise(ends)
        yield from _verdict(
            BOXES,
            pair,
            'mean box loss over training, supervised minus masked',
            welch_interval(sides[1], sides[0]),
            'seeds',
            task=task,
            barred=_bar(floors.get(task), scores) or rises,
        )


def _box_curves(analysis: FoundAnalysis) -> dict[tuple[str, str], list[float]]:
    """Return the box loss over fine-tuning by task and backbone, its mean over seeds."""
    curves: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in values_of(analysis):
        if row['term'] == 'loss_bbox' and row['protocol'] == FINETUNE:
            curves[row['task'], row['backbone']].append(float(row['mean']))
    return curves


def _rise(ends: Sequence[tuple[float, float]]) -> str:
    masked, supervised = (f'{early:.2f} to {late:.2f}' for early, late in ends)
    return f'{RISES}: masked {masked}, supervised {supervised}'


def _judge_activation(analysis: FoundAnalysis, pair: BackbonePair) -> Iterator[ClaimVerdict]:
    measures = {
        'parts': "share of the creature's parts at least half active, masked minus supervised",
        'coverage': 'share of the creature that is active, masked minus supervised',
        'regions': 'distinct active regions, masked minus supervised',
    }
    # without a mask the side of a map is arbitrary
    rows = [row for row in values_of(analysis) if row['backbone'] in pair.arms and row['turned']]
    for key, measure in measures.items():
        found = _paired_difference(rows, key, *pair.arms)
        yield from _verdict(CAPTURED, pair, measure, found, 'pictures')


def _fields(analysis: FoundAnalysis, pair: BackbonePair) -> Iterator[ClaimVerdict]:
    rows = values_of(analysis)
    half = [row for row in rows if float(row['share']) == 0.5]
    for key, what in (('area_ratio', 'area that holds half of all contributions'),
                      ('spread_px', 'spread (px)')):  # fmt: skip
        found = _paired_difference(half, key, pair.supervised, pair.masked)
        instead = _paired_difference(half, key, pair.supervised, pair.random)
        beyond = _paired_difference(half, key, pair.random, pair.masked)
        beside = RandomBaseline(instead, beyond) if instead and beyond else None
        measure = f'{what}, supervised minus masked'
        yield from _verdict(FIELDS, pair, measure, found, 'pictures', random=beside)


def _paired_difference(
    rows: Sequence[Mapping[str, str]], key: str, first: str, second: str
) -> MeanInterval | None:
    """Return first minus second over the pictures for which both have a value."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row[key]:
            values[row['backbone']][row['picture']] = float(row[key])
    return t_interval(
        values[first][name] - values[second][name]
        for name in sorted(values[first].keys() & values[second].keys())
    )
