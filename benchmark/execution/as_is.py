"""Score a network with its own head on the test split: nothing is trained."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import HOOKS, MODELS, DefaultScope
from torch import Tensor
from torch.utils.data import DataLoader

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.engine.audit import hash_weights
from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.execution.cost import Meter
from benchmark.execution.loading import loader_workers
from benchmark.execution.outcome import Outcome, keep_outcomes, loading_proof
from benchmark.execution.precision import computed_by
from benchmark.execution.seeding import seed_everything
from benchmark.kinds.common.opening import opened

Config = dict[str, Any]


def execute_as_is(config: Config, folder: Path | None = None) -> Outcome:
    """Return the score of a network's own classifier on the test split.

    Args:
        config: what :func:`benchmark.compiling.as_is.compile_as_is` compiled, with local paths.
        folder: where to write what was found of each test example; nowhere unless given.

    Raises:
        BenchmarkError: the data cannot be read, the weights do not fit, the network has no
            classifier or one for another number of classes, or it changed.
    """
    for module in config['custom_imports']:
        importlib.import_module(module)
    seed_everything(config['randomness']['seed'])
    scope = DefaultScope.overwrite_default_scope(config['default_scope'])
    with scope, computed_by(config):
        return _score(config, folder)


def _score(config: Config, folder: Path | None) -> Outcome:
    meter = Meter()
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    network: Any = MODELS.build(config['backbone']).to(device).eval()
    preprocessor: Any = MODELS.build(config['preprocessor']).to(device)
    before = hash_weights(network)
    test = opened(of=config['test_dataloader']['dataset'])
    evaluator = Evaluator(config['test_evaluator'])
    evaluator.dataset_meta = test.metainfo
    gallery = HOOKS.build(config['gallery'])
    size, count = config['test_dataloader']['batch_size'], loader_workers(config)
    loader = DataLoader(test, size, num_workers=count, collate_fn=pseudo_collate)
    gallery.before_test(SimpleNamespace(test_dataloader=loader))
    with meter.phase('test'), torch.no_grad():
        for index, batch in enumerate(loader):
            data = preprocessor(batch, training=False)
            logits = network.classify(data['inputs']).float()
            _check_outputs(logits, config['own_head']['outputs'])
            _write(logits, data['data_samples'])
            evaluator.process(list(data['data_samples']))
            gallery.after_test_iter(None, index, outputs=data['data_samples'])
        raw = evaluator.evaluate(len(test))
    if hash_weights(network) != before:
        raise BenchmarkError('the network changed while it was scored')
    return Outcome(
        raw={key: float(value) for key, value in raw.items()},
        proof={
            **_proof(network, preprocessor, len(test)),
            **keep_outcomes(evaluator, test, folder),
        },
        cost={'train_seconds': 0.0, **meter.report(iterations=0, resumed_at=0)},
        curves={},
        pictures=list(gallery.files),
    )


def _check_outputs(logits: Tensor, wanted: int) -> None:
    if logits.ndim != 2 or logits.shape[1] != wanted:
        raise IncompatibleError(
            f"the network's classifier returns {tuple(logits.shape)}, the task has {wanted} "
            f'classes: it must return (B, {wanted}), in the order of the task'
        )
    if not logits.isfinite().all():
        raise BenchmarkError("the network's classifier returns values that are not finite")


def _write(logits: Tensor, samples: Sequence[Any]) -> None:
    for scores, sample in zip(logits.softmax(dim=1), samples, strict=True):
        sample.set_pred_score(scores).set_pred_label(scores.argmax())


def _proof(network: Any, preprocessor: Any, count: int) -> Config:
    return {
        **loading_proof(network, preprocessor),
        'backbone_changed': False,
        'backbone_tensors': f'0 of {len(network.state_dict())} changed',
        'test_samples': count,
    }
