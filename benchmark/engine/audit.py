"""Proof that training did what the protocol says: which parameters moved, at which rates."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor, nn
from torch.optim import Optimizer

from benchmark.errors import CheckpointError
from benchmark.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

_PARTS = ('backbone', 'head')
_KEPT = 'parameter_audit'


@HOOKS.register_module()
class ParameterAudit(Hook):
    """Compares backbone and head before and after training and keeps the optimiser's groups."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self._before: dict[str, dict[str, str]] = {}
        self._groups: list[dict[str, Any]] = []
        self._after: dict[str, dict[str, str]] = {}
        self._parameters: frozenset[str] = frozenset()
        self._frozen: frozenset[str] | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep the first fingerprints in the checkpoint, so that a resumed training knows them."""
        checkpoint[_KEPT] = self._before

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Take over the fingerprints from before the training that is resumed.

        Raises:
            CheckpointError: the checkpoint is of another model, which mmengine would load in part.
        """
        _refuse_foreign(runner, checkpoint['state_dict'])
        self._before = checkpoint.get(_KEPT, {})

    def before_train(self, runner: Runner) -> None:
        """Take the fingerprints of all tensors and the groups' initial rates."""
        self._before = self._before or _fingerprints(bare(runner.model))
        # the wrapper's own list ends with a group that holds no parameter of the model
        self._groups = audited(runner.optim_wrapper.optimizer)

    def after_train(self, runner: Runner) -> None:
        """Take the fingerprints again."""
        model = bare(runner.model)
        self._after = _fingerprints(model)
        self._parameters = frozenset(name for name, _ in model.named_parameters())
        self._frozen = _frozen_part(model)

    @property
    def report(self) -> dict[str, Any]:
        """What was found: how many tensors changed, and the rate each parameter group got."""
        changed = {part: self._count_changed(part) for part in _PARTS}
        return {
            'groups': self._groups,
            **{f'{part}_changed': changed[part] > 0 for part in _PARTS},
            **{f'{part}_learned': self._has_learned(part) for part in _PARTS},
            **{
                f'{part}_tensors': f'{changed[part]} of {len(self._before.get(part, {}))} changed'
                for part in _PARTS
            },
            **self._part(),
        }

    def _part(self) -> dict[str, Any]:
        """Return what became of a backbone's two parts where one of them is frozen."""
        if self._frozen is None:
            return {}
        before, after = self._before['backbone'], self._after['backbone']
        parts = {'frozen': self._frozen, 'trained': before.keys() - self._frozen}
        changed = {
            part: sum(before[n] != after.get(n) for n in names) for part, names in parts.items()
        }
        return {
            'frozen_changed': changed['frozen'] > 0,
            **{
                f'{part}_tensors': f'{changed[part]} of {len(parts[part])} changed'
                for part in parts
            },
        }

    def _has_learned(self, part: str) -> bool:
        """Whether a parameter changed: statistics of normalisation change without learning."""
        before, after = self._before.get(part, {}), self._after.get(part, {})
        return any(before[name] != after.get(name) for name in before if name in self._parameters)

    def _count_changed(self, part: str) -> int:
        before, after = self._before.get(part, {}), self._after.get(part, {})
        return sum(before[name] != after.get(name) for name in before)


def _frozen_part(model: nn.Module) -> frozenset[str] | None:
    """Return the tensors of a backbone that must stay; ``None`` where it learns wholly or not."""
    frozen_names = getattr(getattr(model, 'backbone', None), 'frozen_names', None)
    names = frozen_names() if callable(frozen_names) else None
    return None if names is None else frozenset(f'backbone.{name}' for name in names)


def bare(model: nn.Module) -> nn.Module:
    """Return the model without the wrapper that shares it among processes."""
    inner: nn.Module = model.module if is_model_wrapper(model) else model  # type: ignore[assignment]
    return inner


def _refuse_foreign(runner: Runner, weights: dict[str, Tensor]) -> None:
    own = {name: tensor.shape for name, tensor in bare(runner.model).state_dict().items()}
    kept = {name: tensor.shape for name, tensor in weights.items()}
    differing = sum(own.get(name) != kept.get(name) for name in own.keys() | kept.keys())
    if differing:
        raise CheckpointError(
            f'{runner.work_dir}: the checkpoint there is of another model ({differing} tensors '
            'differ in name or shape): remove it to train from the start'
        )


def audited(optimizer: Optimizer) -> list[dict[str, Any]]:
    """Return name, initial rate, weight decay and size of each of the optimiser's groups."""
    return [_facts(group) for group in optimizer.param_groups]


def _facts(group: dict[str, Any]) -> dict[str, Any]:
    return {
        'name': group.get('name', ''),
        'lr': group.get('initial_lr', group['lr']),
        'weight_decay': group['weight_decay'],
        'parameters': sum(parameter.numel() for parameter in group['params']),
    }


def _fingerprints(model: nn.Module) -> dict[str, dict[str, str]]:
    """Return a hash per tensor, buffers included, of the backbone and of everything else."""
    parts: dict[str, dict[str, str]] = {part: {} for part in _PARTS}
    for name, tensor in model.state_dict().items():
        part = 'backbone' if name.startswith('backbone.') else 'head'
        parts[part][name] = hash_tensor(tensor)
    return parts


def hash_tensor(tensor: Tensor) -> str:
    """Return the SHA-256 of a tensor's bytes."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return hashlib.sha256(flat.view(torch.uint8).numpy().tobytes()).hexdigest()


def hash_weights(network: nn.Module) -> str:
    """Return the SHA-256 over the names and values of all tensors of ``network``."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f'{name}\0{hash_tensor(tensor)}\n'.encode())
    return digest.hexdigest()
