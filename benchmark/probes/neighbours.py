"""Weighted nearest neighbours, for every number of neighbours and temperature at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.probes.reading import chunks

_CHUNK = 1024


class Nearest(NamedTuple):
    """The nearest entries of a bank: cosine similarities (Q, k), falling, and indices (Q, k)."""

    similarities: Tensor
    indices: Tensor


def nearest(queries: Tensor, bank: Tensor, count: int) -> Nearest:
    """Return the ``count`` entries of ``bank`` (N, D) most like each of ``queries`` (Q, D)."""
    keys = functional.normalize(bank, dim=1).T
    found = [
        (functional.normalize(queries[part], dim=1) @ keys).topk(min(count, len(bank)), dim=1)
        for part in chunks(len(queries), _CHUNK)
    ]
    return Nearest(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def votes(
    found: Nearest, values: Tensor, neighbours: Sequence[int], temperatures: Sequence[float]
) -> Tensor:
    """Return the mean of the neighbours' ``values`` (N, K) as (Q, T, K), T trials in order.

    A neighbour counts with exp(similarity / temperature), as in DINO (arXiv 2104.14294); trials
    are all pairs of a number of neighbours and a temperature, the temperature varying fastest.

    Args:
        found: similarities and places of the nearest neighbours of Q queries.
        values: one row per picture of the bank.
        neighbours: numbers of neighbours to try.
        temperatures: temperatures to try.
    """
    return torch.cat([_votes(found, values, k, t) for k in neighbours for t in temperatures], dim=1)


def _votes(found: Nearest, values: Tensor, count: int, temperature: float) -> Tensor:
    # softmax: the sum of the weights divides, which no winner depends on, and nothing overflows
    weights = (found.similarities[:, :count] / temperature).softmax(dim=1)
    parts = [
        torch.einsum('qk,qkc->qc', weights[part], values[found.indices[part, :count]])
        for part in chunks(len(weights), _CHUNK)
    ]
    return torch.cat(parts)[:, None]
