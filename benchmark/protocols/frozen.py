"""Frozen: the full head learns on a backbone that stays bit-identical."""

from __future__ import annotations

from benchmark.kinds.marks import ours
from benchmark.protocols.finetune import FINETUNE
from benchmark.specs import Protocol, Rule, Trains

# what acts on the backbone's own parameters has no meaning here
_OF_THE_BACKBONE = ('layer_decay', 'decay_steps', 'drop_path', 'lr')
_LR = ours(
    'heads trained from scratch on fixed features take a larger step than fine-tuning', lr=1e-3
)


def _schedule(rule: Rule) -> Rule:
    kept = {key: item for key, item in rule.numbers.items() if key not in _OF_THE_BACKBONE}
    return Rule(rule.kind, kept | (_LR if not rule.tasks else {}), tasks=rule.tasks)


FROZEN = Protocol(
    name='frozen',
    title='frozen backbone, full head',
    trains=Trains.HEAD,
    recipes=tuple(_schedule(rule) for rule in FINETUNE.recipes if rule.architecture is None),
)
"""The schedules of fine-tuning, the same for every architecture."""
