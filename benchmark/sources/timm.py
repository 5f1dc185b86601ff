"""Architectures of timm: ``timm:NAME`` or ``timm:NAME.TAG``, the tag naming published weights."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import timm
from timm.layers import DropPath
from timm.models._manipulate import group_with_matcher
from torch import Tensor, nn

from benchmark.errors import IncompatibleError, UnknownNameError
from benchmark.sources.base import BuildRequest, Extractor, Normalisation, Size, Weights
from benchmark.sources.layers import layers_by_name
from benchmark.sources.network import fetching, one_line

_ANY_SIZE: tuple[dict[str, Any], ...] = ({'dynamic_img_size': True}, {'strict_img_size': False}, {})
_UNUSED = ('head', 'head_dist', 'fc_norm')
"""Parts that follow the pooling, so that no map depends on them."""
_PLACES = ('rope', 'rel_pos_bias', 'shared_rel_pos')


def open_source(request: BuildRequest) -> Extractor:
    """Return the randomly initialised architecture without its classifier.

    Raises:
        UnknownNameError: timm has no such architecture, or no weights of that tag.
        IncompatibleError: an option does not fit, or the network has no feature maps.
    """
    return _TimmExtractor(request)


class _TimmExtractor(Extractor):
    def __init__(self, request: BuildRequest) -> None:
        self._name = request.name
        self.network: Any = _create(_check_name(request.name), request)
        if not hasattr(self.network, 'forward_intermediates') or not _maps_declared(self.network):
            raise IncompatibleError(
                f'timm:{request.name} returns no feature maps, so no head can use it'
            )
        if not request.drop_path:
            _disable_drop_path(self.network)
        for name in _UNUSED:
            if isinstance(getattr(self.network, name, None), nn.Module):
                setattr(self.network, name, nn.Identity())
        self.native_size = _native_size(self.network)
        self.count = len(_maps_declared(self.network))
        self._is_plain = len({entry['reduction'] for entry in _maps_declared(self.network)}) == 1
        self._norms = True

    def maps(self, images: Tensor, indices: Sequence[int]) -> list[Tensor]:
        # several blocks of a plain network are returned without a final norm, as in BEiT and MAE
        norm = self._norms and not (self._is_plain and len(indices) > 1)
        try:
            return self._maps(images, indices, norm=norm)
        except AssertionError:
            if not norm:
                raise
        self._norms = False  # most hierarchical networks refuse to normalise their maps
        return self._maps(images, indices, norm=False)

    def _maps(self, images: Tensor, indices: Sequence[int], *, norm: bool) -> list[Tensor]:
        found: list[Tensor] = self.network.forward_intermediates(
            images, indices=list(indices), norm=norm, output_fmt='NCHW', intermediates_only=True
        )
        return found

    def layer_ids(self) -> dict[str, int]:
        """Return layers by timm's own grouping, or by name for the few families without one."""
        matcher: Any = getattr(self.network, 'group_matcher', None)
        if matcher is None:
            return layers_by_name(name for name, _ in self.network.named_parameters())
        options = {'coarse': False} if 'coarse' in inspect.signature(matcher).parameters else {}
        named = self.network.named_parameters()
        groups: dict[str, int] = group_with_matcher(named, matcher(**options), reverse=True)
        return groups

    def normalisation(self) -> Normalisation:
        published: Any = timm.get_pretrained_cfg(self._name)
        mean, std = (tuple(255 * x for x in getattr(published, key)) for key in ('mean', 'std'))
        return mean, std

    def published(self) -> Weights:
        with fetching(f'timm:{self._name}'):
            network = timm.create_model(self._name, pretrained=True, num_classes=0)
        return Weights(network.state_dict(), 'published')

    def is_published_as(self, name: str) -> bool:
        return name == f'timm/{self._name}'

    def adapted(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return weights as timm's own filter for the family makes them of official ones."""
        module = sys.modules[type(self.network).__module__]
        filter_ = getattr(module, 'checkpoint_filter_fn', None)
        if filter_ is None:
            return weights
        try:
            filtered: Mapping[str, Tensor] = filter_(dict(weights), self.network)
        except (AttributeError, AssertionError, LookupError, RuntimeError, TypeError, ValueError):
            return weights  # weights that the filter does not understand: the check names them
        return filtered

    def tables(self) -> Mapping[str, Size]:
        found: dict[str, Size] = {}
        embedding: Any = getattr(self.network, 'patch_embed', None)
        if getattr(self.network, 'pos_embed', None) is not None and hasattr(embedding, 'grid_size'):
            found['pos_embed'] = tuple(embedding.grid_size)
        for name, module in self.network.named_modules():
            if hasattr(module, 'window_size') and hasattr(module, 'relative_position_bias_table'):
                found[f'{name}.relative_position_bias_table'] = tuple(module.window_size)
        return found

    def windows(self) -> tuple[int, ...]:
        """Return the side of the attention windows of each stage, in tokens, as pretrained.

        Empty for a network whose position bias is a table of fixed size, or without windows.
        """
        stages = [
            next((m for m in stage.modules() if hasattr(m, 'pretrained_window_size')), None)
            for stage in getattr(self.network, 'layers', ())
        ]
        found: list[Any] = [stage for stage in stages if stage is not None]
        return tuple(m.pretrained_window_size[0] or m.window_size[0] for m in found)

    def attentions(self) -> tuple[list[nn.Module], int]:
        blocks = getattr(self.network, 'blocks', None)
        prefix = getattr(self.network, 'num_prefix_tokens', None)
        # what the attention knows of places would not fit a window
        has_places = any(getattr(self.network, key, None) is not None for key in _PLACES)
        if prefix is None or blocks is None or has_places:
            return super().attentions()
        if not all(_is_free(getattr(block, 'attn', None)) for block in blocks):
            return super().attentions()
        return [block.attn for block in blocks], int(prefix)


def _is_free(attention: nn.Module | None) -> bool:
    """Whether an attention is one over any tokens, without a table of relative positions."""
    if attention is None:
        return False
    tables = ('relative_position_bias_table', 'rel_pos', 'rel_pos_h')
    return all(getattr(attention, name, None) is None for name in tables)


def _check_name(name: str) -> str:
    architecture, _, tag = name.partition('.')
    if not timm.is_model(architecture):
        close = ', '.join(get_close_matches(architecture, timm.list_models(), n=5))
        hint = f'did you mean one of {close}?' if close else 'timm.list_models() names them'
        raise UnknownNameError(f"timm has no architecture '{architecture}'; {hint}")
    if tag and name not in timm.list_pretrained(f'{architecture}.*'):
        tags = ', '.join(n.partition('.')[2] for n in timm.list_pretrained(f'{architecture}.*'))
        raise UnknownNameError(f"timm:{name}: no weights are tagged '{tag}' (known: {tags})")
    return architecture


def _create(architecture: str, request: BuildRequest) -> nn.Module:
    drop_path = {'drop_path_rate': request.drop_path} if request.drop_path else {}
    # the option for a fixed or a free input size differs between timm's families
    sizes = _ANY_SIZE if request.size is None else _size_options(request.size)
    for size in sizes:
        try:
            network: nn.Module = timm.create_model(
                architecture,
                pretrained=False,
                num_classes=0,
                **{**size, **request.options, **drop_path},
            )
            if not _is_ignored(size, network):
                return network
        except (TypeError, AssertionError, ValueError, RuntimeError) as error:
            if size == sizes[-1] or not (request.size or any(key in str(error) for key in size)):
                what = f' for {request.size[0]}x{request.size[1]} px' if request.size else ''
                raise IncompatibleError(
                    f'timm:{architecture} cannot be built{what} with options '
                    f'{dict(request.options)} ({one_line(error)})'
                ) from None
    raise AssertionError('the last attempt either returns or raises')


def _is_ignored(size: Mapping[str, Any], network: nn.Module) -> bool:
    """Whether a Swin took the option for a free size and ignored it, as before timm 1.0.31."""
    takes = inspect.signature(type(network).__init__).parameters
    return 'dynamic_img_size' in size and 'strict_img_size' in takes and not size.keys() & takes


def _size_options(size: Size) -> tuple[dict[str, Any], ...]:
    height, width = size
    tuples = ({'img_size': size}, {'input_size': (3, height, width)})
    return ({'img_size': height}, *tuples) if height == width else tuples


def _native_size(network: Any) -> Size:
    declared = getattr(network, 'pretrained_cfg', {}).get('input_size', (3, 224, 224))
    embedding = getattr(network, 'patch_embed', None)
    height, width = getattr(embedding, 'img_size', None) or declared[-2:]
    return int(height), int(width)


def _maps_declared(network: nn.Module) -> list[dict[str, Any]]:
    info: Any = getattr(network, 'feature_info', [])
    return list(getattr(info, 'info', info))


def _disable_drop_path(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, DropPath):
            module.drop_prob = 0.0
