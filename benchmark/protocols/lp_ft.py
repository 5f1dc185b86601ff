"""LP-FT: the head learns on a frozen backbone first, then everything is fine-tuned from there."""

from __future__ import annotations

from dataclasses import replace

from benchmark.kinds import shipped_kinds
from benchmark.kinds.marks import adapted
from benchmark.protocols.finetune import FINETUNE
from benchmark.specs import Rule

_SHARE = adapted(
    'lp-ft',
    'scripts/run_adaptation_experiments.py, lp_then_ft_experiments',
    says='a logistic regression until it converges, then fine-tuning at its full length',
    reason='as many steps in all as fine-tuning, half of them for each part; the head of the kind '
    'trains in the first part, at the rate that it has in fine-tuning',
    head_first=0.5,
)

LP_FT = replace(
    FINETUNE,
    name='lp-ft',
    title='head first, then fine-tuning',
    recipes=(*FINETUNE.recipes, *(Rule(kind.name, _SHARE) for kind in shipped_kinds())),
)
"""The recipes of fine-tuning, once for the head alone and once for everything."""
