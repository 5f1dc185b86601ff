"""The interface of a source: a library, or a file, that builds architectures by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor, nn

from benchmark.errors import IncompatibleError

Size = tuple[int, int]
"""Height and width in pixels."""

Normalisation = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Mean and standard deviation per RGB channel on the 0-255 scale."""

IMAGENET: Normalisation = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


@dataclass(frozen=True)
class BuildRequest:
    """What to build: a name that the source knows, and how.

    Attributes:
        name: the name.
        options: arguments of the architecture by name.
        size: the only input size (height, width) in pixels that the network must take; ``None``
            leaves it at its native one.
        drop_path: rate of stochastic depth of the last block.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    size: Size | None = None
    drop_path: float = 0.0


class Weights(NamedTuple):
    """Named tensors of a network, with a remark on their origin."""

    tensors: Mapping[str, Tensor]
    remark: str = ''


class Extractor(ABC):
    """A network and how to read feature maps out of it.

    Attributes:
        network: the network, randomly initialised, under the names that its library gives.
        native_size: the input size in pixels that its published weights were made for.
        count: how many maps it can return, shallow to deep; for a plain network, one per block.
        has_drop_path: whether the ordered rate of stochastic depth took effect.
    """

    network: nn.Module
    native_size: Size
    count: int
    has_drop_path: bool = True

    @abstractmethod
    def maps(self, images: Tensor, indices: Sequence[int]) -> list[Tensor]:
        """Return the maps (B, C, h, w) numbered ``indices``, rising, for images (B, 3, H, W)."""

    def classify(self, images: Tensor) -> Tensor:
        """Return what the network's own classifier says of images (B, 3, H, W): logits (B, K).

        Raises:
            IncompatibleError: the network is used without a classifier.
        """
        raise IncompatibleError(
            f'{type(self.network).__name__} is built without its classifier, and nothing of it can '
            "be scored as it is: protocol 'as-is' takes FILE.py:CLASS whose class has a method "
            'classify(images) that returns logits (B, K)'
        )

    @abstractmethod
    def layer_ids(self) -> dict[str, int]:
        """Return the layer of each parameter: 0 is the stem, the largest number the last block."""

    @abstractmethod
    def normalisation(self) -> Normalisation:
        """Return how the input of the published weights is normalised."""

    def states_normalisation(self) -> bool:
        """Return whether :meth:`normalisation` is stated somewhere, rather than ImageNet's."""
        return True

    @abstractmethod
    def published(self) -> Weights:
        """Return the weights that the name stands for.

        Raises:
            CheckpointError: the network has no published weights, or they cannot be fetched.
        """

    def is_published_as(self, name: str) -> bool:
        """Return whether the published weights are those of the model ``name`` of a hub."""
        return False

    def adapted(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return weights as the library's own conversion for the architecture makes them."""
        return weights

    def state(self) -> Mapping[str, Tensor]:
        """Return the network's tensors under the names that files of weights give to them."""
        return self.network.state_dict()

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Fill the network with ``weights`` of fitting names, types and shapes."""
        self.network.load_state_dict(weights, strict=False)

    def tables(self) -> Mapping[str, Size]:
        """Return the grid of each learnt position table, ``(rows, columns)``, by name."""
        return {}

    def windows(self) -> tuple[int, ...]:
        """Return the sides of attention windows that may grow, per stage, in tokens."""
        return ()

    def attentions(self) -> tuple[list[nn.Module], int]:
        """Return the attention of every block of a plain transformer, and its leading tokens.

        Raises:
            IncompatibleError: the network is not a plain transformer over tokens.
        """
        raise IncompatibleError(
            f'{type(self.network).__name__} is not a plain transformer, so its attention cannot be '
            'kept to windows'
        )
