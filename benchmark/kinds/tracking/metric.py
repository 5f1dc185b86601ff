"""One-pass evaluation of single-object tracking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric

from benchmark.kinds.tracking.toolkits import Track, by_video, scores_by
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcomes import Ratios


@METRICS.register_module()
class TrackingMetric(BaseMetric):
    """Scores of whole tracks by the toolkit of a data set.

    Args:
        toolkit: which one, a name in :mod:`benchmark.kinds.tracking.toolkits`.
    """

    def __init__(self, *, toolkit: str = 'got10k', **arguments: Any) -> None:
        super().__init__(**arguments)
        self._toolkit = toolkit

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the tracks of whole videos."""
        for sample in data_samples:
            self.results.append(Track(*(sample[field] for field in Track._fields)))

    def compute_metrics(self, results: list[tuple[Any, ...]]) -> dict[str, float]:
        """Return all scores of the toolkit as fractions."""
        # mmengine's gathering makes plain tuples of named ones
        tracks = [Track(*result) for result in results]
        scores = scores_by(self._toolkit, tracks)
        names = tuple(track.name for track in tracks)
        if not all(names) or len(set(names)) < len(names):
            names = ()
        self.outcomes = {
            key: Measured(Ratios(hits, of), names)
            for key, (hits, of) in by_video(self._toolkit, tracks).items()
        }
        return scores
