"""What the heads of a transformer do, layer by layer, from the values of their attention."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from benchmark.report.data.analyses import KeyNumbers, Value

LAST_LAYERS = 3
"""How many layers count as the last ones of a transformer, as in arXiv 2205.13543."""

Rows = Sequence[Mapping[str, Any]]


def head_values(rows: Rows, measure: str) -> dict[str, dict[int, dict[str, float]]]:
    """Return a measure of attention by backbone, layer and head.

    Distance and entropy are shares of what uniform attention would give; divergence is the mean
    over the other heads. ``rows`` are those of the values, from the analysis or from its file.
    """
    found: dict[str, dict[int, dict[str, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for row in rows:
        value = _number(row['value'])
        if row['measure'] == measure and value is not None:
            scale = 1.0 if measure == 'divergence' else float(row['uniform'])
            by_head = found[row['backbone']][int(row['layer'])]
            # a layer with a single reachable key cannot look elsewhere
            by_head[str(row['head'])].append(value / scale if scale else 0.0)
    return {
        name: {
            layer: {head: fmean(values) for head, values in heads.items()}
            for layer, heads in sorted(layers.items())
        }
        for name, layers in found.items()
    }


def _number(cell: Any) -> float | None:
    """Return the number of a cell; ``None`` where the value is missing."""
    if cell is None or cell == '' or math.isnan(float(cell)):
        return None
    return float(cell)


def key_numbers(rows: Rows) -> KeyNumbers:
    """Return how far heads look and how they differ, in the first and the last layers."""
    distance, divergence = head_values(rows, 'distance'), head_values(rows, 'divergence')

    def mean(layers: Iterable[Mapping[str, float]]) -> float | None:
        values = [value for heads in layers for value in heads.values()]
        return fmean(values) if values else None

    def numbers(name: str) -> tuple[Value, ...]:
        near, apart = (list(by_name.get(name, {}).values()) for by_name in (distance, divergence))
        most_local = [min(heads.values()) for heads in near]
        return (
            mean(near[:LAST_LAYERS]),
            mean(near[-LAST_LAYERS:]),
            max(most_local),
            mean(apart[:LAST_LAYERS]),
            mean(apart[-LAST_LAYERS:]),
        )

    return KeyNumbers(
        'backbone',
        (
            f'distance / uniform, first {LAST_LAYERS} layers',
            f'distance / uniform, last {LAST_LAYERS}',
            'most local head / uniform, largest over layers',
            f'KL between heads (nat), first {LAST_LAYERS} layers',
            f'KL (nat), last {LAST_LAYERS}',
        ),
        tuple((name, numbers(name)) for name in distance),
    )
