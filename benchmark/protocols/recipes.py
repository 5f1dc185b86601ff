"""The fine-tuning recipes of every kind, each number with its origin."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from benchmark.kinds import load_recipe, shipped_kinds

_MODULES = tuple(load_recipe(kind.name) for kind in shipped_kinds())

RULES = tuple(
    rule if rule.tasks else replace(rule, trained_on=module.TRAINED_ON)
    for module in _MODULES
    for rule in module.RULES
)
"""General rules before those for an architecture, a size or a task."""


class Difference(NamedTuple):
    """What our kinds do unlike the sources of their recipes, beyond the recipes' numbers."""

    kind: str
    what: str
    says: str
    ours: str
    reason: str


DIFFERENCES = tuple(
    Difference(module.KIND, *difference) for module in _MODULES for difference in module.DIFFERENCES
)
