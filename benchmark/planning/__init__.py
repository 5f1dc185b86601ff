"""Expand a request into its cells, in a fixed order."""

from benchmark.planning.cells import Cell, Impossible, Plan, ResolvedInputs, compile_cell
from benchmark.planning.plan import Request, expand, recipe_changes

__all__ = [
    'Cell',
    'Impossible',
    'Plan',
    'Request',
    'ResolvedInputs',
    'compile_cell',
    'expand',
    'recipe_changes',
]
