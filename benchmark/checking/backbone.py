"""Check that a backbone keeps the contract that every head relies on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmark.errors import BenchmarkError
from benchmark.execution.cost import count_flops
from benchmark.models import FeatureBackbone
from benchmark.models.inspection import build, inspect_backbone, normalisation_remark
from benchmark.specs import Backbone, CheckResult, Features

_SIZES = ((128, 128), (96, 160), (100, 131))
"""Input sizes tried, in pixels: square, rectangular, and divisible by nothing."""

_LARGEST = (128, 160)
_TOLERANCE = 1e-4
# bfloat16 keeps 8 bits of the mantissa, and errors add up over the layers
_AUTOCAST_TOLERANCE = 0.1


def check(backbone: Backbone, features: Features | None = None) -> list[CheckResult]:
    """Return a result for each property of the contract.

    ``features`` are those of the backbone, if it was inspected before.

    Raises:
        BenchmarkError: the architecture is unknown or the weights do not load.
    """
    features = features or inspect_backbone(backbone)
    network = build(backbone, size=_LARGEST if features.is_fixed else None)
    facts = _facts(features, network)
    return [*facts, _normalisation(backbone, features), *_properties(features, network)]


def _normalisation(backbone: Backbone, features: Features) -> CheckResult:
    """Return the normalisation and its origin; an assumed one is a warning."""
    remark, is_assumed = normalisation_remark(backbone)
    said = f'assumed, {remark}; --mean and --std override it' if is_assumed else remark
    numbers = ' '.join(
        f'{name} ({", ".join(f"{value:g}" for value in values)})'
        for name, values in (('mean', features.mean), ('std', features.std))
    )
    return CheckResult('normalisation', True, f'{numbers} (RGB, 0-255): {said}', is_assumed)


def _facts(features: Features, network: FeatureBackbone) -> list[CheckResult]:
    size = 'one size only, built for that of the task' if features.is_fixed else 'any'
    return [
        CheckResult('architecture', True, f'{features.architecture}, {features.depth} layers'),
        CheckResult('cost', True, _cost(features, network)),
        CheckResult('maps', True, f'channels {features.channels} at strides {features.strides} px'),
        CheckResult('input size', True, size),
        CheckResult('weights', True, _weights(network)),
    ]


def _cost(features: Features, network: FeatureBackbone) -> str:
    height, width = _SIZES[0]
    operations = count_flops(network.eval(), torch.zeros(1, 3, height, width))
    return (
        f'{features.parameters:,} parameters, {operations / 2e9:.3g} G '
        f'multiply-adds at {height}x{width} px'
    )


def _weights(network: FeatureBackbone) -> str:
    report = network.load_report
    if report.is_random:
        return 'none, random as requested'
    notes = (*report.conversion, *report.resized)
    counts = f'{report.loaded} of {report.total} tensors loaded, {len(report.unexpected)} not used'
    return '; '.join((counts, *notes))


def _properties(features: Features, network: FeatureBackbone) -> Iterator[CheckResult]:
    generator = torch.Generator().manual_seed(0)
    for height, width in _SIZES:
        images = torch.randn(2, 3, height, width, generator=generator)
        yield _try(f'shapes at {height}x{width}', lambda x=images: _shapes(features, network, x))
    images = torch.randn(2, 3, 128, 128, generator=generator)
    yield _try('determinism', lambda: _determinism(network, images))
    yield _try('batch independence', lambda: _independence(network, images))
    yield _try('autocast', lambda: _autocast(network, images))
    yield _try('gradients', lambda: _gradients(network, images))


def _try(what: str, test: Callable[[], str]) -> CheckResult:
    try:
        return CheckResult(what, True, test())
    except (BenchmarkError, RuntimeError, ValueError, AssertionError, TypeError) as error:
        return CheckResult(what, False, str(error).strip().splitlines()[0][:200])


def _maps(network: FeatureBackbone, images: Tensor) -> tuple[Tensor, ...]:
    with torch.no_grad():
        maps: tuple[Tensor, ...] = network.eval()(images)
    return maps


def _shapes(features: Features, network: FeatureBackbone, images: Tensor) -> str:
    count, _, height, width = images.shape
    maps = _maps(network, images)
    found = [tuple(m.shape) for m in maps]
    deepest = features.strides[-1]
    padded = (height + -height % deepest, width + -width % deepest)
    wanted = [
        (count, channels, padded[0] // stride, padded[1] // stride)
        for channels, stride in zip(features.channels, features.strides, strict=True)
    ]
    if found != wanted:
        raise ValueError(f'maps are {found}, declared: {wanted}')
    return ', '.join(f'{h}x{w}' for *_, h, w in found)


def _determinism(network: FeatureBackbone, images: Tensor) -> str:
    first, second = _maps(network, images), _maps(network, images)
    if not all(torch.equal(a, b) for a, b in zip(first, second, strict=True)):
        raise ValueError('two passes over the same images give different maps')
    return 'two passes over the same images are bit-identical'


def _independence(network: FeatureBackbone, images: Tensor) -> str:
    together, alone = _maps(network, images), _maps(network, images[:1])
    gap = max(float((a[:1] - b).abs().max()) for a, b in zip(together, alone, strict=True))
    scale = max(float(a.abs().max()) for a in together)
    if gap > _TOLERANCE * max(scale, 1.0):
        raise ValueError(f'an image alone and in a batch differ by {gap:.2g}')
    return f'an image alone and in a batch differ by {gap:.1g}'


def _autocast(network: FeatureBackbone, images: Tensor) -> str:
    exact = _maps(network, images)
    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        found = _maps(network, images)
    pairs = list(zip(found, exact, strict=True))
    gap = max(float((a.float() - b).norm() / b.norm().clamp_min(1e-6)) for a, b in pairs)
    if not gap < _AUTOCAST_TOLERANCE:
        raise ValueError(f'bfloat16 maps differ from those in single precision by {gap:.2g}')
    return f'bfloat16 maps differ by {gap:.1g} of their norm'


def _gradients(network: FeatureBackbone, images: Tensor) -> str:
    network.train().zero_grad()
    sum(m.square().mean() for m in network(images)).backward()
    parameters = dict(network.named_parameters())
    reached = [name for name, p in parameters.items() if p.grad is not None and p.grad.any()]
    network.zero_grad()
    if not reached:
        raise ValueError('no parameter receives a gradient')
    return f'{len(reached)} of {len(parameters)} parameters receive a gradient'
