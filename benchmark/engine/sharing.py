"""Batches that several processes share, with the random numbers that one process would draw.

Unless loading is split, every process follows the whole stream of samples and prepares whole
batches, keeps its own run of consecutive samples, and draws the masks of stochastic layers for
whole batches. Their generators therefore stay in step with that of a single process, at the price
of preparing each sample in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from typing import TYPE_CHECKING, Any

from mmengine.dataset import InfiniteSampler
from mmengine.dataset.utils import worker_init_fn
from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmengine.registry import FUNCTIONS as KNOWN_FUNCTIONS
from mmengine.runner import set_random_seed
from torch import Tensor, nn

from benchmark.engine.audit import bare
from benchmark.registry import DATA_SAMPLERS, FUNCTIONS, HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
_PER_SAMPLE = ('DropPath', 'StochasticDepth')
_STREAMS = 1_000_003
"""Keeps the streams of a process apart from those of other seeds."""


@DATA_SAMPLERS.register_module()
class WholeBatches(InfiniteSampler):
    """The endless order of samples of one process, the same in each of several."""

    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        super().__init__(dataset, shuffle, seed)
        self.rank, self.world_size = 0, 1


@FUNCTIONS.register_module()
def own_share(batch: Sequence[Any], *, collate: str, rank: int, count: int) -> Any:
    """Return the samples of process ``rank`` of ``count``, put together by ``collate``."""
    size = len(batch) // count
    together: Callable[[Sequence[Any]], Any] = KNOWN_FUNCTIONS.get(collate)
    return together(batch[rank * size : (rank + 1) * size])


@FUNCTIONS.register_module()
def seed_loader(number: int, *, seed: int) -> None:
    """Seed worker ``number`` of a loader as in the first process."""
    worker_init_fn(number, num_workers=0, rank=0, seed=seed)


@HOOKS.register_module()
class WholeBatchMasks(Hook):
    """Lets dropout and stochastic depth draw for the whole batch and use the process's share."""

    def before_train(self, runner: Runner) -> None:
        """Change the layers, after other hooks have copied the model."""
        rank, count = get_dist_info()
        for module in bare(runner.model).modules():
            if isinstance(module, _DROPOUTS) or is_per_sample(module):
                module.forward = draw_for_all(module, rank, count)


@HOOKS.register_module()
class OwnDraws(Hook):
    """Lets each of several processes that load their shares alone draw from its own stream."""

    def before_train(self, runner: Runner) -> None:
        """Move on the generators of all processes but the first; weights are made by now."""
        if runner.rank:
            set_random_seed(runner.seed + _STREAMS * runner.rank)


def is_per_sample(module: nn.Module) -> bool:
    """Whether a layer drops whole samples; each library has its own class of that name."""
    return type(module).__name__.endswith(_PER_SAMPLE)


def draw_for_all(module: nn.Module, rank: int, count: int) -> Callable[[Tensor], Tensor]:
    """Return the forward pass of a layer that multiplies samples (B, ...) by a random mask.

    The mask is drawn for ``count`` times as many samples, of which those of ``rank`` are used.
    """
    whole = module.forward

    def forward(x: Tensor) -> Tensor:
        if not module.training:
            return whole(x)
        size = len(x)
        each = [1] * (x.ndim - 1) if is_per_sample(module) else x.shape[1:]
        mask: Tensor = whole(x.new_ones((count * size, *each)))
        return x * mask[rank * size : (rank + 1) * size]

    return forward
