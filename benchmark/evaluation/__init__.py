"""Registered metrics and galleries, one module per kind, imported only when a run needs it."""
