"""Two questions about a night: is it worse than the frozen baseline, and did scores drift?

Scores are oriented: higher is better. Both tests are one-sided for the worse. A cell is asked in
two steps: what looks suspicious by a loose screen is run again with fresh seeds, and alarms only
if all its runs of the night together pass the strict test. Looking first at fewer runs can only
end the question early, in favour of the cell, so the strict level holds for any screen.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from benchmark.statistics.corrections import benjamini_hochberg, holm
from benchmark.statistics.noise import K, Noise, mean, moderate, within


class Correction(enum.StrEnum):
    """How the level is kept when many cells are asked at once."""

    HOLM = 'holm'
    BH = 'bh'
    NONE = 'none'


@dataclass(frozen=True)
class Levels:
    """How often the tests may err.

    Attributes:
        night: chance of a false alarm of any cell in a night, by the comparison with the baseline.
        drift: the same, by the search for a shift in the history.
        screen: chance that a sound cell is looked at again.
        correction: ``holm`` keeps the chance of any false alarm; ``bh`` only the expected share of
            false ones among the alarms.
    """

    night: float = 0.03
    drift: float = 0.01
    screen: float = 0.1
    correction: Correction = Correction.HOLM


class Track(NamedTuple):
    """Scores of a cell: baseline runs, those of earlier nights (oldest first), and tonight's."""

    baseline: tuple[float, ...]
    history: tuple[tuple[float, ...], ...]
    tonight: tuple[float, ...]


class Drift(NamedTuple):
    """The clearest shift in a history: how many nights ago it began (1: tonight) and its size."""

    nights: int
    drop: float
    p: float


@dataclass(frozen=True)
class CellJudgement:
    """What the tests say of a cell; a positive ``drop`` is for the worse.

    Attributes:
        drop: mean of the baseline minus mean of the night.
        threshold: the drop beyond which this cell would alarm at the level of its rank.
        p: chance of such a drop with nothing changed, one-sided.
        adjusted: ``p`` corrected for the number of cells.
        drift: the clearest shift, its ``p`` corrected for the number of places looked at.
        drift_adjusted: that ``p`` corrected for the number of cells.
        noise: spread of single runs.
    """

    drop: float
    threshold: float
    p: float
    adjusted: float
    drift: Drift | None
    drift_adjusted: float
    noise: Noise

    def is_suspicious(self, levels: Levels) -> bool:
        """Whether the cell is to be run again with fresh seeds."""
        drift = self.drift.p if self.drift else 1.0
        return self.p <= levels.screen or drift <= levels.screen * levels.drift / levels.night

    def is_worse(self, levels: Levels) -> bool:
        """Whether the night is worse than the baseline, beyond chance."""
        return self.adjusted <= levels.night

    def has_drifted(self, levels: Levels) -> bool:
        """Whether scores shifted for the worse at some time, beyond chance."""
        return self.drift_adjusted <= levels.drift

    def is_better(self, levels: Levels, cells: int) -> bool:
        """Whether the night is better than the baseline, beyond chance for this number of cells."""
        return 1 - self.p <= levels.night / max(1, cells)


def judge(
    tracks: Mapping[K, Track], families: Mapping[K, Hashable], levels: Levels
) -> dict[K, CellJudgement]:
    """Return what can be said of each cell; one without baseline, runs or spread is left out.

    ``families`` names the cells whose noise is alike: those of one task.
    """
    asked = {key: track for key, track in tracks.items() if track.baseline and track.tonight}
    spreads = {
        key: within([track.baseline, *track.history, track.tonight])
        for key, track in tracks.items()
    }
    noises = moderate(spreads, families)
    known = [key for key in asked if noises[key].freedom > 0 and noises[key].sd > 0]
    drops = {key: mean(asked[key].baseline) - mean(asked[key].tonight) for key in known}
    ps = [_p(drops[key], _error(asked[key], noises[key]), noises[key].freedom) for key in known]
    drifts = [find_drift(asked[key], noises[key]) for key in known]
    adjusted = correct(ps, levels.correction)
    drift_adjusted = correct([drift.p if drift else 1.0 for drift in drifts], levels.correction)
    level = levels.night / (max(1, len(known)) if levels.correction is Correction.HOLM else 1)
    return {
        key: CellJudgement(
            drop=drops[key],
            threshold=_quantile(level, noises[key].freedom) * _error(asked[key], noises[key]),
            p=ps[i],
            adjusted=adjusted[i],
            drift=drifts[i],
            drift_adjusted=drift_adjusted[i],
            noise=noises[key],
        )
        for i, key in enumerate(known)
    }


def find_drift(track: Track, noise: Noise) -> Drift | None:
    """Return the clearest shift for the worse that the history shows, ``None`` without a history.

    The last nights, tonight included, are held against the baseline and all nights before them,
    for spans of 2, 3, 5, 8, ... nights and for all of them: the frozen baseline is part of every
    comparison, so that small steps from night to night add up.
    """
    nights = [*track.history, track.tonight]
    if len(nights) < 2:
        return None
    # running sums over the last 1, 2, 3, ... nights
    sums = list(accumulate(math.fsum(night) for night in reversed(nights)))
    counts = list(accumulate(len(night) for night in reversed(nights)))
    whole = math.fsum(track.baseline) + sums[-1], len(track.baseline) + counts[-1]
    spans = list(_spans(len(nights)))
    steps = []
    for span in spans:
        after, count = sums[span - 1], counts[span - 1]
        drop = (whole[0] - after) / (whole[1] - count) - after / count
        error = noise.sd * math.sqrt(1 / count + 1 / (whole[1] - count))
        steps.append((drop / error, span, drop))
    clearness, span, drop = max(steps)
    return Drift(span, drop, min(1.0, _p(clearness, 1.0, noise.freedom) * len(spans)))


def _spans(nights: int) -> Iterator[int]:
    """Yield the Fibonacci numbers from 2 below ``nights``, then ``nights``."""
    one, two = 2, 3
    while one < nights:
        yield one
        one, two = two, one + two
    yield nights


def _error(track: Track, noise: Noise) -> float:
    return noise.sd * math.sqrt(1 / len(track.baseline) + 1 / len(track.tonight))


def _p(drop: float, error: float, freedom: float) -> float:
    from scipy.special import stdtr

    return float(stdtr(freedom, -drop / error))


def _quantile(level: float, freedom: float) -> float:
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, level))


def correct(ps: Sequence[float], correction: Correction) -> list[float]:
    """Return p-values corrected for their number: comparable with the level of the whole."""
    if correction is Correction.HOLM:
        return holm(ps)
    return benjamini_hochberg(ps) if correction is Correction.BH else list(ps)
