"""Simulate the nightly regression test on known truth and print how often it errs, as Markdown.

Usage: python tools/simulate_nightly.py [NIGHTS [SEED [ROW ...]]]

Scores are drawn from normal distributions, and every decision is made by the functions that
`tbench regress` and `tbench nightly` use. sigma is the standard deviation of a single run.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from benchmark.statistics.decisions import CellJudgement, Levels, Track, judge

LEVELS = Levels()
CELLS_PER_TASK = 3
QUIET = 6
"""How many times more nights without any change are simulated."""
LENGTH = 30
"""Nights after which a simulated history begins anew, and within which a shift shall be found."""


class Setting(NamedTuple):
    """How many cells and runs there are; ``unequal`` is the sd of log sigma among cells."""

    cells: int = 12
    seeds: int = 2
    baseline: int = 10
    fresh: int = 4
    unequal: float = 0.0


SETTINGS = (
    Setting(),
    Setting(fresh=3),
    Setting(unequal=0.3),
    Setting(seeds=1),
    Setting(seeds=3),
    Setting(baseline=5),
    Setting(baseline=20),
    Setting(cells=3),
    Setting(cells=48),
    Setting(cells=48, seeds=3, baseline=20),
)


@dataclass
class Nights:
    """Nights of one suite with a frozen baseline; ``shift`` is added to the first cell."""

    setting: Setting
    random: np.random.Generator
    shift: float = 0.0
    runs: int = 0
    reruns: int = 0
    tracks: dict[int, Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cells = range(self.setting.cells)
        self.sigma = np.exp(self.random.normal(0, self.setting.unequal, self.setting.cells))
        self.families = {cell: cell // CELLS_PER_TASK for cell in cells}
        for cell in cells:
            self.tracks[cell] = Track(self.draw(cell, self.setting.baseline), (), ())

    def draw(self, cell: int, count: int) -> tuple[float, ...]:
        """Return scores of new runs; shifts are in units of the cell's own sigma."""
        shift = self.shift if cell == 0 else 0.0
        return tuple((self.random.normal(shift, 1, count) * self.sigma[cell]).tolist())

    def next(self) -> set[int]:
        """Run a night, confirm what is suspicious, and return the cells that alarm."""
        for cell, track in self.tracks.items():
            history = (*track.history, track.tonight) if track.tonight else track.history
            self.tracks[cell] = Track(track.baseline, history, self.draw(cell, self.setting.seeds))
        self.runs += self.setting.cells * self.setting.seeds
        first = judge(self.tracks, self.families, LEVELS)
        suspicious = {cell for cell, found in first.items() if found.is_suspicious(LEVELS)}
        if not suspicious:
            return set()
        for cell in suspicious:
            track, more = self.tracks[cell], self.draw(cell, self.setting.fresh)
            self.tracks[cell] = track._replace(tonight=(*track.tonight, *more))
        self.reruns += len(suspicious) * self.setting.fresh
        final = judge(self.tracks, self.families, LEVELS)
        return {cell for cell in suspicious if alarms(final[cell])}


def alarms(found: CellJudgement) -> bool:
    """Whether the tests call a cell worse."""
    return found.is_worse(LEVELS) or found.has_drifted(LEVELS)


def false_alarms(setting: Setting, nights: int, random: np.random.Generator) -> tuple[int, float]:
    """Return the number of nights with an alarm where nothing changed, and the share of reruns."""
    count = runs = reruns = 0
    for simulated in _histories(setting, nights, random):
        count += sum(bool(simulated.next()) for _ in range(LENGTH))
        runs, reruns = runs + simulated.runs, reruns + simulated.reruns
    return count, reruns / runs


def _histories(setting: Setting, nights: int, random: np.random.Generator) -> Iterator[Nights]:
    for _ in range(-(-nights // LENGTH)):
        yield Nights(setting, random)


def found_at_once(setting: Setting, size: float, nights: int, random: np.random.Generator) -> float:
    """Return the share of drops of one cell found in their first night, after 0 to 29 nights."""
    found = 0
    for trial in range(nights):
        simulated = Nights(setting, random)
        simulated.tracks = {
            cell: track._replace(
                history=tuple(simulated.draw(cell, setting.seeds) for _ in range(trial % LENGTH))
            )
            for cell, track in simulated.tracks.items()
        }
        simulated.shift = -size
        found += 0 in simulated.next()
    return found / nights


def delays(
    setting: Setting, size: float, *, quiet: int, trials: int, random: np.random.Generator
) -> list[int | None]:
    """Return after how many nights a lasting shift that begins after ``quiet`` ones is found.

    ``None``: not within 30 nights.
    """
    found: list[int | None] = []
    for _ in range(trials):
        simulated = Nights(setting, random)
        for _ in range(quiet):
            simulated.next()
        simulated.shift = -size
        found.append(next((n for n in range(1, LENGTH + 1) if 0 in simulated.next()), None))
    return found


def row(setting: Setting, nights: int, random: np.random.Generator) -> str:
    """Return a row of the table."""
    # rare, and one unlucky baseline counts many times: a rate needs many baselines
    total = QUIET * -(-nights // LENGTH) * LENGTH
    count, reruns = false_alarms(setting, total, random)
    at_once = found_at_once(setting, 3.0, nights, random)
    lasting = [
        delays(setting, 1.0, quiet=quiet, trials=max(20, nights // 4), random=random)
        for quiet in (0, LENGTH)
    ]
    cells = [
        *map(str, setting[:4]),
        'equal' if not setting.unequal else f'log-normal, {setting.unequal}',
        f'{count / total:.1%}',
        f'{reruns:.0%}',
        f'{at_once:.1%}',
        *map(_lasting, lasting),
    ]
    return f'| {" | ".join(cells)} |'


def _lasting(found: list[int | None]) -> str:
    rate = sum(delay is not None for delay in found) / len(found)
    middle = statistics.median(LENGTH + 1 if delay is None else delay for delay in found)
    return f'{rate:.0%}, {middle:.0f}'


def main() -> None:
    """Print the table for all settings."""
    nights = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    rows = [int(text) for text in sys.argv[3:]] or range(len(SETTINGS))
    heads = (
        'cells', 'seeds a night', 'baseline runs', 'fresh seeds', 'sigma of the cells',
        'nights with a false alarm', 'extra runs', '3 sigma found on the night',
        '1 sigma from night 1: found in 30, median delay',
        '1 sigma from night 31: found in 30, median delay',
    )  # fmt: skip
    print(f'| {" | ".join(heads)} |')
    print(f'|{" --- |" * len(heads)}')
    for index in rows:
        print(row(SETTINGS[index], nights, np.random.default_rng([seed, index])), flush=True)


if __name__ == '__main__':
    main()
