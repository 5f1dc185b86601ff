"""Statistics as pure functions of numbers and arrays; randomness comes in as a generator.

Arrays of scores have the axes (backbones, runs, tasks), are turned so that higher is better,
and hold ``nan`` where a task has fewer runs than another. No function here knows a record.
"""

from benchmark.report.statistics.aggregates import (
    family_weights,
    interquartile_mean,
    mean_ranks,
    places,
    ranks,
    settled,
)
from benchmark.report.statistics.resampling import (
    Interval,
    draw_seeds,
    draw_tasks,
    interval,
    intervals,
    over_tasks,
    resampled_iqm,
    resampled_means,
)
from benchmark.report.statistics.spread import (
    Judgement,
    Pair,
    best,
    judge,
    mean,
    pooled_sd,
    sample_sd,
)

__all__ = [
    'Interval',
    'Judgement',
    'Pair',
    'best',
    'draw_seeds',
    'draw_tasks',
    'family_weights',
    'interquartile_mean',
    'interval',
    'intervals',
    'judge',
    'mean',
    'mean_ranks',
    'over_tasks',
    'places',
    'pooled_sd',
    'ranks',
    'resampled_iqm',
    'resampled_means',
    'sample_sd',
    'settled',
]
