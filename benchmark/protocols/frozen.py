"""Frozen: the full head learns on a backbone that stays bit-identical."""

from __future__ import annotations

from benchmark.protocols.finetune import FINETUNE
from benchmark.specs import Protocol

# Schedules follow fine-tuning; what acts on the backbone's own parameters has no meaning here.
# Heads trained from scratch on fixed features take a larger step: DINOv2 (arXiv 2304.07193)
# trains its frozen-feature heads at 1e-3.
FROZEN = Protocol(
    name='frozen',
    title='frozen backbone, full head',
    trains_backbone=False,
    recipes={
        (kind, None): {**recipe, 'lr': 1e-3}
        for (kind, architecture), recipe in FINETUNE.recipes.items()
        if architecture is None
    },
)
