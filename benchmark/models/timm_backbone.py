"""Any timm architecture as a backbone of the OpenMMLab libraries."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModule
from timm.layers import DropPath
from torch import Tensor, nn
from torch.nn import functional

from benchmark.models import inspection
from benchmark.models.loading import LoadReport, load_file, load_published
from benchmark.registry import MODELS


@MODELS.register_module()
class TimmBackbone(BaseModule):
    """Feature maps of a timm architecture, shallow to deep.

    Args:
        name: timm's architecture, with the tag of its published weights if any.
        options: further arguments of the architecture.
        random: leave the parameters at their random initialisation.
        checkpoint: weights file; ``None`` takes the published weights unless ``random``.
        may_miss: patterns of parameters that the weights may lack, with the reason.
        frozen: keep parameters and buffers as they are, normalisation statistics included.
        drop_path: rate of stochastic depth of the last block; 0 overrules timm's own default.

    Raises:
        CheckpointError: the weights cannot be read or do not fit.
        IncompatibleError: the architecture does not take the options.
    """

    def __init__(
        self,
        *,
        name: str,
        options: dict[str, Any] | None = None,
        random: bool = False,
        checkpoint: str | None = None,
        may_miss: dict[str, str] | None = None,
        frozen: bool = False,
        drop_path: float = 0.0,
        init_cfg: None = None,
    ) -> None:
        super().__init__(init_cfg)
        arguments = {**(options or {}), **({'drop_path_rate': drop_path} if drop_path else {})}
        self.body: Any = inspection.build(name, arguments)
        if not drop_path:
            _disable_drop_path(self.body)
        self.load_report = self._load(name, random, checkpoint, may_miss or {})
        self._indices = inspection.feature_indices(self.body)
        self._layers = inspection.layer_ids(self.body)
        self._stride = self._deepest_stride()
        self._norm = inspection.has_final_norm(name, options or {})
        self.is_frozen = frozen
        if frozen:
            self.requires_grad_(requires_grad=False)
            self.train(mode=False)

    def _load(
        self, name: str, random: bool, checkpoint: str | None, may_miss: dict[str, str]
    ) -> LoadReport:
        if random:
            return LoadReport.nothing(self.body)
        if checkpoint is not None:
            return load_file(self.body, checkpoint, may_miss=may_miss)
        return load_published(self.body, name, may_miss=may_miss)

    def _deepest_stride(self) -> int:
        info: Any = self.body.feature_info
        entries = getattr(info, 'info', info)
        return int(max(entries[index]['reduction'] for index in self._indices))

    def init_weights(self) -> None:
        """Leave the weights as loaded: mmengine would call timm's own initialisation again."""

    def train(self, mode: bool = True) -> TimmBackbone:
        """Set training mode, unless frozen: then normalisation statistics stay put."""
        super().train(mode and not self.is_frozen)
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return maps of shape (B, C_i, ceil(H / s_i), ceil(W / s_i)) for images (B, 3, H, W)."""
        height, width = images.shape[-2:]
        padded = functional.pad(images, (0, -width % self._stride, 0, -height % self._stride))
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_frozen):
            maps = self.body.forward_intermediates(
                padded,
                indices=self._indices,
                norm=self._norm,
                output_fmt='NCHW',
                intermediates_only=True,
            )
        return tuple(maps)

    def layer_of(self, parameter: str) -> tuple[int, int]:
        """Return the layer of a parameter (0 is the stem) and the number of the last layer."""
        return self._layers[parameter.removeprefix('body.')], max(self._layers.values())

    @property
    def network(self) -> nn.Module:
        """The wrapped timm network."""
        return self.body


def _disable_drop_path(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, DropPath):
            module.drop_prob = 0.0
