"""Expand a request into its cells, in a fixed order."""

from benchmark.planning.cells import Cell, CellCompiler, Impossible, Plan, ResolvedInputs
from benchmark.planning.plan import Request, expand, recipe_changes

__all__ = [
    'Cell',
    'CellCompiler',
    'Impossible',
    'Plan',
    'Request',
    'ResolvedInputs',
    'expand',
    'recipe_changes',
]
