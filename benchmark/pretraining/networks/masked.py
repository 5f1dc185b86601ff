"""Encoders for mmpretrain's masked-image-modelling algorithms that wrap our backbones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import BaseModule
from mmpretrain.models.utils import build_2d_sincos_position_embedding
from timm.models.swin_transformer import SwinTransformer
from timm.models.swin_transformer_v2 import SwinTransformerV2
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from benchmark.errors import IncompatibleError
from benchmark.models import FeatureBackbone
from benchmark.openmmlab.randomness import own_rows
from benchmark.registry import MODELS
from benchmark.sources import BuildRequest, open_network


class _Encoder(BaseModule):
    """A network at its own initialisation, with the layers that optimisers ask for."""

    def __init__(self, source: str, options: dict[str, Any]) -> None:
        super().__init__()
        library, _, name = source.partition(':')
        extractor = open_network(library, BuildRequest(name, options))
        if reason := self.refusal(extractor.network):
            raise IncompatibleError(f'{source} {reason}')
        self._extractor = extractor
        self.body: Any = extractor.network
        self._layers = extractor.layer_ids()

    @classmethod
    def refusal(cls, network: nn.Module) -> str:
        """Return why the encoder does not fit ``network``; empty if it fits."""
        raise NotImplementedError

    def init_weights(self) -> None:
        """Leave the network as its library initialised it."""

    def named_weights(self) -> Mapping[str, Tensor]:
        """Return the network's tensors under the names that files of weights give to them."""
        return self._extractor.state()

    def layer_of(self, parameter: str) -> tuple[int, int]:
        """Return the layer of a parameter (0 is the stem) and the number of the last layer."""
        return self._layers.get(parameter.removeprefix('body.'), 0), max(self._layers.values())


@MODELS.register_module()
class MaskedViT(_Encoder):
    """A plain ViT that sees only some patches: the encoder of MAE (arXiv 2111.06377).

    The position table is fixed to sines and cosines, as in MAE.

    Args:
        source: the network, as ``'timm:NAME'``.
        options: further arguments of the architecture.
        mask_ratio: share of the patches that the encoder does not see.

    Raises:
        IncompatibleError: the network is not a plain ViT with one leading token and a
            square position table.
    """

    def __init__(self, *, source: str, options: dict[str, Any], mask_ratio: float) -> None:
        super().__init__(source, options)
        table, (rows, _) = self.body.pos_embed, self.body.patch_embed.grid_size
        fixed = build_2d_sincos_position_embedding(rows, table.shape[-1], cls_token=True)
        table.data.copy_(fixed.float())
        table.requires_grad_(requires_grad=False)
        self._mask_ratio = mask_ratio

    @classmethod
    def refusal(cls, network: nn.Module) -> str:
        """Return why the encoder does not fit ``network``; empty if it fits."""
        if not isinstance(network, VisionTransformer):
            return 'is not a plain ViT of timm'
        table, (rows, columns) = network.pos_embed, network.patch_embed.grid_size
        if table is None or network.num_prefix_tokens != 1:
            return 'has no position table and class token'
        if rows != columns or table.shape[1] != rows * columns + 1:
            return 'has no square position table with a place for the class token'
        # the decoder is half as wide and has four heads
        return f'is {table.shape[-1]} wide, not a multiple of 8' if table.shape[-1] % 8 else ''

    def forward(self, images: Tensor, mask: bool | None = True) -> tuple[Tensor, Tensor, Tensor]:
        """Return latent, mask and restoring order, as mmpretrain's MAE expects them.

        For images (B, 3, H, W) of N patches with K kept: (B, 1 + K, C), (B, N) with 1 where masked,
        and (B, N) indices that undo the shuffling.
        """
        body = self.body
        tokens = body._pos_embed(body.patch_embed(images))
        kept, hidden, restore = mask_patches(tokens[:, 1:], self._mask_ratio)
        seen = body.norm_pre(torch.cat([tokens[:, :1], kept], dim=1))
        return body.norm(body.blocks(seen)), hidden, restore


def mask_patches(patches: Tensor, ratio: float) -> tuple[Tensor, Tensor, Tensor]:
    """Mask random patches of every image; return the kept patches, the mask and restoring indices.

    Args:
        patches: (B, N, C).
        ratio: share to hide; int(N * (1 - ratio)) are kept.

    Returns:
        (B, K, C) patches in shuffled order; (B, N) with 1 where hidden; (B, N) indices by which
        the shuffled sequence is put back.
    """
    batch, count, channels = patches.shape
    drawn = own_rows(lambda rows: torch.rand(rows, count, device=patches.device), batch)
    order = drawn.argsort(dim=1)
    restore = order.argsort(dim=1)
    keep = int(count * (1 - ratio))
    index = order[:, :keep, None].expand(-1, -1, channels)
    hidden = (restore >= keep).to(patches.dtype)
    return patches.gather(1, index), hidden, restore


class TokenMasking(_Encoder):
    """A network that sees a learnt token in place of the patches that a mask hides."""

    def __init__(self, *, source: str, options: dict[str, Any]) -> None:
        super().__init__(source, options)
        self.mask_token = nn.Parameter(torch.zeros(self.body.patch_embed.proj.out_channels))
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    def _patches(self, images: Tensor, mask: Tensor) -> Tensor:
        """Return embedded patches (B, ..., C) of images (B, 3, H, W), hidden ones replaced."""
        patches: Tensor = self.body.patch_embed(images)
        hidden = mask.reshape(patches.shape[:-1]).unsqueeze(-1).to(patches.dtype)
        return patches * (1 - hidden) + self.mask_token * hidden


@MODELS.register_module()
class MaskedSwin(TokenMasking):
    """A Swin or SwinV2 with masked patches, the encoder of SimMIM (arXiv 2111.09886).

    Args:
        source: the network, as ``'timm:NAME'``.
        options: further arguments of the architecture.

    Raises:
        IncompatibleError: the network is not a Swin transformer of timm.
    """

    @classmethod
    def refusal(cls, network: nn.Module) -> str:
        """Return why the encoder does not fit ``network``; empty if it fits."""
        is_swin = isinstance(network, SwinTransformer | SwinTransformerV2)
        return '' if is_swin else 'is not a Swin transformer of timm'

    def forward(self, images: Tensor, mask: Tensor) -> tuple[Tensor]:
        """Return the last map (B, C, h, w) of images (B, 3, H, W); ``mask`` is 1 where hidden.

        The mask has the shape (B, H / p, W / p) of the patches.
        """
        maps = self.body.norm(self.body.layers(self._patches(images, mask)))
        return (maps.permute(0, 3, 1, 2),)


@MODELS.register_module()
class MaskedTokens(TokenMasking):
    """A plain ViT that sees a learnt token in place of masked patches.

    Args:
        source: the network, as ``'timm:NAME'``.
        options: further arguments of the architecture.

    Raises:
        IncompatibleError: the network is not a plain ViT of timm.
    """

    @classmethod
    def refusal(cls, network: nn.Module) -> str:
        """Return why the encoder does not fit ``network``; empty if it fits."""
        return '' if isinstance(network, VisionTransformer) else 'is not a plain ViT of timm'

    def forward(self, images: Tensor, mask: Tensor) -> tuple[Tensor]:
        """Return the last map (B, C, h, w) of images (B, 3, H, W); ``mask`` is 1 where hidden.

        The mask has the shape (B, h, w) of the patches.
        """
        last = block_outputs(self.body, self._patches(images, mask))[-1]
        maps: Tensor = self.body.norm(last).transpose(1, 2)
        return (maps.reshape(*maps.shape[:2], *mask.shape[1:]),)


def block_outputs(body: Any, patches: Tensor) -> list[Tensor]:
    """Return what each block of a plain ViT of timm makes of embedded patches (B, ..., C).

    Every output is (B, N, C), leading tokens left out, before the network's last normalisation.
    """
    tokens = body.norm_pre(body._pos_embed(patches))
    found = []
    for block in body.blocks:
        tokens = block(tokens)
        found.append(tokens[:, body.num_prefix_tokens :])
    return found


@MODELS.register_module()
class MaskedInput(FeatureBackbone):
    """Any network that sees a learnt colour in place of masked pixels.

    What SimMIM's learnt token becomes where a network, such as a convnet, has no patches.

    Args:
        source: the network, as ``'timm:NAME'``.
        options: further arguments of the architecture.
        size: (height, width) of images, for networks that take one size only.

    Raises:
        IncompatibleError: the network does not take the options or the size.
    """

    def __init__(
        self, *, source: str, options: dict[str, Any], size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(source=source, options=options, random=True, size=size)
        # starts at the mean colour, to which the input is normalised
        self.mask_colour = nn.Parameter(torch.zeros(3))

    @classmethod
    def refusal(cls, network: nn.Module) -> str:
        """Return an empty text: the encoder fits any network."""
        return ''

    def layer_of(self, parameter: str) -> tuple[int, int]:
        """Return the layer of a parameter (0 is the stem) and the number of the last layer."""
        if parameter == 'mask_colour':
            return 0, max(self._layers.values())
        return super().layer_of(parameter)

    def forward(self, images: Tensor, mask: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return the last map (B, C, h, w) of images (B, 3, H, W); ``mask`` is 1 where hidden.

        The mask has the shape (B, H / u, W / u) of units of u pixels.
        """
        if mask is None:
            return super().forward(images)[-1:]
        unit = images.shape[-1] // mask.shape[-1]
        hidden = mask.repeat_interleave(unit, 1).repeat_interleave(unit, 2).unsqueeze(1)
        colour = self.mask_colour.view(3, 1, 1)
        return super().forward(torch.where(hidden.bool(), colour, images))[-1:]
