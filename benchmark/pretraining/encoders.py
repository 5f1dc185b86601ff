"""Encoders of mmpretrain's masked-image-modelling algorithms over timm's networks."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModule
from mmpretrain.models.utils import build_2d_sincos_position_embedding
from torch import Tensor, nn

from benchmark.errors import IncompatibleError
from benchmark.registry import MODELS
from benchmark.sources import Order, open_network


class _Encoder(BaseModule):
    """A timm network at its own initialisation, with the layers that optimisers ask for."""

    def __init__(self, source: str, options: dict[str, Any]) -> None:
        super().__init__()
        library, _, name = source.partition(':')
        if library != 'timm':
            raise IncompatibleError(f'{source}: only networks of timm are pretrained with masks')
        extractor = open_network(library, Order(name, options))
        self.body: Any = extractor.network
        self._layers = extractor.layer_ids()

    def init_weights(self) -> None:
        """Leave the network as timm initialised it."""

    def layer_of(self, parameter: str) -> tuple[int, int]:
        """Return the layer of a parameter (0 is the stem) and the number of the last layer."""
        return self._layers.get(parameter.removeprefix('body.'), 0), max(self._layers.values())


@MODELS.register_module()
class MaskedViT(_Encoder):
    """A plain ViT that sees only some patches: the encoder of MAE (arXiv 2111.06377).

    The position table is fixed to sines and cosines, as MAE has it.

    Args:
        source: the network, as ``'timm:NAME'``.
        options: further arguments of the architecture.
        mask_ratio: share of the patches that the encoder does not see.

    Raises:
        IncompatibleError: the network is no plain ViT with a class token and a position table.
    """

    def __init__(self, *, source: str, options: dict[str, Any], mask_ratio: float) -> None:
        super().__init__(source, options)
        table = getattr(self.body, 'pos_embed', None)
        if table is None or getattr(self.body, 'num_prefix_tokens', 0) != 1:
            raise IncompatibleError(f'{source} has no position table and class token for MAE')
        rows, columns = self.body.patch_embed.grid_size
        if rows != columns or table.shape[1] != rows * columns + 1:
            raise IncompatibleError(f'{source} has no square position table for MAE')
        fixed = build_2d_sincos_position_embedding(rows, table.shape[-1], cls_token=True)
        table.data.copy_(fixed.float())
        table.requires_grad_(requires_grad=False)
        self._mask_ratio = mask_ratio

    def forward(self, images: Tensor, mask: bool | None = True) -> tuple[Tensor, Tensor, Tensor]:
        """Return latent, mask and restoring order, as mmpretrain's MAE expects them.

        For images (B, 3, H, W) of N patches, of which K are kept: (B, 1 + K, C), (B, N) with 1
        for what was masked, and (B, N) indices that undo the shuffling.
        """
        body = self.body
        tokens = body._pos_embed(body.patch_embed(images))
        kept, hidden, restore = mask_patches(tokens[:, 1:], self._mask_ratio)
        seen = body.norm_pre(torch.cat([tokens[:, :1], kept], dim=1))
        return body.norm(body.blocks(seen)), hidden, restore


def mask_patches(patches: Tensor, ratio: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the patches that are kept, drawn anew for every image, what is hidden, and the order.

    Args:
        patches: (B, N, C).
        ratio: share to hide; int(N * (1 - ratio)) are kept.

    Returns:
        (B, K, C) patches in shuffled order; (B, N) with 1 where hidden; (B, N) indices by which
        the shuffled sequence is put back.
    """
    batch, count, channels = patches.shape
    order = torch.rand(batch, count, device=patches.device).argsort(dim=1)
    restore = order.argsort(dim=1)
    keep = int(count * (1 - ratio))
    index = order[:, :keep, None].expand(-1, -1, channels)
    hidden = (restore >= keep).to(patches.dtype)
    return patches.gather(1, index), hidden, restore


@MODELS.register_module()
class MaskedSwin(_Encoder):
    """A Swin that sees a learnt token in place of masked patches: SimMIM (arXiv 2111.09886).

    Args:
        source: the network, as ``'timm:NAME'``.
        options: further arguments of the architecture.

    Raises:
        IncompatibleError: the network is no Swin transformer of timm.
    """

    def __init__(self, *, source: str, options: dict[str, Any]) -> None:
        super().__init__(source, options)
        if not hasattr(self.body, 'layers') or not hasattr(self.body, 'patch_embed'):
            raise IncompatibleError(f'{source} is no Swin transformer, which SimMIM needs')
        self.mask_token = nn.Parameter(torch.zeros(self.body.patch_embed.proj.out_channels))
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    def forward(self, images: Tensor, mask: Tensor) -> tuple[Tensor]:
        """Return the last map (B, C, h, w) of images (B, 3, H, W); ``mask`` is 1 where hidden.

        The mask has the shape (B, H / p, W / p) of the patches.
        """
        body = self.body
        patches = body.patch_embed(images)
        hidden = mask.unsqueeze(-1).to(patches.dtype)
        maps = body.norm(body.layers(patches * (1 - hidden) + self.mask_token * hidden))
        return (maps.permute(0, 3, 1, 2),)
