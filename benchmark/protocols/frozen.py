"""Frozen: the full head learns on a backbone that stays bit-identical."""

from __future__ import annotations

from dataclasses import replace

from benchmark.kinds.marks import ours
from benchmark.protocols.recipes import RULES
from benchmark.protocols.short import frozen_rules
from benchmark.specs import Protocol, Rule, Trains

# what acts on the backbone's own parameters has no meaning here, and the rate has its optimiser
_OF_THE_BACKBONE = ('layer_decay', 'decay_steps', 'drop_path', 'lr', 'optimizer')
_LR = ours(
    'heads trained from scratch on fixed features take a larger step than fine-tuning', lr=1e-3
)


def _schedule(rule: Rule) -> Rule:
    kept = {key: item for key, item in rule.numbers.items() if key not in _OF_THE_BACKBONE}
    is_first = not rule.tasks and not rule.at_full_length
    return replace(rule, numbers=kept | (_LR if is_first else {}), trained_on=())


def _options(rule: Rule) -> Rule:
    # heads, augmentation and how a picture is tested are those of fine-tuning
    return replace(rule, numbers={}, trained_on=())


FROZEN = Protocol(
    name='frozen',
    title='frozen backbone, full head',
    trains=Trains.HEAD,
    recipes=(
        *(
            _schedule(rule) if rule.architecture is None else _options(rule)
            for rule in RULES
            if rule.architecture is None or rule.options
        ),
        *frozen_rules(),
    ),
)
"""The schedules of fine-tuning, the same for every architecture."""
