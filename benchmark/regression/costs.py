"""Time and memory against the baseline: ratios, between runs on the same device only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmark.regression.cells import Cost, Runs, is_exact
from benchmark.specs import CellKey
from benchmark.statistics.decisions import Correction, correct
from benchmark.statistics.noise import UNKNOWN, mean, moderate, within

MEASURES = ('seconds', 'memory_mb')
"""The fields of :class:`Cost` that are compared."""

_TITLES = {'seconds': 'time', 'memory_mb': 'memory'}


class CostRatio(NamedTuple):
    """A cell's cost relative to its baseline on the same device.

    ``p`` is the chance of such a ratio with nothing changed, corrected for the number of cells;
    1 where the spread is unknown.
    """

    cell: CellKey
    measure: str
    ratio: float
    limit: float
    p: float
    device: str

    @property
    def title(self) -> str:
        """The name to print."""
        return _TITLES[self.measure]

    def is_alarm(self, level: float) -> bool:
        """Whether the cost rose beyond the limit, and not by chance."""
        return self.ratio > self.limit and self.p <= level


def cost_ratios(
    baseline: Mapping[CellKey, Runs], tonight: Mapping[CellKey, Runs], limits: Mapping[str, float]
) -> list[CostRatio]:
    """Return the ratios of geometric means, per cell and measure.

    ``limits`` are the ratios by measure beyond which a cost is too high. Noise is that of
    logarithms, pooled over cells of the same task.
    """
    return [ratio for measure in MEASURES for ratio in _ratios(baseline, tonight, measure, limits)]


class _Pair(NamedTuple):
    before: tuple[float, ...]
    now: tuple[float, ...]
    device: str

    @property
    def log_ratio(self) -> float:
        return mean(self.now) - mean(self.before)


def _ratios(
    baseline: Mapping[CellKey, Runs],
    tonight: Mapping[CellKey, Runs],
    measure: str,
    limits: Mapping[str, float],
) -> list[CostRatio]:
    shared = [cell for cell in baseline if cell in tonight and not is_exact(cell)]
    found = {cell: _pair(baseline[cell].costs, tonight[cell].costs, measure) for cell in shared}
    pairs = {cell: pair for cell, pair in found.items() if pair is not None}
    spreads = {cell: within([pair.before, pair.now]) for cell, pair in pairs.items()}
    noises = moderate(spreads, {cell: (cell.task, pairs[cell].device) for cell in pairs})
    ps = [_p(pair, *noises.get(cell, UNKNOWN)) for cell, pair in pairs.items()]
    corrected = correct(ps, Correction.HOLM)
    return [
        CostRatio(cell, measure, math.exp(pair.log_ratio), limits[measure], p, pair.device)
        for (cell, pair), p in zip(pairs.items(), corrected, strict=True)
    ]


def _pair(before: Sequence[Cost], now: Sequence[Cost], measure: str) -> _Pair | None:
    """Return logarithms of the costs on the device on which most of the new runs ran."""
    devices = sorted({cost.device for cost in now} & {cost.device for cost in before})
    if not devices:
        return None
    device = max(devices, key=lambda name: sum(cost.device == name for cost in now))
    logs = [
        tuple(
            math.log(value)
            for cost in costs
            if cost.device == device and (value := getattr(cost, measure))
        )
        for costs in (before, now)
    ]
    return _Pair(logs[0], logs[1], device) if all(logs) else None


def _p(pair: _Pair, sd: float, freedom: float) -> float:
    from scipy.special import stdtr

    if freedom == 0:
        return 1.0
    error = sd * math.sqrt(1 / len(pair.before) + 1 / len(pair.now))
    if error == 0:
        return 0.0 if pair.log_ratio > 0 else 1.0
    return float(stdtr(freedom, -pair.log_ratio / error))
