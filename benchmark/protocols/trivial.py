"""Trivial: nothing learns, no backbone takes part; what is scored never looks at the image."""

from __future__ import annotations

from benchmark.specs import Protocol, Trains

TRIVIAL = Protocol(
    name='trivial',
    title='trivial predictor',
    trains=Trains.NONE,
    recipes=(),
    procedure='trivial',
)
