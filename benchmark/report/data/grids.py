"""The complete rows of a leaderboard as arrays: what the statistics are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmark.report.data.boards import Board
from benchmark.report.data.facts import TaskFacts
from benchmark.report.data.normaliser import Scale
from benchmark.statistics.aggregates import Array, family_weights


@dataclass(frozen=True)
class Grid:
    """Backbones without a gap on some tasks, in the order of their ids.

    Attributes:
        backbones: their ids.
        tasks: the tasks.
        runs: how many each task has.
        scores: (backbones, runs, tasks), turned so that higher is better; a task with fewer runs
            than another ends in ``nan``.
        means: (backbones, tasks).
    """

    backbones: tuple[str, ...]
    tasks: tuple[TaskFacts, ...]
    runs: tuple[int, ...]
    scores: Array
    means: Array

    @property
    def families(self) -> list[str]:
        """The family of each task."""
        return [task.family for task in self.tasks]

    @property
    def weights(self) -> Array:
        """The weight of each task: families weigh the same."""
        return family_weights(self.families)

    @property
    def freedom(self) -> Array:
        """The degrees of freedom of each task's spread over seeds; 1 where it is unknown."""
        return np.asarray(np.maximum(np.array(self.runs, float) - 1, 1))

    @property
    def has_seeds(self) -> bool:
        """Whether every task has two or more runs, so that their spread is known."""
        return bool(self.runs) and min(self.runs) > 1

    def on_scale(self, scales: Mapping[str, Scale]) -> Grid:
        """Return the tasks that have a scale, with their scores on it."""
        kept = self.only([task.name for task in self.tasks if task.name in scales])
        ends = [scales[task.name] for task in kept.tasks]
        signs = [1.0 if task.primary.higher_is_better else -1.0 for task in kept.tasks]
        floor, top = (np.array([s[i] for s in ends]) for i in (0, 1))
        turn = np.array(signs)
        return replace(
            kept,
            scores=100 * (turn * kept.scores - floor) / (top - floor),
            means=100 * (turn * kept.means - floor) / (top - floor),
        )

    def only(self, tasks: Sequence[str]) -> Grid:
        """Return the grid with ``tasks`` alone."""
        places = [place for place, task in enumerate(self.tasks) if task.name in tasks]
        return replace(
            self,
            tasks=tuple(self.tasks[place] for place in places),
            runs=tuple(self.runs[place] for place in places),
            scores=self.scores[:, :, places],
            means=self.means[:, places],
        )

    def rows(self, backbones: Sequence[str]) -> Grid:
        """Return the grid with ``backbones`` alone, in the given order."""
        places = [self.backbones.index(name) for name in backbones]
        return replace(
            self,
            backbones=tuple(backbones),
            scores=self.scores[places],
            means=self.means[places],
        )


def build_grid(board: Board, wanted: Callable[[TaskFacts], bool] = lambda _: True) -> Grid:
    """Return the backbones of ``board`` that have every seed of every ``wanted`` task."""
    places = [place for place, column in enumerate(board.columns) if wanted(column.task)]
    columns = [board.columns[place] for place in places]
    runs = tuple(len(column.seeds) for column in columns)
    signs = np.array([1.0 if c.task.primary.higher_is_better else -1.0 for c in columns])
    found = board.scores
    whole = np.flatnonzero(found.complete[:, places].all(axis=1)) if places else np.zeros(0, int)
    return Grid(
        backbones=tuple(found.backbones[row] for row in whole),
        tasks=tuple(column.task for column in columns),
        runs=runs,
        scores=signs * found.runs[whole, : max(runs, default=0)][:, :, places],
        means=signs * found.means[whole][:, places],
    )
