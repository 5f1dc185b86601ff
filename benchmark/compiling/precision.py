"""The precision policy: the number formats and kernels that a cell is computed with.

``exact`` adds nothing to a configuration. ``fast`` adds the key :data:`PRECISION` and fused
optimisers; both change numbers, so both are part of the fingerprint.
"""

from __future__ import annotations

from benchmark.kinds.base import Config
from benchmark.specs import EXACT, FAST, Architecture, Features, Recipe

PRECISION = 'precision'
"""Config key: the number formats and kernels of the policy ``fast``."""

_FORMAT = 'bfloat16'
_FUSED = ('AdamW', 'SGD')
"""torch's optimisers that have a fused step."""


def choose_policy(asked: str | None, device: str) -> str:
    """Return the policy of a run on a ``device`` of the class ``'cpu'`` or ``'gpu'``.

    >>> choose_policy(None, 'gpu'), choose_policy(None, 'cpu'), choose_policy('exact', 'gpu')
    ('fast', 'exact', 'exact')
    """
    return asked or (FAST if device == 'gpu' else EXACT)


def fast_training(
    config: Config, recipe: Recipe, features: Features, *, has_fixed_size: bool
) -> Config:
    """Return a training's configuration under the policy ``fast``.

    The forward pass of training, head and losses included, runs under bfloat16 autocast unless the
    recipe says ``single``; the test runs in single precision with TF32, as detectron2 and mmengine
    test what they train in mixed precision.

    Args:
        config: the configuration under ``exact``.
        recipe: its recipe.
        features: those of the backbone.
        has_fixed_size: whether all training batches have the same shape.
    """
    wrapper = config['optim_wrapper']
    autocast = {} if recipe.precision == 'single' else {'autocast': _FORMAT}
    benchmark = {'cudnn_benchmark': True} if has_fixed_size else {}
    return {
        **config,
        'optim_wrapper': {**wrapper, 'optimizer': _fuse_step(wrapper['optimizer'])},
        PRECISION: {**autocast, 'tf32': True, **_layout(features), **benchmark},
    }


def fast_reading(config: Config, features: Features) -> Config:
    """Return the configuration of a probe under ``fast``: the backbone runs under autocast."""
    return {**config, PRECISION: {'autocast': _FORMAT, 'tf32': True, **_layout(features)}}


def fast_testing(config: Config) -> Config:
    """Return the configuration of a test without training under ``fast``: TF32 is allowed."""
    return {**config, PRECISION: {'tf32': True}}


def _fuse_step(optimizer: Config) -> Config:
    return {**optimizer, 'fused': True} if optimizer['type'] in _FUSED else optimizer


def _layout(features: Features) -> Config:
    # tensor cores read convolutions with the channels last; others would be transposed every time
    return {'channels_last': True} if features.architecture is Architecture.CONVNET else {}
