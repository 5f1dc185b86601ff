"""Score a task's trivial predictor: no model, no training runner."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.evaluator import Evaluator
from mmengine.registry import DefaultScope

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.execution.cost import Meter
from benchmark.execution.outcome import Outcome, keep_outcomes
from benchmark.kinds.common.opening import opened


def execute_trivial(config: dict[str, Any], folder: Path | None = None) -> Outcome:
    """Fit the predictor to the training annotations, score it on the test split, return both.

    What was found of each test example goes into ``folder``.

    Raises:
        BenchmarkError: the data cannot be read or scored.
    """
    for module in config['custom_imports']:
        importlib.import_module(module)
    predictor = pkgutil.resolve_name(config['predictor'])
    meter = Meter()
    with DefaultScope.overwrite_default_scope(config['default_scope']):
        train = opened(of=config['train_dataset'])
        test = opened(of=config['test_dataloader']['dataset'])
        with meter.phase('train'):
            fitted = predictor.fit(train)
        with meter.phase('test'):
            evaluator = Evaluator(config['test_evaluator'])
            raw = _score(fitted, test, evaluator)
        kept = keep_outcomes(evaluator, test, folder)
    return Outcome(
        raw=raw,
        proof={'train_samples': len(train), 'test_samples': len(test), **kept},
        cost=meter.report(iterations=0, resumed_at=0),
        curves={},
        pictures=[],
    )


def _score(fitted: Any, test: BaseDataset, evaluator: Evaluator) -> dict[str, float]:
    evaluator.dataset_meta = test.metainfo
    for index in range(len(test)):
        evaluator.process([fitted.predict(test[index]['data_samples'])])
    return {key: float(value) for key, value in evaluator.evaluate(len(test)).items()}
