"""LoRA: low-rank changes of a frozen backbone's layers learn, and the head does."""

from __future__ import annotations

from dataclasses import replace

from benchmark.kinds import shipped_kinds
from benchmark.kinds.marks import ours
from benchmark.protocols.finetune import FINETUNE
from benchmark.specs import Adapter, Rule

RANK, SCALE = 8, 2.0
"""Inner width of a change, and the factor on it."""

_NUMBERS = ours(
    'between the rate of the head and that of layers in fine-tuning; not measured',
    backbone_factor=0.3,
) | ours('the frozen network runs as in the test', drop_path=0.0)

LORA = replace(
    FINETUNE,
    name='lora',
    title=f'LoRA of rank {RANK}, full head',
    trains=Adapter('benchmark.LowRank', {'rank': RANK, 'scale': SCALE}),
    recipes=(*FINETUNE.recipes, *(Rule(kind.name, _NUMBERS) for kind in shipped_kinds())),
)
"""The recipes of fine-tuning at rates of its own."""
