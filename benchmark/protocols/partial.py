"""Partial fine-tuning: the head and the last layers of the backbone learn."""

from __future__ import annotations

from dataclasses import replace

from benchmark.protocols.finetune import FINETUNE
from benchmark.specs import Names

LAST = 4
"""How many layers learn, as layer-wise decay counts them: blocks of a ViT (MAE, figure 9)."""

PARTIAL = replace(
    FINETUNE,
    name='partial',
    title=f'fine-tuning of the last {LAST} layers',
    trains=Names(last=LAST),
)
"""The recipes of fine-tuning."""
