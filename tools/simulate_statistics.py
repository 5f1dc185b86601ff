"""Simulate the statistics of a report on known truth and print how often they err, as Markdown.

Usage: python tools/simulate_statistics.py [--seed 2026] [--tasks 40000] [--boards 1000] [PART ...]

Parts: clear, power, seeds, kinds, agreement, pairs; all of them take a few minutes of one core,
and each is drawn from the seed and its own name, so that parts can be run one by one. Every
decision and interval comes from the functions that `tbench report` and the study use.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.report.data.grids import Grid
from benchmark.report.inference import agreements
from benchmark.report.inference.standings import Aggregate, Estimate, standings
from benchmark.statistics.aggregates import family_weights, mean_ranks, places, ranks
from benchmark.statistics.agreement import kendall
from benchmark.statistics.linear import over_kinds, welch
from benchmark.statistics.means import contrast_interval, t_interval
from benchmark.statistics.spread import clear_limits

Array = NDArray[np.float64]

BACKBONES = 6
QUICK = {
    'covered': (7.7, 1.4, 0.2, 1.4, 2.1, 1.6),
    'unseen': (0.04, 0.2, 0.5, 0.7, 0.5, 0.7),
    'segmentation': (0.3, 0.1, 0.04, 0.3, 1.1, 1.1),
    'depth': (0.018, 0.129, 0.034, 0.034, 0.005, 0.007),
    'pose': (1.2, 0.7, 0.1, 0.5, 2.0, 0.3),
}
"""Standard deviations over seeds in the records of the suite ``quick``."""


def spreads(backbones: int) -> dict[str, tuple[float, ...]]:
    """Return the spread of each backbone by the name of the pattern."""
    half = backbones // 2
    found: dict[str, tuple[float, ...]] = {'equal': (1.0,) * backbones}
    for ratio in (3.0, 5.0):
        found[f'one of {ratio:g}'] = (ratio, *[1.0] * (backbones - 1))
        found[f'half of {ratio:g}'] = (ratio,) * half + (1.0,) * (backbones - half)
    return found


def draw(
    random: np.random.Generator, tasks: int, spread: Sequence[float], runs: Sequence[int]
) -> tuple[Array, Array]:
    """Return means and variances over seeds where only seeds differ, shape (tasks, backbones)."""
    counts = np.array(runs)
    sizes = (tasks, len(counts))
    means = random.standard_normal(sizes) * spread / np.sqrt(counts)
    variances = np.square(spread) * random.chisquare(counts - 1, sizes) / (counts - 1)
    return means, variances


def false_alarms(
    random: np.random.Generator, tasks: int, spread: Sequence[float], runs: Sequence[int]
) -> float:
    """Return the share of tasks with any clear pair, where the true means are equal."""
    means, variances = draw(random, tasks, spread, runs)
    limits = clear_limits(variances, np.array(runs))
    gaps = np.abs(means[:, :, None] - means[:, None, :])
    return float((gaps > limits).any(axis=(1, 2)).mean())


def share_found(random: np.random.Generator, tasks: int, size: float, runs: Sequence[int]) -> float:
    """Return the share of differences of ``size`` standard deviations found; spreads are equal."""
    means, variances = draw(random, tasks, (1.0,) * len(runs), runs)
    limits = clear_limits(variances, np.array(runs))[:, 0, 1:]
    return float((np.abs(means[:, :1] + size - means[:, 1:]) > limits).mean())


def clear(random: np.random.Generator, options: argparse.Namespace) -> Iterator[str]:
    """Yield how often a task has a false clear pair."""
    settings = [(6, 2), (6, 3), (6, 5), (2, 2), (2, 3), (3, 2), (3, 3), (12, 2), (12, 3)]
    names = [*spreads(BACKBONES), *QUICK]
    yield row(['backbones', 'seeds', *names])
    yield rule(len(names) + 2)
    for backbones, seeds in settings:
        patterns = spreads(backbones) | (QUICK if backbones == BACKBONES else {})
        rates = [
            percent(false_alarms(random, options.tasks, patterns[name], [seeds] * backbones))
            if name in patterns
            else ''
            for name in names
        ]
        yield row([str(backbones), str(seeds), *rates])
    for mixed in ((2, 2, 2, 3, 3, 3), (3, 3, 3, 2, 2, 2), (2, 5, 5, 5, 5, 5), (5, 2, 2, 2, 2, 2)):
        rates = [
            percent(false_alarms(random, options.tasks, spread, mixed))
            for spread in (spreads(BACKBONES) | QUICK).values()
        ]
        yield row([str(BACKBONES), ', '.join(map(str, mixed)), *rates])


def power(random: np.random.Generator, options: argparse.Namespace) -> Iterator[str]:
    """Yield how often true differences are found."""
    sizes = (2, 3, 5, 8)
    yield row(['backbones', 'seeds', *(f'{size} sd' for size in sizes)])
    yield rule(len(sizes) + 2)
    for backbones in (2, 6, 12):
        for seeds in (2, 3, 5, 10):
            found = [share_found(random, options.tasks, s, [seeds] * backbones) for s in sizes]
            yield row([str(backbones), str(seeds), *(f'{share:.0%}' for share in found)])


def grid_of(scores: Array, runs: Sequence[int], families: Sequence[str]) -> Grid:
    """Return scores (backbones, runs, tasks) as the reports hold them."""
    tasks: Any = tuple(
        SimpleNamespace(name=f't{i}', family=family) for i, family in enumerate(families)
    )
    lines = [scores[:, :n, task].mean(axis=1) for task, n in enumerate(runs)]
    names = tuple(f'b{place}' for place in range(len(scores)))
    return Grid(names, tasks, tuple(runs), scores, np.stack(lines, axis=1))


def noisy(random: np.random.Generator, means: Array, spread: Array, runs: Sequence[int]) -> Array:
    """Return runs of cells with these ``means`` and ``spread`` (backbones, tasks)."""
    draws = random.standard_normal((len(means), max(runs), means.shape[1]))
    scores = means[:, None, :] + spread[:, None, :] * draws
    for task, n in enumerate(runs):
        scores[:, n:, task] = np.nan
    return scores


AGGREGATES = ('score', 'iqm', 'mean_rank', 'place')


def covers(found: Aggregate, truth: dict[str, float], side: str) -> list[float]:
    """Return by aggregate whether the interval holds the truth, ``nan`` where there is none."""
    marks = []
    for name in AGGREGATES:
        estimate: Estimate = getattr(found, name)
        ends = getattr(estimate, side)
        marks.append(
            float('nan')
            if ends is None or name not in truth
            else float(ends.low - 1e-9 <= truth[name] <= ends.high + 1e-9)
        )
    return marks


def seeds(random: np.random.Generator, options: argparse.Namespace) -> Iterator[str]:
    """Yield the coverage of the intervals over seeds: other seeds on the same tasks."""
    settings: list[tuple[str, list[int], list[str], Callable[[int], Array]]] = [
        ('1 task', [3], ['a'], flat_spread),
        ('3 tasks of 3 kinds', [2] * 3, list('abc'), flat_spread),
        ('7 tasks of 6 kinds', [2] * 7, list('aabcdef'), flat_spread),
        ('7 tasks of 6 kinds', [3] * 7, list('aabcdef'), flat_spread),
        ('7 tasks of 6 kinds', [5] * 7, list('aabcdef'), flat_spread),
        ('7 tasks, one of 5 times the spread', [2] * 7, list('aabcdef'), one_wide),
        ('7 tasks, one of 5 times the spread', [3] * 7, list('aabcdef'), one_wide),
        ('20 tasks of 5 kinds', [3] * 20, list('abcde') * 4, flat_spread),
    ]
    yield row(['tasks', 'seeds', 'score', 'IQM', 'mean rank, Borda', 'place', 'contrast'])
    yield rule(7)
    for title, runs, families, shape in settings:
        weights = family_weights(families)
        marks, contrasts = [], []
        for _ in range(options.boards):
            means = 50 + 4 * random.standard_normal((BACKBONES, len(runs)))
            means += 3 * random.standard_normal((BACKBONES, 1))
            grid = grid_of(
                noisy(random, means, np.tile(shape(len(runs)), (BACKBONES, 1)), runs),
                runs,
                families,
            )
            found = standings(grid, grid)
            order = mean_ranks(means, weights)
            position = places(order)
            truths = means @ weights
            for place, name in enumerate(grid.backbones):
                truth = {
                    'score': float(truths[place]),
                    'mean_rank': float(order[place]),
                    'place': float(position[place]),
                }
                marks.append(covers(found[name], truth, 'seeds'))
            signs = np.zeros((BACKBONES, 1))
            signs[0], signs[1] = 1, -1
            value = float((signs * grid.means * weights).sum())
            ends = welch(value, grid.scores, runs, signs * weights)
            true = float((signs * means * weights).sum())
            contrasts.append(ends is not None and ends.low <= true <= ends.high)
        score, _, rank, place = np.array(marks).mean(axis=0)
        iqm = iqm_coverage(random, options.boards, runs, families, shape)
        cells = (score, iqm, rank, place, np.mean(contrasts))
        yield row([title, str(runs[0]), *map(percent, cells)])


def flat_spread(tasks: int) -> Array:
    """Return equal spreads."""
    return np.ones(tasks)


def one_wide(tasks: int) -> Array:
    """Return spreads of which the first is five times the others."""
    return np.array([5.0, *[1.0] * (tasks - 1)])


def iqm_coverage(
    random: np.random.Generator,
    boards: int,
    runs: list[int],
    families: list[str],
    shape: Callable[[int], Array],
) -> float:
    """Return how often the interval over seeds holds what the IQM of such runs is on average."""
    count = 0
    rounds = max(1, boards // 50)
    for _ in range(rounds):
        means = 50 + 4 * random.standard_normal((BACKBONES, len(runs)))
        spread = np.tile(shape(len(runs)), (BACKBONES, 1))
        found = []
        for _ in range(50):
            grid = grid_of(noisy(random, means, spread, runs), runs, families)
            found.append([one.iqm for one in standings(grid, grid).values()])
        truth = np.mean([[one.value for one in line] for line in found], axis=0)
        count += sum(
            one.seeds.low <= true <= one.seeds.high
            for line in found
            for one, true in zip(line, truth, strict=True)
        )
    return count / (rounds * 50 * BACKBONES)


def population(random: np.random.Generator, effects: Array, families: Sequence[str]) -> Array:
    """Return means on tasks drawn from a population; kinds differ by 0.7, tasks of one by 1."""
    names = sorted(set(families))
    kinds = 0.7 * random.standard_normal((len(effects), len(names)))
    own = kinds[:, [names.index(family) for family in families]]
    return effects[:, None] + own + random.standard_normal(own.shape)


def kinds(random: np.random.Generator, options: argparse.Namespace) -> Iterator[str]:
    """Yield the coverage of the intervals over tasks: other tasks of a population of kinds."""
    settings = [
        ('2 kinds, 1 task each', 'ab'),
        ('3 kinds, 1 task each', 'abc'),
        ('6 kinds, 1 task each', 'abcdef'),
        ('6 kinds, 7 tasks', 'aabcdef'),
        ('7 kinds, 2 tasks each', 'abcdefg' * 2),
        ('3 kinds, 5 tasks each', 'abc' * 5),
        ('4 kinds, of 1 to 7 tasks', 'abbcccddddddd'),
    ]
    effects = np.linspace(-1, 1, BACKBONES)
    truth_rank, truth_iqm = truths(random, effects)
    yield row(['tasks', 'score', 'IQM', 'mean rank, Borda', 'place', 'contrast'])
    yield rule(6)
    for title, letters in settings:
        families = list(letters)
        runs = [2] * len(families)
        marks, contrasts = [], []
        for _ in range(options.boards):
            means = population(random, effects, families)
            grid = grid_of(means[:, None, :].repeat(2, axis=1), runs, families)
            found = standings(grid, grid)
            for place, name in enumerate(grid.backbones):
                truth = {
                    'score': float(effects[place]),
                    'iqm': float(truth_iqm[place]),
                    'mean_rank': float(truth_rank[place]),
                    'place': float(BACKBONES - place),
                }
                marks.append(covers(found[name], truth, 'tasks'))
            between = over_kinds((means[0] - means[1])[None], families)
            true = effects[0] - effects[1]
            contrasts.append(
                float('nan') if between is None else between[0].low <= true <= between[0].high
            )
        cells = [*np.array(marks).mean(axis=0), np.mean(contrasts)]
        yield row([title, *map(percent, cells)])


def truths(random: np.random.Generator, effects: Array) -> tuple[Array, Array]:
    """Return mean ranks and IQMs of backbones over a whole population of tasks."""
    means = population(random, effects, [f'{i:05}' for i in range(50_000)])
    lowest, highest = np.quantile(means, [0.25, 0.75], axis=1)
    inner = (means >= lowest[:, None]) & (means <= highest[:, None])
    middle = np.where(inner, means, 0).sum(axis=1) / inner.sum(axis=1)
    return ranks(means.T).mean(axis=0), middle


def agreement(random: np.random.Generator, options: argparse.Namespace) -> Iterator[str]:
    """Yield the coverage of the intervals of Kendall's tau between two protocols."""
    yield row(['backbones', 'tasks', 'seeds', 'over seeds', 'over tasks', 'over backbones'])
    yield rule(6)
    families = list('aabcdef')
    runs = [2] * len(families)
    for backbones in (6, 12):
        for closeness in (0.5, 0.9):
            marks = []
            for _ in range(max(1, options.boards // 2)):
                common = random.standard_normal((backbones, len(families)))
                other = random.standard_normal(common.shape)
                both = common, closeness * common + (1 - closeness**2) ** 0.5 * other
                grids = [
                    grid_of(noisy(random, m, np.full(m.shape, 0.3), runs), runs, families)
                    for m in both
                ]
                taus = kendall(*(grid.means for grid in grids))
                found = agreements._tau(*grids, taus)
                ends = agreements._over_backbones(*grids)
                again = [
                    [
                        grid_of(noisy(random, m, np.full(m.shape, 0.3), runs), runs, families).means
                        for m in both
                    ]
                    for _ in range(50)
                ]
                weights = family_weights(families)
                true_here = float(np.mean([kendall(*one) @ weights for one in again]))
                # seeds blur every order: what other tasks and backbones give is blurred alike
                blurred = closeness / (1 + 0.3**2 / 2)
                true_all = 2 / np.pi * np.arcsin(blurred)
                assert found.seeds is not None
                assert found.tasks is not None
                marks.append(
                    [
                        found.seeds.low <= true_here <= found.seeds.high,
                        found.tasks.low <= true_all <= found.tasks.high,
                        ends.low <= true_all <= ends.high,
                    ]
                )
            cells = map(percent, np.mean(marks, axis=0))
            yield row([str(backbones), '7', '2', *cells])


def pairs(random: np.random.Generator, options: argparse.Namespace) -> Iterator[str]:
    """Yield the coverage of the study's intervals of one mean and of differences of means."""
    yield row(['what', 'values', 'spreads', 'coverage'])
    yield rule(4)
    for count in (2, 3, 5, 10):
        found = [t_interval(random.normal(0, 1, count)) for _ in range(options.tasks // 8)]
        yield row(['mean', str(count), '', percent(share_of_zero(found))])
    for groups in (2, 4):
        for count in (2, 3, 5):
            for ratio in (1.0, 3.0, 5.0):
                wide = [ratio, *[1.0] * (groups - 1)]
                found = []
                for _ in range(options.tasks // 8):
                    drawn = [random.normal(0, sd, count) for sd in wide]
                    found.append(contrast_interval(drawn[: groups // 2], drawn[groups // 2 :]))
                cells = [str(count), f'1:{ratio:g}', percent(share_of_zero(found))]
                yield row([f'sum of {groups} means with signs', *cells])


def share_of_zero(found: Sequence[Any]) -> float:
    """Return the share of intervals that hold 0."""
    return float(np.mean([one.sign == 0 for one in found]))


def row(cells: Sequence[str]) -> str:
    """Return a line of a Markdown table."""
    return f'| {" | ".join(cells)} |'


def rule(columns: int) -> str:
    """Return the line below a table's head."""
    return f'|{" --- |" * columns}'


def percent(share: float) -> str:
    """Return a share as a percentage, a dash where there is none."""
    return '-' if np.isnan(share) else f'{100 * share:.1f}'


PARTS = {part.__name__: part for part in (clear, power, seeds, kinds, agreement, pairs)}


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('parts', nargs='*', metavar='PART', help=f'of {", ".join(PARTS)}')
    parser.add_argument('--seed', type=int, default=2026)
    parser.add_argument('--tasks', type=int, default=40_000, help='of `clear`, `power`, `pairs`')
    parser.add_argument('--boards', type=int, default=1000, help='of the other parts')
    options = parser.parse_args()
    for name in options.parts or PARTS:
        if name not in PARTS:
            parser.error(f"no part '{name}' (there are: {', '.join(PARTS)})")
        random = np.random.default_rng([options.seed, zlib.crc32(name.encode())])
        print(f'{name}: {(PARTS[name].__doc__ or "").strip()}\n')
        for line in PARTS[name](random, options):
            print(line, flush=True)
        print()


if __name__ == '__main__':
    main()
