"""Canaries: numbers of a model with fixed weights on a few samples that must not change.

The head is seeded, the backbone as declared. The numbers cover what a training goes through: data,
transforms, normalisation, backbone, head, losses and evaluation. They are equal again only on the
same device with the same libraries.
"""

from __future__ import annotations

import contextlib
import importlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import FUNCTIONS, MODELS, DefaultScope
from torch import Tensor, nn

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.kinds.common.opening import opened

_SEED = 0


def compute(config: dict[str, Any], samples: int) -> dict[str, float]:
    """Return the canary of a compiled cell by name, from ``samples`` of each split.

    ``input`` and ``features`` sum up what the backbone gets and gives, ``loss`` the
    loss terms of a training sample batch, ``metric`` what the evaluators say of the test samples.

    Raises:
        BenchmarkError: data or weights cannot be read.
    """
    for module in config['custom_imports']:
        importlib.import_module(module)
    local = Config({key: value for key, value in config.items() if key != 'custom_imports'})
    with DefaultScope.overwrite_default_scope(local.default_scope):
        _seed()
        model = MODELS.build(local.model)
        model.init_weights()
        model.to('cuda' if torch.cuda.is_available() else 'cpu')
        return {**_test_numbers(model, local, samples), **_training_numbers(model, local, samples)}


def compute_first_trial(config: dict[str, Any], samples: int) -> dict[str, float]:
    """Return the canary of the first training of a compiled search."""
    return compute(config['trials'][0]['config'], samples)


def _seed() -> None:
    random.seed(_SEED)
    np.random.seed(_SEED)
    torch.manual_seed(_SEED)


def _batches(loader: Any, samples: int, size: int) -> tuple[Any, list[Any]]:
    """Return the data set's meta information and its first ``samples`` in batches of ``size``."""
    dataset = opened(of=loader.dataset)
    collate = FUNCTIONS.get(loader.collate_fn.type)
    items = [dataset[index] for index in range(min(samples, len(dataset)))]
    batches = [collate(items[i : i + size]) for i in range(0, len(items), size)]
    return dataset.metainfo, batches


def _test_numbers(model: Any, config: Config, samples: int) -> dict[str, float]:
    meta, batches = _batches(config.test_dataloader, samples, 1)
    evaluator = Evaluator(config.test_evaluator)
    evaluator.dataset_meta = meta
    model.eval()
    with torch.no_grad(), _first_pass(model.backbone) as seen:
        for batch in batches:
            evaluator.process(model.test_step(batch), batch)
    metrics = evaluator.evaluate(sum(len(batch['data_samples']) for batch in batches))
    return {
        **digest('input', seen[:1]),
        **digest('features', seen[1:]),
        **{f'metric {key}': float(value) for key, value in metrics.items()},
    }


@contextlib.contextmanager
def _first_pass(backbone: nn.Module) -> Iterator[list[Tensor]]:
    """Return a list that is filled with the backbone's first inputs and outputs."""
    seen: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Tensor, ...], maps: tuple[Tensor, ...]) -> None:
        if not seen:
            seen.extend((*inputs, *maps))

    handle = backbone.register_forward_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def digest(name: str, tensors: list[Tensor]) -> dict[str, float]:
    """Return the mean magnitude of each tensor, and a weighted mean sensitive to every position."""
    found: dict[str, float] = {}
    for i, tensor in enumerate(tensors):
        flat = tensor.double().flatten()
        weights = torch.cos(torch.arange(len(flat), dtype=flat.dtype, device=flat.device))
        found[f'{name} {i} size'] = float(flat.abs().mean())
        found[f'{name} {i} places'] = float((flat * weights).mean())
    return found


def _training_numbers(model: Any, config: Config, samples: int) -> dict[str, float]:
    _seed()
    _, batches = _batches(config.train_dataloader, samples, samples)
    model.train()
    with torch.no_grad():
        data = model.data_preprocessor(batches[0], training=True)
        _, terms = model.parse_losses(model(**data, mode='loss'))
    return {f'loss {key}': float(value) for key, value in terms.items()}
