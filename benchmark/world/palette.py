"""Colours and coats of one individual."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Floats, Points, rgb_from_hsv
from benchmark.world.species import Species
from benchmark.world.textures import VARIANTS

HUE_SPREAD = 0.1
"""Standard deviation of an individual's hue around its class's, in turns of the colour circle."""


class Individual(NamedTuple):
    """The fixed appearance of one creature; colours are RGB (3,) in 0..1.

    ``jitter`` (12,) is its own posture and gait; ``variant``, ``offset`` (m) and
    ``zoom`` place its coat on the texture tile.
    """

    species: Species
    scale: float
    hue: float
    coat: Floats
    pattern: Floats
    mark: Floats
    horn: Floats
    variant: int
    offset: tuple[float, float]
    zoom: float
    jitter: Points


def _contrasting(rng: np.random.Generator, hue: float, value: float) -> Floats:
    """Return a pattern colour clearly darker or lighter than the coat's ``value``."""
    if value > 0.7 or rng.random() < 0.2:
        return rgb_from_hsv(hue + rng.normal(0, 0.04), rng.uniform(0.5, 0.9), value * 0.35)
    return rgb_from_hsv(hue + rng.normal(0, 0.06), rng.uniform(0.1, 0.35), min(1, value + 0.45))


def _draw_colors(
    rng: np.random.Generator, species: Species, scale: float, hue: float
) -> Individual:
    value = rng.uniform(0.5, 0.95)
    pale = rng.random() < 0.6
    return Individual(
        species=species,
        scale=scale,
        hue=hue,
        coat=rgb_from_hsv(hue, rng.uniform(0.5, 0.9), value),
        pattern=_contrasting(rng, hue, value),
        mark=rgb_from_hsv(rng.random(), 0.08, 0.97 if pale else 0.08),
        horn=rgb_from_hsv(0.1, rng.uniform(0.1, 0.35), rng.uniform(0.55, 0.95)),
        variant=int(rng.integers(VARIANTS)),
        offset=(float(rng.uniform(0, 3.2)), float(rng.uniform(0, 3.2))),
        zoom=float(rng.uniform(0.85, 1.15)),
        jitter=rng.standard_normal(12).clip(-2, 2),
    )


def draw_individual(rng: np.random.Generator, species: Species) -> Individual:
    """Return a random individual of ``species``."""
    hue = species.plan.hue + rng.normal(0, HUE_SPREAD)
    return _draw_colors(rng, species, rng.uniform(0.85, 1.15), hue)


def draw_look_alike(rng: np.random.Generator, model: Individual) -> Individual:
    """Return another individual of the same species and nearly the same hue as ``model``."""
    hue = model.hue + rng.normal(0, 0.02)
    return _draw_colors(rng, model.species, model.scale * rng.uniform(0.92, 1.08), hue)
