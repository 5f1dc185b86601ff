"""Paint numbers of a creature's layers, and their colours."""

from __future__ import annotations

import numpy as np

from benchmark.world.arrays import Bytes, Floats
from benchmark.world.palette import Individual

COAT, MARK, HORN, EYE, PUPIL = range(5)


def paint_albedo(paint: Bytes, pattern: Floats, individual: Individual) -> Floats:
    """Return the colours (h, w, 3) in 0..1; ``pattern`` (h, w) in 0..1 covers only the coat."""
    white, black = np.full(3, 0.98, np.float32), np.full(3, 0.03, np.float32)
    colors = np.stack([individual.coat, individual.mark, individual.horn, white, black])
    covered = (pattern * (paint == COAT))[..., None]
    return np.asarray(colors.take(paint, axis=0) + covered * (individual.pattern - individual.coat))
