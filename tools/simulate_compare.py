"""Simulate how often the intervals of `tbench compare` contain the true difference.

``python tools/simulate_compare.py`` prints the tables of docs/compare.md from drawn scores.
``python tools/simulate_compare.py real FILE FILE ...`` draws smaller test splits from the outcomes
of real runs (records, or files below ``results/outcomes``) and asks how often the interval of a
small split contains the difference on the whole one.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.results.store import ResultStore, read_record
from benchmark.statistics.differences import (
    Arm,
    Difference,
    difference,
    interaction,
    paired_shares,
    seed_noises,
)
from benchmark.statistics.noise import Noise
from benchmark.statistics.outcome_files import unpack
from benchmark.statistics.outcomes import Ratios

SEED = 2026


def drawn_arms(
    random: np.random.Generator,
    *,
    seeds: int,
    examples: int,
    seed_sds: tuple[float, float],
    others: int,
) -> tuple[Arm, Arm, float]:
    """Return two backbones that are equally good, of accuracies in percent.

    Each example has a difficulty that all share and one of its own for each backbone and run; each
    run has an offset, so that the true scores of runs vary by about ``seed_sds`` points, those of A
    and of all others. There are ``others`` backbones with three runs each. The last number is the
    degrees of freedom behind the noise.
    """
    shared = random.normal(0, 1.0, examples)
    slope = 100 * 0.25  # points of accuracy per unit of the latent scale, nearly
    spreads, arms, pulls = {}, [], []
    for backbone in range(2 + others):
        runs = seeds if backbone < 2 else 3
        own = shared + random.normal(0, 0.7, examples)
        sd = seed_sds[0] if backbone == 0 else seed_sds[1]
        offsets = random.normal(0, sd / slope, runs)
        right = own + offsets[:, None] + random.normal(0, 0.7, (runs, examples)) > 0
        shares = 100.0 * right.mean(axis=1)
        spreads[backbone] = tuple(shares.tolist())
        # what Ratios(...).influence gives of an accuracy
        pulls.append(100.0 * right - shares[:, None])
        if backbone < 2:
            arms.append(spreads[backbone])
    noises, lent = seed_noises(spreads), interaction(pulls)
    first, second = (
        Arm(scores, pulls[place], noises[place], lent) for place, scores in enumerate(arms)
    )
    return first, second, float(sum(len(scores) - 1 for scores in spreads.values()))


def share_within(found: list[Difference], truth: float = 0.0) -> float:
    """Return the percentage of intervals that contain ``truth``."""
    return 100 * float(np.mean([item.low <= truth <= item.high for item in found]))


def table_of_draws(count: int) -> Iterator[str]:
    """Yield the lines of the table of drawn scores."""
    yield '| seeds | test examples | sd of seeds | coverage | by seeds alone |'
    yield '| --- | --- | --- | --- | --- |'
    for line, (seeds, examples, sd) in enumerate(
        itertools.product(
            (1, 2, 3, 5), (300, 2000), ((0.0, 0.0), (1.0, 1.0), (3.0, 3.0), (3.0, 1.0))
        )
    ):
        random = np.random.default_rng((SEED, line))
        # a single run takes the spread of seeds from others, where that is the same
        if seeds == 1 and len(set(sd)) > 1:
            continue
        others = 4 if seeds == 1 else 0
        both, alone = [], []
        for _ in range(count):
            a, b, most = drawn_arms(
                random, seeds=seeds, examples=examples, seed_sds=sd, others=others
            )
            both.append(difference(a, b, most=most))
            blind = (arm._replace(influence=None) for arm in (a, b))
            alone.append(difference(*blind, most=most))
        sds = ' and '.join(f'{value:g}' for value in sd) if len(set(sd)) > 1 else f'{sd[0]:g}'
        shares = ' | '.join(f'{share_within(found):.1f}' for found in (both, alone))
        yield f'| {seeds} | {examples} | {sds} | {shares} |'


def table_of_shares(count: int) -> Iterator[str]:
    """Yield the lines of the table of single deterministic runs, by McNemar's test."""
    yield '| test examples | accuracy | disagreement | coverage | false alarms |'
    yield '| --- | --- | --- | --- | --- |'
    random = np.random.default_rng(SEED)
    for examples, accuracy, apart in itertools.product((50, 300, 1000), (0.5, 0.9), (0.05, 0.2)):
        found = []
        for _ in range(count):
            a = random.random(examples) < accuracy
            swap = apart / 2
            lose, win = swap / accuracy, swap / (1 - accuracy)
            flips = random.random(examples) < np.where(a, lose, win)
            found.append(paired_shares(a.astype(float), (a ^ flips).astype(float)))
        alarms = 100 * float(np.mean([item.p <= 0.05 for item in found]))
        yield (
            f'| {examples} | {accuracy:g} | {apart:g} | {share_within(found):.1f} | {alarms:.1f} |'
        )


def subset(form: Any, chosen: np.ndarray) -> Any:
    """Return a form of ratios or classes with some of its examples."""
    if isinstance(form, Ratios):
        of = form.of[chosen] if form.of.size else form.of
        return Ratios(form.hits[chosen], of, form.scale, form.is_root, form.counts_empty)
    return type(form)(form.hits[chosen], form.labels[chosen], form.scale)


def outcomes_of(path: Path) -> dict[str, Any]:
    """Return the outcomes by metric of a record, or of a file of outcomes itself."""
    if path.suffix != '.json':
        return unpack(path.read_bytes(), str(path))
    runs = next(folder for folder in path.resolve().parents if folder.name == 'runs')
    content = ResultStore(runs.parent, runs.parent).outcomes(read_record(path))
    if content is None:
        raise SystemExit(f'{path}: names no outcomes, or they are not in {runs.parent}')
    return unpack(content, str(path))


def table_of_files(paths: list[Path], count: int) -> Iterator[str]:
    """Yield, for every metric that two files share, how often small splits contain the truth."""
    yield '| metric | A | B | whole split | drawn | difference | coverage |'
    yield '| --- | --- | --- | --- | --- | --- | --- |'
    random = np.random.default_rng(SEED)
    known = {path: outcomes_of(path) for path in paths}
    for (one, first), (two, second) in itertools.combinations(known.items(), 2):
        for key in sorted(first.keys() & second.keys()):
            a, b = first[key].form, second[key].form
            if not hasattr(a, 'hits') or a.count != b.count:
                continue
            truth = a.value() - b.value()
            for size in (25, 50, 100):
                if 2 * size > a.count:
                    continue
                # with replacement: the whole split stands for the world
                found = []
                for _ in range(count):
                    chosen = random.integers(a.count, size=size)
                    arms = []
                    for form in (a, b):
                        part = subset(form, chosen)
                        pull = part.influence(np.arange(size))[None]
                        arms.append(Arm((part.value(),), pull, Noise(0.0, math.inf)))
                    found.append(difference(*arms))
                yield (
                    f'| {key} | {one.stem[:6]} | {two.stem[:6]} | {a.count} | {size} | '
                    f'{truth:.2f} | {share_within(found, truth):.1f} |'
                )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('what', nargs='?', choices=('draws', 'shares', 'real'), default='draws')
    parser.add_argument('files', nargs='*', type=Path)
    parser.add_argument('--count', type=int, default=2000, help='draws per line')
    options = parser.parse_args()
    tables = {
        'draws': lambda: table_of_draws(options.count),
        'shares': lambda: table_of_shares(options.count),
        'real': lambda: table_of_files(options.files, options.count),
    }
    for line in tables[options.what]():
        print(line, flush=True)


if __name__ == '__main__':
    main()
