"""Vision models of transformers: ``hf:REPO``, or ``hf:FOLDER`` with config.json and weights.

transformers is optional: it is imported here, when such a backbone is used, and nowhere else.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from benchmark.errors import CheckpointError, EnvironmentProblem, IncompatibleError
from benchmark.openmmlab.checkpoints import read_weights
from benchmark.sources.base import IMAGENET, BuildRequest, Extractor, Normalisation, Size, Weights
from benchmark.sources.layers import layers_by_name
from benchmark.sources.network import fetching, one_line
from benchmark.weight_files import INDEX, WHOLE, listed_shards

# the same network, without the shuffling and masking of its input
_UNMASKED = {'vit_mae': 'vit', 'vit_msn': 'vit_msn'}


def open_source(request: BuildRequest) -> Extractor:
    """Return the randomly initialised model that a configuration of transformers describes.

    ``request.options`` may hold it as ``config``; else it is fetched from the hub.

    Raises:
        EnvironmentProblem: transformers is not installed.
        CheckpointError: the repository cannot be reached.
        IncompatibleError: the configuration is not that of a vision model with feature maps.
    """
    return _HuggingFaceExtractor(request)


class _HuggingFaceExtractor(Extractor):
    def __init__(self, request: BuildRequest) -> None:
        self._id = f'hf:{request.name}'
        self._repository = request.name
        options = dict(request.options)
        self._data: Mapping[str, Any] = options.pop('preprocessor', {})
        if 'config' not in options:
            options['config'] = _fetched_json(self._repository, 'config.json')
            self._data = _fetched_json(self._repository, 'preprocessor_config.json', default={})
        self._config = _configuration({**options.pop('config'), **options}, self._id, request)
        self.has_drop_path = not request.drop_path or hasattr(self._config, 'drop_path_rate')
        self.network: Any = _create(self._config, self._id)
        self.native_size = _pair(getattr(self._config, 'image_size', None) or 224)
        self._stages: Any = getattr(getattr(self.network, 'encoder', None), 'layers', None)
        self.count = self._count()

    def _count(self) -> int:
        if self._is_windowed:
            return len(self._stages)
        depths = getattr(self._config, 'depths', None)
        if depths is not None:
            return len(depths) + 1  # the embedding, then every stage
        return int(getattr(self._config, 'num_hidden_layers', 1))

    @property
    def _is_windowed(self) -> bool:
        return bool(self._stages) and hasattr(self._stages[0], 'downsample')

    def maps(self, images: Tensor, indices: Sequence[int]) -> list[Tensor]:
        if self._is_windowed:
            found = self._stage_maps(images)
            return [found[index] for index in indices]
        output = self._forward(images)
        states = getattr(output, 'reshaped_hidden_states', None) or output.hidden_states
        if states[0].ndim == 4:
            return [states[index] for index in indices]
        # blocks follow the embedding; the last one is taken behind the final norm
        tokens = [*states[1 : self.count], output.last_hidden_state]
        return [self._grid(tokens[index], images) for index in indices]

    def _forward(self, images: Tensor) -> Any:
        known = inspect.signature(self.network.forward).parameters
        flexible = {'interpolate_pos_encoding': True} if 'interpolate_pos_encoding' in known else {}
        return self.network(images, output_hidden_states=True, return_dict=True, **flexible)

    def _stage_maps(self, images: Tensor) -> list[Tensor]:
        """Return each stage's map as it is before the patch merging that ends the stage."""
        merging = [stage.downsample for stage in self._stages if stage.downsample is not None]
        with _inputs_of(merging) as seen:
            last = self._forward(images).last_hidden_state
        maps = [_as_map(tokens, size) for tokens, size in seen]
        height, width = maps[-1].shape[-2:]
        return [*maps, _as_map(last, ((height + 1) // 2, (width + 1) // 2))]

    def _grid(self, tokens: Tensor, images: Tensor) -> Tensor:
        patch = _pair(self._config.patch_size)
        size = (images.shape[2] // patch[0], images.shape[3] // patch[1])
        leading = tokens.shape[1] - size[0] * size[1]
        if leading < 0:
            raise IncompatibleError(
                f'{self._id}: its {tokens.shape[1]} tokens do not form a grid {size}'
            )
        return _as_map(tokens[:, leading:], size)

    def layer_ids(self) -> dict[str, int]:
        return layers_by_name(name for name, _ in self.network.named_parameters())

    def normalisation(self) -> Normalisation:
        if 'image_mean' not in self._data:
            return IMAGENET
        mean, std = (
            tuple(255.0 * x for x in self._data[f'image_{key}']) for key in ('mean', 'std')
        )
        return mean, std  # type: ignore[return-value]

    def states_normalisation(self) -> bool:
        return 'image_mean' in self._data

    def published(self) -> Weights:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError

        with _fetching(self._repository):
            for name in WHOLE:
                for end in ('', INDEX):
                    with contextlib.suppress(EntryNotFoundError):
                        path = hf_hub_download(self._repository, f'{name}{end}')
                        if end:
                            for shard in listed_shards(Path(path)):
                                hf_hub_download(self._repository, shard)
                        remark = f'published, {self._repository}/{name}{end}'
                        return Weights(read_weights(path), remark)
            raise CheckpointError(f'{self._id}: the repository has no {" or ".join(WHOLE)}')

    def is_published_as(self, name: str) -> bool:
        return name == self._repository

    def state(self) -> Mapping[str, Tensor]:
        """Return the tensors under the names that files of weights give to them."""
        tensors: Mapping[str, Tensor] = self.network.state_dict()
        try:
            from transformers.core_model_loading import revert_weight_conversion
        except ImportError:  # before transformers 5 there was one set of names
            return tensors
        renamed: Mapping[str, Tensor] = revert_weight_conversion(self.network, dict(tensors))
        return renamed

    def load(self, weights: Mapping[str, Tensor]) -> None:
        loaded = type(self.network).from_pretrained(
            None, config=self._config, state_dict=dict(weights)
        )
        self.network.load_state_dict(loaded.state_dict(), strict=False)

    def tables(self) -> Mapping[str, Size]:
        patch = getattr(self._config, 'patch_size', None)
        if patch is None or self._is_windowed:
            return {}
        (height, width), (rows, columns) = self.native_size, _pair(patch)
        return {'embeddings.position_embeddings': (height // rows, width // columns)}


def _transformers() -> Any:
    try:
        import transformers
    except ImportError:
        raise EnvironmentProblem(
            "hf: backbones need transformers, which is not installed: 'pip install transformers'"
        ) from None
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def _configuration(values: Mapping[str, Any], name: str, request: BuildRequest) -> Any:
    library = _transformers()
    facts = dict(values)
    kind = facts.pop('model_type', None)
    if kind is None:
        raise IncompatibleError(f"{name}: its config.json has no 'model_type'")
    try:
        config = library.AutoConfig.for_model(_UNMASKED.get(kind, kind), **facts)
    except (ValueError, TypeError, KeyError) as error:
        raise IncompatibleError(f'{name}: {one_line(error)}') from None
    config = getattr(config, 'vision_config', config)
    if hasattr(config, 'drop_path_rate'):
        config.drop_path_rate = request.drop_path
    if request.size is not None:
        config.image_size = request.size[0] if request.size[0] == request.size[1] else request.size
    return config


def _create(config: Any, name: str) -> nn.Module:
    library = _transformers()
    try:
        kind = library.AutoModel._model_mapping[type(config)]
        known = inspect.signature(kind.__init__).parameters
        pooling = {'add_pooling_layer': False} if 'add_pooling_layer' in known else {}
        network: nn.Module = kind(config, **pooling)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise IncompatibleError(
            f"{name}: transformers cannot build a '{config.model_type}' ({one_line(error)})"
        ) from None
    if getattr(network, 'main_input_name', '') != 'pixel_values':
        raise IncompatibleError(f"{name}: a '{config.model_type}' does not take pictures")
    return network


def _pair(value: Any) -> Size:
    return (value, value) if isinstance(value, int) else tuple(value)  # type: ignore[return-value]


def _as_map(tokens: Tensor, size: Size) -> Tensor:
    return tokens.transpose(1, 2).unflatten(2, size)


@contextlib.contextmanager
def _inputs_of(modules: Sequence[nn.Module]) -> Iterator[list[tuple[Tensor, Size]]]:
    """Collect the tokens and their grid that enter each of ``modules``."""
    seen: list[tuple[Tensor, Size]] = []

    def keep(_: nn.Module, arguments: tuple[Any, ...]) -> None:
        seen.append((arguments[0], (int(arguments[1][0]), int(arguments[1][1]))))

    hooks = [module.register_forward_pre_hook(keep) for module in modules]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _fetching(repository: str) -> contextlib.AbstractContextManager[None]:
    return fetching(f'hf:{repository}', remedy='give a folder with config.json as hf:FOLDER')


def _fetched_json(repository: str, name: str, default: Any = None) -> Any:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    with _fetching(repository):
        try:
            path = hf_hub_download(repository, name)
        except EntryNotFoundError:
            if default is None:
                raise
            return default
        return json.loads(Path(path).read_text(encoding='utf-8'))
