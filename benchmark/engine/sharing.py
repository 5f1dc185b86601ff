"""What a training step draws: a function of seed, step and place in the batch of all processes.

Every process seeds its generators alike before a step, draws for the whole batch what is drawn at
once, and uses the rows of its own samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from mmengine.dist import all_gather, get_dist_info
from mmengine.hooks import Hook
from torch import Tensor, nn

from benchmark.engine.audit import bare
from benchmark.openmmlab.detectors import SeededRegions, agree_on_padding, weigh_by_regions
from benchmark.openmmlab.randomness import own_rows, seed_for, seeds_of
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
_PER_SAMPLE = ('DropPath', 'StochasticDepth')


@HOOKS.register_module()
class StepDraws(Hook):
    """Seeds what a step draws: masks, mixtures of pictures, regions of detectors.

    Over several processes, detectors also pad pictures and weigh losses as for the whole batch.
    """

    def before_train(self, runner: Runner) -> None:
        """Change what draws for itself, after other hooks have copied the model."""
        model: Any = bare(runner.model)
        share = runner.train_dataloader.batch_size
        self._regions = SeededRegions(model, share, runner.seed)
        if get_dist_info()[1] > 1:
            draw_together(model)
            weigh_by_regions(model)
            agree_on_padding(model.data_preprocessor)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        """Seed the step."""
        seed_for('step', runner.seed, runner.iter)
        if torch.cuda.is_available():  # not run on a GPU
            torch.cuda.manual_seed(seeds_of('step', runner.seed, runner.iter).torch)
        self._regions.begin(runner.iter)


def draw_together(model: Any) -> None:
    """Let the parts of ``model`` that draw for a batch draw for that of all processes."""
    for module in model.modules():
        if isinstance(module, _DROPOUTS) or is_per_sample(module):
            module.forward = draw_for_all(module)
    preprocessor = model.data_preprocessor
    # mmdet's, a list, draw for all processes or are of no use to several
    if callable(augment := getattr(preprocessor, 'batch_augments', None)):
        preprocessor.batch_augments = mix_all(augment)
    if type(model).__name__ == 'SparK':
        model.mask = hide_for_all(model.mask)


def is_per_sample(module: nn.Module) -> bool:
    """Whether a layer drops whole samples; each library has its own class of that name."""
    return type(module).__name__.endswith(_PER_SAMPLE)


def draw_for_all(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """Return the forward pass of a layer that multiplies samples (B, ...) by a random mask.

    The mask is drawn for the samples of all processes.
    """
    alone = module.forward

    def forward(x: Tensor) -> Tensor:
        if not module.training:
            return alone(x)
        each = [1] * (x.ndim - 1) if is_per_sample(module) else x.shape[1:]
        return x * own_rows(lambda count: alone(x.new_ones((count, *each))), len(x))

    return forward


def mix_all(augment: Callable[..., tuple[Tensor, ...]]) -> Callable[..., tuple[Tensor, ...]]:
    """Return mmpretrain's mixup or cut-mix over the pictures of all processes.

    It takes pictures (B, 3, H, W) and scores (B, K), and returns those of this process.
    """

    def mix(*own: Tensor) -> tuple[Tensor, ...]:
        mixed = augment(*(torch.cat(all_gather(part)) for part in own))
        size = len(own[0])
        return tuple(own_rows(lambda _, part=part: part, size) for part in mixed)  # type: ignore[misc]

    return mix


def hide_for_all(mask: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return SparK's drawing of what is hidden, of pictures of all processes."""

    def hide(shape: tuple[int, ...], *rest: Any, **named: Any) -> Tensor:
        return own_rows(lambda count: mask((count, *shape[1:]), *rest, **named), shape[0])

    return hide
