"""Architectures of torchvision: ``torchvision:NAME``."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import VGG, ConvNeXt, EfficientNet, SwinTransformer
from torchvision.models.feature_extraction import create_feature_extractor

from benchmark.errors import IncompatibleError, UnknownNameError
from benchmark.sources.base import IMAGENET, BuildRequest, Extractor, Normalisation, Size, Weights
from benchmark.sources.layers import layers_by_name
from benchmark.sources.network import fetching, one_line

# where a family's maps come from, shallow to deep
_STAGES = (
    re.compile(r'layer\d+'),
    re.compile(r'encoder\.layers\.encoder_layer_\d+'),
    re.compile(r'trunk_output\.block\d+'),
    re.compile(r'features\.\d+'),
    re.compile(r'features\.denseblock\d+'),
    re.compile(r'blocks\.\d+'),
)
_TOKENS_NORM = 'encoder.ln'
_NORMS = (_TOKENS_NORM, 'norm')
_FEATURE = re.compile(r'features\.(\d+)\.')
# families whose features are stem, stage, merging, stage and so on
_ALTERNATING = (ConvNeXt, SwinTransformer)


def open_source(request: BuildRequest) -> Extractor:
    """Return the randomly initialised architecture, up to its deepest map.

    Raises:
        UnknownNameError: torchvision has no such classification architecture.
        IncompatibleError: an option does not fit, or no map can be taken out of the network.
    """
    return _TorchvisionExtractor(request)


class _TorchvisionExtractor(Extractor):
    def __init__(self, request: BuildRequest) -> None:
        self._name = request.name
        network, self.has_drop_path = _create(request)
        self._nodes = _nodes(network, request.name)
        self._kind = type(network)
        self._is_plain = self._nodes[-1] == _TOKENS_NORM
        self._patch = getattr(network, 'patch_size', 1)
        self.native_size = _native_size(network, request)
        self.count = len(self._nodes)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            self.network: Any = create_feature_extractor(
                network,
                {node: str(i) for i, node in enumerate(self._nodes)},
                suppress_diff_warning=True,
            )

    def maps(self, images: Tensor, indices: Sequence[int]) -> list[Tensor]:
        found: Mapping[str, Tensor] = self.network(images)
        return [self._as_map(found[str(index)], images) for index in indices]

    def _as_map(self, value: Tensor, images: Tensor) -> Tensor:
        if self._is_plain:
            grid = (images.shape[2] // self._patch, images.shape[3] // self._patch)
            leading = value.shape[1] - grid[0] * grid[1]
            return value[:, leading:].transpose(1, 2).unflatten(2, grid)
        return value.permute(0, 3, 1, 2) if issubclass(self._kind, SwinTransformer) else value

    def layer_ids(self) -> dict[str, int]:
        names = [name for name, _ in self.network.named_parameters()]
        layers = layers_by_name(_with_stages(name, self._kind) for name in names)
        return dict(zip(names, layers.values(), strict=True))

    def normalisation(self) -> Normalisation:
        weights = torchvision.models.get_model_weights(self._name)
        if not len(weights):
            return IMAGENET
        transform: Any = weights.DEFAULT.transforms()
        mean, std = (tuple(255.0 * x for x in getattr(transform, key)) for key in ('mean', 'std'))
        return mean, std  # type: ignore[return-value]

    def states_normalisation(self) -> bool:
        return bool(len(torchvision.models.get_model_weights(self._name)))

    def published(self) -> Weights:
        with fetching(f'torchvision:{self._name}'):
            weights: Any = torchvision.models.get_model_weights(self._name).DEFAULT
            tensors = torch.hub.load_state_dict_from_url(
                weights.url, map_location='cpu', progress=False, weights_only=True
            )
        return Weights(tensors, f'published, {weights}')

    def tables(self) -> Mapping[str, Size]:
        if not self._is_plain:
            return {}
        height, width = self.native_size
        return {'encoder.pos_embedding': (height // self._patch, width // self._patch)}


def _with_stages(name: str, kind: type[nn.Module]) -> str:
    """Return a parameter's name with its stage and block distinguished from the stem."""
    found = _FEATURE.match(name)
    if found is None:
        return name
    number, rest = int(found[1]), name[found.end() :]
    if number == 0 and not issubclass(kind, VGG):
        return f'stem.{rest}'
    if issubclass(kind, _ALTERNATING):
        stage, is_stage = divmod(number, 2)
        return f'stages.{stage}.blocks.{rest}' if is_stage else f'downsample_layers.{stage}.{rest}'
    return name if issubclass(kind, EfficientNet) else f'blocks.{number}.body.{rest}'


def _create(request: BuildRequest) -> tuple[nn.Module, bool]:
    names = torchvision.models.list_models(torchvision.models)
    if request.name not in names:
        close = ', '.join(get_close_matches(request.name, names, n=5))
        hint = f'did you mean one of {close}?' if close else 'torchvision.models lists them'
        raise UnknownNameError(f"torchvision has no architecture '{request.name}'; {hint}")
    wanted: dict[str, Any] = {'stochastic_depth_prob': request.drop_path}
    if request.size is not None:
        height, width = request.size
        wanted |= {'image_size': height, 'input_size': (height, width)}
    options = {**wanted, **request.options}
    while True:
        try:
            network = torchvision.models.get_model(request.name, weights=None, **options)
        except (TypeError, ValueError, RuntimeError, AssertionError) as error:
            # not every family takes each of them
            refused = next((key for key in wanted if f"'{key}'" in str(error)), None)
            if refused is None or refused in request.options or refused not in options:
                raise IncompatibleError(
                    f'torchvision:{request.name} cannot be built with options '
                    f'{dict(request.options)} ({one_line(error)})'
                ) from None
            del options[refused]
        else:
            return network, 'stochastic_depth_prob' in options or not request.drop_path


def _nodes(network: nn.Module, name: str) -> list[str]:
    modules = [path for path, _ in network.named_modules()]
    for pattern in _STAGES:
        found = [path for path in modules if pattern.fullmatch(path)]
        if len(found) > 1:
            # where there is a final norm, the last map is taken behind it
            norms = [name for name in _NORMS if name in modules]
            return [*found[:-1], *(norms or found[-1:])]
    raise IncompatibleError(f'torchvision:{name} returns no feature maps, so no head can use it')


def _native_size(network: Any, request: BuildRequest) -> Size:
    if request.size is not None:
        return request.size
    side = getattr(network, 'image_size', 224)
    return int(side), int(side)
