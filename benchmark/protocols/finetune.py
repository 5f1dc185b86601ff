"""Fine-tuning: the head and the whole backbone learn."""

from __future__ import annotations

from benchmark.protocols.recipes import RULES
from benchmark.protocols.short import finetune_rules
from benchmark.specs import Protocol, Trains

FINETUNE = Protocol(
    name='finetune',
    title='fine-tuning',
    trains=Trains.ALL,
    recipes=(*RULES, *finetune_rules()),
)
