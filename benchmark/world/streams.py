"""Independent random streams: one generator per picture, unaffected by earlier draws."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a random stream is for; the value is part of the pictures' identity."""

    TEXTURES = 0
    SCENES = 1
    COVERED = 2
    FINE = 3
    TRACKING = 4
    PRETRAINING = 5


def generator(seed: int, stream: Stream, *key: int) -> np.random.Generator:
    """Return the random generator of the item ``key`` (split, index, ...) in ``stream``.

    The key is the spawn key of a seed sequence, so item i does not depend on how
    many items came before it.
    """
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(int(stream), *key))
    return np.random.Generator(np.random.PCG64(sequence))
