"""Small networks of every library, the same ones under each library's names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import ConvNeXt, SwinTransformer, VisionTransformer, list_models
from torchvision.models._api import register_model
from torchvision.models.convnext import CNBlockConfig

from benchmark.sources import BuildRequest, Extractor, open_network

VIT = {'embed_dim': 32, 'depth': 4, 'num_heads': 2, 'img_size': 64}
SWIN = {'embed_dim': 16, 'depths': (1, 1, 2, 1), 'num_heads': (1, 2, 2, 2)}
CONVNEXT = {'dims': (16, 24, 32, 40), 'depths': (1, 1, 2, 1)}
_HF_VIT = {
    'hidden_size': 32,
    'num_hidden_layers': 4,
    'num_attention_heads': 2,
    'intermediate_size': 128,
    'image_size': 64,
    'layer_norm_eps': 1e-6,
}
_HF_SWIN = {
    'embed_dim': 16,
    'depths': [1, 1, 2, 1],
    'num_heads': [1, 2, 2, 2],
    'image_size': 128,
    'window_size': 4,
}
_MM_VIT = {'embed_dims': 32, 'num_layers': 4, 'num_heads': 2, 'feedforward_channels': 128}
_MM_SWIN = {'embed_dims': 16, 'depths': [1, 1, 2, 1], 'num_heads': [1, 2, 2, 2]}


def hf(model_type: str, **facts: Any) -> tuple[str, str, dict[str, Any]]:
    """Return what to order from transformers."""
    return 'hf', 'tests/tiny', {'config': {'model_type': model_type, **facts}}


NETWORKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    'timm vit': ('timm', 'vit_tiny_patch16_224', VIT),
    'timm deit3': ('timm', 'deit3_small_patch16_224', VIT),
    'timm beit': ('timm', 'beit_base_patch16_224', VIT),
    'timm swin': ('timm', 'swin_tiny_patch4_window7_224', {**SWIN, 'window_size': 4}),
    'timm swinv2': ('timm', 'swinv2_tiny_window8_256', {**SWIN, 'window_size': 4}),
    'timm convnext': ('timm', 'convnext_atto', {**CONVNEXT, 'conv_mlp': False}),
    'timm convnextv2': ('timm', 'convnextv2_atto', {**CONVNEXT, 'conv_mlp': False}),
    'timm resnet': ('timm', 'resnet18', {}),
    'hf vit': hf('vit', **_HF_VIT),
    'hf beit': hf('beit', **_HF_VIT, use_relative_position_bias=True),
    'hf swin': hf('swin', **_HF_SWIN),
    'hf swinv2': hf('swinv2', **_HF_SWIN),
    'hf convnext': hf('convnext', depths=[1, 1, 2, 1], hidden_sizes=[16, 24, 32, 40]),
    'hf convnextv2': hf('convnextv2', depths=[1, 1, 2, 1], hidden_sizes=[16, 24, 32, 40]),
    'mm vit': (
        'mmpretrain',
        'deit-tiny_4xb256_in1k',
        {'arch': _MM_VIT, 'img_size': 64, 'norm_cfg': {'type': 'LN', 'eps': 1e-6}},
    ),
    'mm beit': (
        'mmpretrain',
        'beit-base-p16_beit-in21k-pre_3rdparty_in1k',
        {'arch': _MM_VIT, 'img_size': 64, 'norm_cfg': {'type': 'LN', 'eps': 1e-6}},
    ),
    'mm swin': (
        'mmpretrain',
        'swin-tiny_16xb64_in1k',
        {'arch': _MM_SWIN, 'window_size': 4, 'img_size': 128},
    ),
    'mm swinv2': (
        'mmpretrain',
        'swinv2-tiny-w8_3rdparty_in1k-256px',
        {
            'arch': {**_MM_SWIN, 'extra_norm_every_n_blocks': 0},
            'window_size': [4, 4, 4, 4],
            'img_size': 128,
        },
    ),
    'mm convnext': (
        'mmpretrain',
        'convnext-tiny_32xb128_in1k',
        {'arch': {'channels': [16, 24, 32, 40], 'depths': [1, 1, 2, 1]}},
    ),
    'mm resnet': ('mmpretrain', 'resnet18_8xb32_in1k', {}),
    'tv vit': ('torchvision', 'tiny_vit', {}),
    'tv swin': ('torchvision', 'tiny_swin', {}),
    'tv convnext': ('torchvision', 'tiny_convnext', {}),
    'tv resnet': ('torchvision', 'resnet18', {}),
}
"""What to order for each: the library, the name there, and options."""


def tiny_vit(image_size: int = 64, **_: Any) -> nn.Module:
    return VisionTransformer(image_size, 16, 4, 2, 32, 128)


def tiny_swin(stochastic_depth_prob: float = 0.0, **_: Any) -> nn.Module:
    return SwinTransformer([4, 4], 16, [1, 1, 2, 1], [1, 2, 2, 2], [4, 4])


def tiny_convnext(stochastic_depth_prob: float = 0.0, **_: Any) -> nn.Module:
    widths, depths = (16, 24, 32, 40, None), (1, 1, 2, 1)
    return ConvNeXt([CNBlockConfig(*x) for x in zip(widths, widths[1:], depths, strict=False)])


for build in (tiny_vit, tiny_swin, tiny_convnext):
    build.__module__ = 'torchvision.models.tiny'  # where torchvision looks for its own
    if build.__name__ not in list_models():
        register_model()(build)


def network(name: str, seed: int = 0) -> Extractor:
    """Return a small network with parameters that all differ from their defaults."""
    library, architecture, options = NETWORKS[name]
    torch.manual_seed(seed)
    extractor = open_network(library, BuildRequest(architecture, options))
    generator = torch.Generator().manual_seed(seed)
    for parameter in extractor.network.parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data += 0.02 * noise
    extractor.network.eval()
    return extractor


def deepest(extractor: Extractor, size: tuple[int, int] = (128, 128)) -> Tensor:
    """Return the deepest map of two fixed images."""
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return extractor.maps(images, [extractor.count - 1])[0]
