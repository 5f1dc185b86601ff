"""Plan what a request means: its cells, in a fixed order."""

from benchmark.planning.plan import Request, expand, recipe_changes

__all__ = ['Request', 'expand', 'recipe_changes']
