"""The specification of a world: seed, picture size and the number of items per split."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple, get_args

from benchmark.errors import DataError

VERSION = '2'
"""Identity of the pictures; changes whenever the same seed gives other pixels or labels."""

Split = Literal['train', 'val', 'test']
SPLITS: tuple[Split, ...] = get_args(Split)

SMALLEST_SIZE = 48


class SplitCounts(NamedTuple):
    """Number of items in each split."""

    train: int
    val: int
    test: int

    def of(self, split: Split) -> int:
        """Return the count of ``split``."""
        return self[SPLITS.index(split)]


DEFAULT_SCENES = SplitCounts(400, 80, 400)
DEFAULT_COVERED_PER_CLASS = SplitCounts(60, 12, 100)
DEFAULT_FINE_PER_CLASS = SplitCounts(40, 8, 66)
DEFAULT_SEQUENCES = SplitCounts(32, 4, 48)


@dataclass(frozen=True, kw_only=True)
class WorldSpec:
    """A world to render; equal specs give equal bytes on one platform.

    Attributes:
        seed: Non-negative seed of every random stream.
        size: Height and width of all pictures in pixels.
        scenes: Scene pictures per split.
        covered_per_class: Pictures per coarse class of the covered classification task.
        fine_per_class: Pictures per species of the fine classification task.
        sequences: Tracking sequences per split.
        sequence_length: Frames per tracking sequence.
    """

    seed: int = 0
    size: int = 128
    scenes: SplitCounts = DEFAULT_SCENES
    covered_per_class: SplitCounts = DEFAULT_COVERED_PER_CLASS
    fine_per_class: SplitCounts = DEFAULT_FINE_PER_CLASS
    sequences: SplitCounts = DEFAULT_SEQUENCES
    sequence_length: int = 24

    def __post_init__(self) -> None:
        """Raise if the world cannot be rendered.

        Raises:
            DataError: A number is below the smallest that is allowed.
        """
        smallest = {'seed': 0, 'size': SMALLEST_SIZE, 'sequence_length': 2}
        for key, least in smallest.items():
            if getattr(self, key) < least:
                raise DataError(f'world: {key} is {getattr(self, key)}, must be {least} or more')
        for key in ('scenes', 'covered_per_class', 'fine_per_class', 'sequences'):
            if min(getattr(self, key)) < 0:
                counts = tuple(getattr(self, key))
                raise DataError(f'world: {key} is {counts}, must not be negative')

    @property
    def folder_name(self) -> str:
        """Return the readable folder name that only this spec and version map to."""
        text = json.dumps([VERSION, asdict(self)], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f'world-v{VERSION}-seed{self.seed}-{self.size}px-{digest}'
