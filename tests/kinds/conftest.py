"""Every metric that a test of a kind computes can be computed again from its outcomes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from benchmark.openmmlab import prepare
from tests.support.outcome_checks import check_again

prepare()  # before tests import parts of the libraries

METRICS = {
    'classification.metric': ('ClassificationMetric', 'MultiLabelMetric'),
    'depth.metric': ('DepthMetric',),
    'detection.lvis_metric': ('DetectionMetric', 'FederatedDetectionMetric'),
    'detection.voc_metric': ('VocDetectionMetric',),
    'pose.metric': ('HeadSizeMetric', 'PoseMetric'),
    'segmentation.metric': ('SegmentationMetric',),
    'tracking.metric': ('TrackingMetric',),
}


@pytest.fixture(autouse=True)
def _computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare every metric with what its outcomes give."""
    for place, names in METRICS.items():
        module = importlib.import_module(f'benchmark.kinds.{place}')
        for name in names:
            metric = getattr(module, name)
            if 'compute_metrics' in vars(metric):
                whole = _checked(metric.compute_metrics)
                monkeypatch.setattr(metric, 'compute_metrics', whole)
    mot = importlib.import_module('benchmark.kinds.mot.metric')
    scored = mot.scored

    def scored_again(*arguments: Any) -> Any:
        found, outcomes = scored(*arguments)
        check_again(found, outcomes)
        return found, outcomes

    monkeypatch.setattr(mot, 'scored', scored_again)


def _checked(compute: Callable[..., Any]) -> Callable[..., Any]:
    def compute_metrics(self: Any, results: list[Any]) -> dict[str, float]:
        found: dict[str, float] = compute(self, results)
        check_again(found, self.outcomes)
        return found

    return compute_metrics
