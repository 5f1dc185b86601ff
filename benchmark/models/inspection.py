"""Find out what a timm architecture hands out, without allocating its parameters."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import Any

import timm
import torch
from timm.models._manipulate import group_with_matcher
from torch import nn

from benchmark.errors import IncompatibleError, UnknownNameError
from benchmark.specs import Architecture, Backbone, Features

DENSE_STRIDES = (4, 8, 16, 32)


def inspect_backbone(backbone: Backbone) -> Features:
    """Return the feature geometry, normalisation and size of a declared backbone.

    Raises:
        UnknownNameError: timm has no such architecture.
        IncompatibleError: the architecture does not hand out feature maps.
    """
    name = backbone.source.partition(':')[2]
    model = build_on_meta(name, dict(backbone.options))
    indices = feature_indices(model)
    info = _feature_info(model)
    mean, std = backbone.normalisation or _published_normalisation(name)
    return Features(
        architecture=architecture_of(model),
        channels=tuple(info[i]['num_chs'] for i in indices),
        strides=tuple(info[i]['reduction'] for i in indices),
        mean=mean,
        std=std,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        depth=max(layer_ids(model).values()),
        windows=windows_of(model),
    )


def build_on_meta(name: str, options: dict[str, Any]) -> nn.Module:
    """Return the architecture with parameters that have shapes but no memory.

    Raises:
        UnknownNameError: timm has no such architecture.
    """
    with torch.device('meta'):
        return build(name, options)


def build(name: str, options: dict[str, Any]) -> nn.Module:
    """Return the randomly initialised architecture without its classifier, for inputs of any size.

    Raises:
        UnknownNameError: timm has no such architecture.
        IncompatibleError: an option does not fit, or the network has no feature maps.
    """
    architecture, _, tag = name.partition('.')
    if not timm.is_model(architecture):
        close = ', '.join(get_close_matches(architecture, timm.list_models(), n=5))
        hint = f'did you mean one of {close}?' if close else 'timm.list_models() names them'
        raise UnknownNameError(f"timm has no architecture '{architecture}'; {hint}")
    if tag and name not in timm.list_pretrained(f'{architecture}.*'):
        tags = ', '.join(n.partition('.')[2] for n in timm.list_pretrained(f'{architecture}.*'))
        raise UnknownNameError(f"timm:{name}: no weights are tagged '{tag}' (known: {tags})")
    model = _create(architecture, options)
    if not hasattr(model, 'forward_intermediates') or not _feature_info(model):
        raise IncompatibleError(f'timm:{name} hands out no feature maps, so no head can use it')
    return model


def _create(architecture: str, options: dict[str, Any]) -> nn.Module:
    # how a network is told to take any input size differs between timm's families
    for flexible in ({'dynamic_img_size': True}, {'strict_img_size': False}, {}):
        try:
            return timm.create_model(
                architecture, pretrained=False, num_classes=0, **{**flexible, **options}
            )
        except TypeError as error:
            if not any(key in str(error) for key in flexible):
                raise IncompatibleError(
                    f'timm:{architecture} cannot be built with options {options} ({error})'
                ) from None
    raise AssertionError('the last attempt either returns or raises')


def has_final_norm(name: str, options: dict[str, Any]) -> bool:
    """Whether the network can apply its final normalisation to the maps it hands out."""
    model: Any = build_on_meta(name, options)
    size = model.pretrained_cfg['input_size']
    try:
        with torch.no_grad():
            model.eval().forward_intermediates(torch.empty((1, *size), device='meta'), norm=True)
    except AssertionError:
        return False
    return True


def feature_indices(model: nn.Module) -> list[int]:
    """Return which of the network's feature maps to take, shallow to deep.

    A plain network gives its last map; a hierarchical one the deepest map at each of the
    strides 4, 8, 16 and 32 px that it has.
    """
    strides = [entry['reduction'] for entry in _feature_info(model)]
    last = len(strides) - 1
    if len(set(strides)) == 1:
        return [last]
    by_stride = {stride: index for index, stride in enumerate(strides)}
    return [by_stride[stride] for stride in DENSE_STRIDES if stride in by_stride] or [last]


def _feature_info(model: nn.Module) -> list[dict[str, Any]]:
    info: Any = getattr(model, 'feature_info', [])
    return list(getattr(info, 'info', info))


def _published_normalisation(
    name: str,
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return mean and std of the weights that ``name`` with its tag stands for."""
    published: Any = timm.get_pretrained_cfg(name)
    mean, std = (tuple(255 * x for x in getattr(published, key)) for key in ('mean', 'std'))
    return mean, std


def architecture_of(model: nn.Module) -> Architecture:
    """Return the architecture class by which recipes are chosen."""
    if not any(map(_is_attention, model.modules())):
        return Architecture.CONVNET
    strides = {entry['reduction'] for entry in _feature_info(model)}
    return Architecture.PLAIN_VIT if len(strides) == 1 else Architecture.HIERARCHICAL


def windows_of(model: nn.Module) -> tuple[int, ...]:
    """Return the side of the attention windows of each stage, in tokens, as pretrained.

    Empty for a network whose position bias is a table of fixed size, or that has no windows.
    """
    stages = [
        next((m for m in stage.modules() if hasattr(m, 'pretrained_window_size')), None)
        for stage in getattr(model, 'layers', ())
    ]
    found: list[Any] = [stage for stage in stages if stage is not None]
    return tuple(m.pretrained_window_size[0] or m.window_size[0] for m in found)


def _is_attention(module: nn.Module) -> bool:
    # not by its name in the network: timm calls the squeeze-and-excitation of convnets 'attn' too
    has_queries = hasattr(module, 'num_heads') or hasattr(module, 'qkv')
    return has_queries and 'Pool' not in type(module).__name__


def layer_ids(model: nn.Module) -> dict[str, int]:
    """Return each parameter's layer: 0 is the stem, the largest number the last block.

    Taken from timm's own grouping, which every timm architecture defines; what is left of the
    head, a norm at most, counts as part of the last block.
    """
    matcher: Any = model.group_matcher
    options = {'coarse': False} if 'coarse' in inspect.signature(matcher).parameters else {}
    named = dict(model.named_parameters())
    head = [name for name in named if name.startswith('head.')]
    body = ((name, parameter) for name, parameter in named.items() if name not in head)
    groups: dict[str, int] = group_with_matcher(body, matcher(**options), reverse=True)
    return groups | dict.fromkeys(head, max(groups.values()))
