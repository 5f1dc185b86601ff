"""Backbones of mmpretrain's models: ``mmpretrain:NAME``, a name of its model index."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from torch import Tensor, nn

from benchmark.errors import EnvironmentProblem, IncompatibleError, UnknownNameError
from benchmark.openmmlab import prepare
from benchmark.sources.base import IMAGENET, BuildRequest, Extractor, Normalisation, Size, Weights
from benchmark.sources.layers import layers_by_name
from benchmark.sources.network import fetching, is_reachable, one_line

_BACKBONES = 'mmpretrain.models.backbones.'
# what a dense head asks of maps, unlike classification, and of maps smaller than a window
_MAP_OPTIONS: Mapping[str, Any] = {
    'out_type': 'featmap',
    'gap_before_final_norm': False,
    'pad_small_map': True,
}
_MASKED = 'Sparse'
_PRETRAINING_OPTIONS = ('mask_ratio', 'init_cfg', 'num_classes')


def open_source(request: BuildRequest) -> Extractor:
    """Return the randomly initialised backbone of a model of mmpretrain's index.

    Raises:
        UnknownNameError: the index has no such model.
        IncompatibleError: an option does not fit, or the backbone returns no feature maps.
    """
    return _MMPretrainExtractor(request)


class _MMPretrainExtractor(Extractor):
    def __init__(self, request: BuildRequest) -> None:
        self._name = request.name
        self._weights, config = _index_entry(request.name)
        self._data = config.get('data_preprocessor') or {}
        declared = {**config['model']['backbone'], **request.options}
        self.network: Any
        self.network, self.has_drop_path = _build(declared, request)
        self.count = _open_all_stages(self.network)
        self.native_size = _native_size(self.network, declared, request.size)

    def maps(self, images: Tensor, indices: Sequence[int]) -> list[Tensor]:
        self.network.out_indices = list(indices)
        fed = images.flip(1) if self._is_bgr else images
        found = self.network(fed)
        return list(found) if isinstance(found, tuple | list) else [found]

    @property
    def _is_bgr(self) -> bool:
        return not self._data.get('to_rgb', True)

    def layer_ids(self) -> dict[str, int]:
        # mmpretrain numbers its transitions from the stage that they follow
        is_replk = hasattr(self.network, 'transitions')
        names = (name for name, _ in self.network.named_parameters())
        return layers_by_name(names, between_from=int(is_replk))

    def normalisation(self) -> Normalisation:
        if 'mean' not in self._data:
            return IMAGENET
        mean, std = (tuple(float(x) for x in self._data[key]) for key in ('mean', 'std'))
        return (mean[::-1], std[::-1]) if self._is_bgr else (mean, std)  # type: ignore[return-value]

    def states_normalisation(self) -> bool:
        return 'mean' in self._data

    def published(self) -> Weights:
        from mmengine.runner.checkpoint import _load_checkpoint

        with fetching(f'mmpretrain:{self._name}'):
            if not self._weights:
                raise FileNotFoundError('the model index has none')
            if not is_reachable(self._weights):
                raise ConnectionError(f'{self._weights} cannot be reached')
            content = _load_checkpoint(self._weights, map_location='cpu')
        weights = content.get('state_dict', content)
        return Weights(
            {
                name.removeprefix('backbone.'): value
                for name, value in weights.items()
                if name.startswith('backbone.')
            },
            f'published, {self._weights}',
        )

    def tables(self) -> Mapping[str, Size]:
        found: dict[str, Size] = {}
        if hasattr(self.network, 'patch_resolution'):
            found['pos_embed'] = tuple(self.network.patch_resolution)
        for name, module in self.network.named_modules():
            if hasattr(module, 'window_size') and hasattr(module, 'relative_position_bias_table'):
                found[f'{name}.relative_position_bias_table'] = tuple(module.window_size)
        return found

    def attentions(self) -> tuple[list[nn.Module], int]:
        layers = getattr(self.network, 'layers', None)
        extra = getattr(self.network, 'num_extra_tokens', None)
        if extra is None or layers is None or not all(hasattr(x, 'attn') for x in layers):
            return super().attentions()
        return [layer.attn for layer in layers], int(extra)


@functools.cache
def _index() -> Any:
    prepare()
    try:
        from mmpretrain.apis.model import ModelHub
    except ImportError as error:
        raise EnvironmentProblem(
            f"mmpretrain cannot be imported here ({one_line(error)}): 'pip install "
            "onedl-mmpretrain'"
        ) from None
    ModelHub._register_mmpretrain_models()
    return ModelHub._models_dict


def _index_entry(name: str) -> tuple[str | None, dict[str, Any]]:
    """Return where the weights of a model of the index are, and its configuration."""
    from mmengine.config import Config

    index = _index()
    found = index.get(name.lower())
    if found is None:
        close = ', '.join(get_close_matches(name.lower(), index, n=5, cutoff=0.4))
        hint = f'; did you mean one of {close}?' if close else ''
        raise UnknownNameError(f"mmpretrain's index has no model '{name}'{hint}")
    # text style is forced: a few files import a name and would be mistaken for the other style
    config = Config.fromfile(found.config, lazy_import=False)
    if 'backbone' not in config.model:
        raise IncompatibleError(f'mmpretrain:{name} has no backbone')
    data = config.get('data_preprocessor') or config.model.get('data_preprocessor')
    return found.weights, {'model': config.model.to_dict(), 'data_preprocessor': data}


def _build(declared: Mapping[str, Any], request: BuildRequest) -> tuple[Any, bool]:
    """Return the backbone, and whether it takes a rate of stochastic depth."""
    kind = _plain_class(declared['type'], request.name)
    options = {k: v for k, v in declared.items() if k not in ('type', *_PRETRAINING_OPTIONS)}
    if str(options.get('norm_cfg', {}).get('type', '')).startswith(_MASKED):
        del options['norm_cfg']
    wanted = {'drop_path_rate': request.drop_path, **_MAP_OPTIONS}
    if request.size is not None:
        wanted['img_size'] = request.size
    wanted = {key: value for key, value in wanted.items() if key not in request.options}
    while True:
        try:
            network = kind(**{**options, **wanted})
        except (TypeError, AssertionError, ValueError, KeyError) as error:
            # not every family takes each of them
            refused = next((key for key in wanted if f"'{key}'" in str(error)), None)
            if refused is None:
                raise IncompatibleError(
                    f'mmpretrain:{request.name} cannot be built with options '
                    f'{dict(request.options)} ({one_line(error)})'
                ) from None
            del wanted[refused]
            options.pop(refused, None)
        else:
            return network, 'drop_path_rate' in wanted or not request.drop_path


def _plain_class(type_: str, name: str) -> type:
    """Return the class of a backbone; of one that masks its input, the class beneath it."""
    from mmpretrain.registry import MODELS

    for kind in MODELS.get(type_).__mro__:
        if kind.__module__.startswith(_BACKBONES) and not kind.__name__.startswith(_MASKED):
            return kind  # type: ignore[no-any-return]
    raise IncompatibleError(f"mmpretrain:{name}: its backbone '{type_}' is not a plain backbone")


def _open_all_stages(network: Any) -> int:
    """Make a backbone return the map of every stage; return the number of stages.

    Only those stages that were configured have norms of their own; the others pass as they are.
    """
    count = _stages(network)
    for index in range(count):
        if hasattr(network, f'norm{count - 1}') and not hasattr(network, f'norm{index}'):
            network.add_module(f'norm{index}', nn.Identity())
    for stage in getattr(network, 'stages', ()):
        if not hasattr(stage, 'norm') and hasattr(network, 'transitions'):
            stage.norm = nn.Identity()
    return count


_COUNTED: tuple[Callable[[Any], Any], ...] = (
    lambda network: network.num_stages,
    lambda network: len(network.stages),
    lambda network: len(network.layers),
)


def _stages(network: Any) -> int:
    if not hasattr(network, 'out_indices'):
        raise IncompatibleError(f'{type(network).__name__} does not return the maps of its stages')
    for count in _COUNTED:
        try:
            return int(count(network))
        except (AttributeError, TypeError):
            continue
    return int(max(network.out_indices)) + 1


def _native_size(network: Any, declared: Mapping[str, Any], size: Size | None) -> Size:
    if size is not None:
        return size
    found = getattr(network, 'img_size', None) or declared.get('img_size', 224)
    return (found, found) if isinstance(found, int) else tuple(found)  # type: ignore[return-value]
