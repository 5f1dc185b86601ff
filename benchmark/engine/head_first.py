"""A training in two parts: the head alone on a frozen backbone, then everything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mmengine.hooks import Hook
from torch import Tensor, nn

from benchmark.engine.audit import bare, hash_tensor
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_KEPT = 'head_first'


@HOOKS.register_module()
class HeadFirst(Hook):
    """Freezes the backbone for the first iterations, then lets learn what learnt before.

    The optimiser forgets its moments in between, so that the second part starts like a training
    of its own from the trained head.

    Args:
        iterations: length of the first part.
    """

    # before hooks that keep what they find, as the audit does
    priority = 'HIGH'

    def __init__(self, *, iterations: int) -> None:
        self._iterations = iterations
        self._before: dict[str, str] = {}
        self._changed: dict[str, bool] = {}

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep what a resumed training needs to report on its first part."""
        checkpoint[_KEPT] = {'before': self._before, 'changed': self._changed}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Take over what the training that is resumed knew."""
        kept = checkpoint.get(_KEPT, {'before': {}, 'changed': {}})
        self._before, self._changed = kept['before'], kept['changed']

    def before_train(self, runner: Runner) -> None:
        """Freeze the backbone unless the first part is over."""
        model: Any = bare(runner.model)
        self._before = self._before or _hashes(model)
        if runner.iter < self._iterations:
            model.backbone.freeze()

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        """Begin the second part where it is due."""
        if runner.iter != self._iterations:
            return
        model: Any = bare(runner.model)
        after = _hashes(model)
        self._changed = {part: self._before[part] != after[part] for part in after}
        runner.optim_wrapper.optimizer.state.clear()
        model.backbone.unfreeze()

    @property
    def report(self) -> dict[str, Any]:
        """Return the length of the first part, and which parts of the model it changed."""
        changed = {f'{part}_changed': value for part, value in self._changed.items()}
        return {'iterations': self._iterations, **changed}


def _hashes(model: nn.Module) -> dict[str, str]:
    """Return a hash over all tensors of the backbone, and over the parameters of the rest.

    Statistics of normalisation in a head change without learning, and are left out.
    """
    backbone = (item for item in model.state_dict().items() if item[0].startswith('backbone.'))
    head = (item for item in model.named_parameters() if not item[0].startswith('backbone.'))
    return {'backbone': _hash(backbone), 'head': _hash(head)}


def _hash(tensors: Iterable[tuple[str, Tensor]]) -> str:
    digest = hashlib.sha256()
    for name, tensor in tensors:
        digest.update(f'{name}\0{hash_tensor(tensor)}\n'.encode())
    return digest.hexdigest()
