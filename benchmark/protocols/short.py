"""Recipes of short trainings on small data, for any backbone: of tasks with a budget of their own.

The sources of the other recipes train for hundreds of thousands of steps, in batches of hundreds of
pictures. What they say of rates does not hold for a few hundred steps in batches of 2 to 64. These
numbers were measured instead, the same arms for every backbone (docs/default-recipes.md).
"""

from __future__ import annotations

from benchmark.kinds import shipped_kinds
from benchmark.kinds.marks import ours
from benchmark.specs import Architecture, Number, Rule

_BATCH = 16
"""The batch size to which the rates below belong."""

_KINDS = tuple(kind.name for kind in shipped_kinds())
_SWEPT = 'the best on average of a sweep over small tasks (docs/default-recipes.md)'

_UNNORMALISED = ('classification', 'detection', 'mot')
"""Kinds whose heads take maps without a normalisation of their own: a linear classifier, and FPN."""

_SCHEDULE = (
    ours('the batch to which the rate belongs', batch_size=_BATCH)
    | ours(
        'grows by the square root, as suits AdamW (arXiv 2205.10287); the same rate was best at batches '
        'of 4, 8 and 16',
        rate_growth='root',
    )
    | ours('a tenth of the training, whatever its length', warmup=0.1)
    | ours('falls to 0 within any budget', schedule='cosine')
    | ours('the usual one of AdamW', weight_decay=0.05, decayed='matrices')
    | ours('cuts off only the first steps of a head', clip_norm=5.0)
)
_ANY_SCALE = ours('one rate then holds for features of any scale', whitened=True)

FROZEN_RATE = 3e-3
HEAD_RATE = 1e-3


def frozen_rules() -> tuple[Rule, ...]:
    """Return the rules of heads on frozen backbones, by kind."""
    return tuple(
        Rule(kind, _SCHEDULE | _scale(kind) | ours(_SWEPT, lr=FROZEN_RATE), is_short=True)
        for kind in _KINDS
    )


def _scale(kind: str) -> dict[str, Number]:
    return _ANY_SCALE if kind in _UNNORMALISED else {}


def finetune_rules() -> tuple[Rule, ...]:
    """Return the rules of fine-tuning, by kind, by start and by architecture."""
    return tuple(rule for kind in _KINDS for rule in _finetune(kind))


def _finetune(kind: str) -> list[Rule]:
    common = _SCHEDULE | _scale(kind) | ours('too short to overfit for want of it', drop_path=0.0)
    return [
        Rule(kind, common | _random(), is_short=True),
        *(
            Rule(kind, _pretrained(architecture), architecture, is_short=True, is_random=False)
            for architecture in Architecture
        ),
    ]


def _random() -> dict[str, Number]:
    return ours('the stem has everything to learn', layer_decay=1.0) | ours(
        _SWEPT, lr=1e-3, head_factor=1.0
    )


def _pretrained(architecture: Architecture) -> dict[str, Number]:
    numbers = ours(_SWEPT, lr=1e-4, head_factor=10.0, layer_decay=0.75, decay_steps=12)
    if architecture is Architecture.CONVNET:
        numbers |= ours('those of small batches are worse', kept_statistics=True)
    return numbers
