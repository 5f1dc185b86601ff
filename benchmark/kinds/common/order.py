"""The order of samples and their random numbers, as functions of seed and position alone.

Neither the number of processes that load, nor that of those that train, nor an interruption changes
what the sample at a place of the order looks like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from benchmark.openmmlab.randomness import generator_for, seed_for
from benchmark.registry import DATA_SAMPLERS


class Turn(NamedTuple):
    """A position in the order of samples, and the sample at it.

    Attributes:
        round: how many passes over the data came before.
        position: how many samples of the pass came before.
        sample: its index in the data set.
    """

    round: int
    position: int
    sample: int


@DATA_SAMPLERS.register_module()
class SampleOrder(Sampler[Turn]):
    """Endless passes over a data set, each in an order that follows from seed and pass.

    Of several processes that share every batch each gets its own run of consecutive samples.

    Args:
        dataset: what has the samples.
        seed: of the order; the same in all processes.
        share: samples of a batch that one process gets; unused with one process.
        rank: number of this process.
        count: number of processes.
    """

    def __init__(
        self, dataset: Sized, *, seed: int, share: int = 1, rank: int = 0, count: int = 1
    ) -> None:
        self.size = len(dataset)
        self.seed = seed
        self._share, self._rank, self._count = share, rank, count
        self._skipped = 0

    def order_of(self, number: int) -> Tensor:
        """Return the indices of the samples of pass ``number`` in order: (n,)."""
        return torch.randperm(self.size, generator=generator_for('order', self.seed, number))

    def length_of(self, number: int) -> int:
        """Return how many samples pass ``number`` has."""
        return self.size

    def skip(self, samples: int) -> None:
        """Start after that many samples of this process, counted over all passes."""
        self._skipped = samples

    def __iter__(self) -> Iterator[Turn]:
        """Yield the turns of this process, without end."""
        batches, left = divmod(self._skipped, self._share)
        first = batches * self._share * self._count + self._rank * self._share + left
        for place, turn in enumerate(self._turns(first), first):
            if place // self._share % self._count == self._rank:
                yield turn

    def _turns(self, first: int) -> Iterator[Turn]:
        """Yield the turns of all processes from place ``first`` on."""
        number = 0
        while first >= (length := self.length_of(number)):
            first -= length
            number += 1
        while True:
            order = self.order_of(number).tolist()
            for position in range(first, len(order)):
                yield Turn(number, position, order[position])
            number, first = number + 1, 0

    def __len__(self) -> int:
        """Return the number of samples of the data set."""
        return self.size


class SeededSamples(Dataset[Any]):
    """A data set whose samples are drawn by their turn; other attributes are the data set's.

    A sample that is asked for by its index alone is drawn as the data set draws it.

    Args:
        dataset: whose pipeline may draw from the global generators.
        seed: of the run.
    """

    def __init__(self, dataset: Any, seed: int) -> None:
        self._dataset = dataset
        self._seed = seed

    def __getattr__(self, name: str) -> Any:
        # _dataset is asked for while it is unpickled, __getitems__ by loaders
        if name.startswith('__') or name == '_dataset':
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self._dataset)

    def __getitem__(self, turn: Turn | int) -> Any:
        """Return the sample of a turn."""
        if not isinstance(turn, Turn):
            return self._dataset[turn]
        seed_for('sample', self._seed, turn.round, turn.position)
        return self._dataset[turn.sample]
