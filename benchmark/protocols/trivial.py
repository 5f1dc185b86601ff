"""Trivial: nothing learns, no backbone takes part; what is scored never looks at the image."""

from __future__ import annotations

from benchmark.specs import Protocol

TRIVIAL = Protocol(name='trivial', title='trivial predictor', trains_backbone=False, recipes=())
