"""Parameter groups with layer-wise learning-rate decay, for any architecture of the harness."""

from __future__ import annotations

from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from benchmark.registry import OPTIM_WRAPPER_CONSTRUCTORS

_NEVER_DECAYED = (
    *('pos_embed', 'pos_embedding', 'position_embeddings'),
    *('cls_token', 'class_token', 'dist_token', 'distillation_token', 'mask_token'),
    *('reg_token', 'register_tokens'),
    *('relative_position_bias_table', 'logit_scale'),
)
"""How parameters end that no library decays in weight: each has names of its own."""

_POSITION_NETWORKS = ('.cpb_mlp.', '.continuous_position_bias_mlp.')
"""What SwinV2 computes its position bias by, which its authors do not decay either."""


_HEAD = 'head'
"""Name of the parameter group of everything outside the backbone."""


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayConstructor(DefaultOptimWrapperConstructor):
    """Groups parameters by layer; the rate shrinks by ``layer_decay`` per layer below the head.

    As in MAE's fine-tuning: heads and necks keep the full rate, the last of L layers gets
    ``layer_decay``, the stem ``layer_decay ** (L + 1)``. Biases, norms, tokens and all that
    encodes positions are not decayed in weight. A frozen parameter is in no group. With
    ``decayed='biases'`` only norms and positions are exempt, with ``decayed='all'`` nothing is.
    ``backbone_factor`` multiplies the rate of all layers of the backbone.
    """

    def add_params(self, params: list[dict[str, Any]], module: nn.Module, **_: Any) -> None:
        """Append one group per (layer, weight decay) of ``module`` to ``params``."""
        decay = self.paramwise_cfg.get('layer_decay', 1.0)
        groups: dict[str, dict[str, Any]] = {}
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                group = self._group(module, name, parameter, decay)
                groups.setdefault(group['name'], group)['params'].append(parameter)
        params.extend(groups.values())

    def _group(
        self, module: nn.Module, name: str, parameter: nn.Parameter, decay: float
    ) -> dict[str, Any]:
        layer, scale = _layer_and_scale(module, name, decay)
        if layer != _HEAD:
            scale *= self.paramwise_cfg.get('backbone_factor', 1.0)
        is_exempt = self._is_exempt(module, name, parameter)
        return {
            'name': layer + ('/no weight decay' if is_exempt else ''),
            'params': [],
            'lr': self.base_lr * scale,
            'weight_decay': 0.0 if is_exempt else self.base_wd,
        }

    def _is_exempt(self, module: nn.Module, name: str, parameter: nn.Parameter) -> bool:
        decayed = self.paramwise_cfg.get('decayed', 'matrices')
        if decayed == 'all':
            return False
        is_never = _is_in_norm(module, name) if decayed == 'biases' else parameter.ndim <= 1
        return is_never or _encodes_position(name)


def _is_in_norm(module: nn.Module, name: str) -> bool:
    # libraries write norms of their own, as LayerNorm2d: all say so in their names
    owner = module.get_submodule(name.rpartition('.')[0])
    return 'Norm' in type(owner).__name__


def _encodes_position(name: str) -> bool:
    return name.endswith(_NEVER_DECAYED) or any(part in name for part in _POSITION_NETWORKS)


def _layer_and_scale(module: nn.Module, name: str, decay: float) -> tuple[str, float]:
    part, _, rest = name.partition('.')
    if part != 'backbone':
        return _HEAD, 1.0
    layer, last = module.backbone.layer_of(rest)  # type: ignore[union-attr, operator]
    return f'backbone layer {layer}', decay ** (last + 1 - layer)
