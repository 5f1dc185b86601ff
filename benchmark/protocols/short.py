"""Recipes of short trainings on small data, for any backbone: of tasks with a budget of their own.

The sources of the other recipes train for hundreds of thousands of steps, in batches of hundreds of
pictures. What they say of rates does not hold for a few hundred steps in batches of 2 to 64. These
numbers were measured instead, the same arms for every backbone (docs/default-recipes.md).
"""

from __future__ import annotations

from benchmark.kinds import shipped_kinds
from benchmark.kinds.base import Kind
from benchmark.kinds.marks import ours
from benchmark.specs import Architecture, Number, Rule

_BATCH = 16
"""The batch size to which the rates below belong."""

_KINDS = shipped_kinds()
_SWEPT = 'the best of a sweep over small tasks (docs/default-recipes.md)'

_SCHEDULE = (
    ours('the batch to which the rate belongs', batch_size=_BATCH)
    | ours(
        'the square root suits AdamW (arXiv 2205.10287); no less in smaller batches, where the '
        'same rate was best',
        rate_growth='root',
    )
    | ours(
        'where the budget has no length: passes for sets of thousands, steps for smaller ones',
        epochs=20,
        least_iterations=200,
    )
    | ours('a tenth of the training, whatever its length', warmup=0.1)
    | ours('falls to 0 within any budget', schedule='cosine')
    | ours('the usual one of AdamW', weight_decay=0.05, decayed='matrices')
    | ours('cuts off only the first steps of a head', clip_norm=5.0)
)
_ANY_SCALE = ours('one rate then holds for features of any scale', whitened=True)

_HEAD = ours(_SWEPT, lr=3e-3)
_RANDOM = (
    ours('the best of an earlier sweep over the shipped backbones (results/sweeps)', lr=1e-3)
    | ours('the stem has everything to learn', layer_decay=1.0, backbone_factor=1.0)
    | ours('few steps give little time to overfit', drop_path=0.0)
)
_PRETRAINED = (
    ours("the head's rate on a frozen backbone", lr=3e-3)
    | ours(f'{_SWEPT}; less for wider networks (arXiv 2203.03466)', backbone_factor=0.1, width=384)
    | ours(
        'between the 0.65 and 0.8 of sources for pretrained networks, over twelve layers whatever '
        'the depth',
        layer_decay=0.75,
        decay_steps=12,
    )
)
_CONVNET = ours(
    'six points less on flowers with statistics of 16 pictures (docs/default-recipes.md)',
    kept_statistics=True,
)


def frozen_rules() -> tuple[Rule, ...]:
    """Return the rules of heads on frozen backbones, by kind."""
    return tuple(
        Rule(kind.name, _SCHEDULE | _scale(kind) | _HEAD, is_short=True) for kind in _KINDS
    )


def _scale(kind: Kind) -> dict[str, Number]:
    return {} if kind.has_normalising_heads else _ANY_SCALE


def finetune_rules() -> tuple[Rule, ...]:
    """Return the rules of fine-tuning, by kind, by start and by architecture."""
    return tuple(rule for kind in _KINDS for rule in _finetune(kind))


def _finetune(kind: Kind) -> tuple[Rule, ...]:
    return (
        Rule(kind.name, _SCHEDULE | _scale(kind) | _RANDOM, is_short=True),
        Rule(kind.name, _PRETRAINED, is_short=True, is_random=False),
        Rule(kind.name, _CONVNET, Architecture.CONVNET, is_short=True, is_random=False),
    )
