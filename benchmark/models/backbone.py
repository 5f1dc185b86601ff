"""Any network of any source as a backbone of the OpenMMLab libraries."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import IncompatibleError
from benchmark.hashing import file_hash
from benchmark.models.kept import MapStore, one_by_one, rounded
from benchmark.models.windows import WindowedAttention
from benchmark.registry import MODELS
from benchmark.sources import (
    BuildRequest,
    Ending,
    LoadReport,
    Probe,
    dense_levels,
    four_levels,
    load_file,
    load_published,
    open_network,
    probe_once,
)
from benchmark.specs import LastBlocks

Maps = Literal['dense', 'four']


@MODELS.register_module()
class FeatureBackbone(BaseModule):
    """Feature maps of a network, shallow to deep.

    Args:
        source: where the network comes from and its name there, as ``'timm:NAME'``.
        options: further arguments of the network.
        random: leave the parameters at their random initialisation.
        checkpoint: weights file, or folder of torch.distributed.checkpoint; ``None`` takes the
            published weights unless ``random``.
        copy: key of the copy to take from a file with several, such as ``'teacher'``; by default
            the one that the file's writer evaluates.
        may_miss: patterns of parameters that the weights may lack, with the reason.
        frozen: keep parameters and buffers as they are, normalisation statistics included.
        drop_path: rate of stochastic depth of the last block; 0 overrules the network's default.
        size: largest (height, width) of images in pixels, for networks that take one size only;
            smaller images are padded to it.
        maps: ``'dense'`` for the last map of a plain network and the pyramid of any other,
            ``'four'`` for four maps of a plain network, at a third, a half, two thirds and all of
            its depth.
        window: side in patches of the windows within which a plain transformer attends, but for
            four evenly spread blocks that attend everywhere (ViTDet, arXiv 2203.16527); ``None``
            for attention everywhere.
        last_blocks: ``action`` (``'drop'`` or ``'reinit'``) on the last ``count`` blocks, once the
            weights are loaded.
        trained: the part that learns, by ``patterns`` of parameter names and the number of ``last``
            layers; everything unless given.
        adapter: ``type`` and ``arguments`` of a module that is attached to the frozen network and
            learns in its place.
        kept_statistics: leave the statistics of batch norms as they were loaded.
        kept: return maps in half precision's values, so that they can be kept (a frozen network).
        code: SHA-256 that the file of a source ``'file:FILE.py:CLASS'`` must have.

    Raises:
        CheckpointError: the weights cannot be read or do not fit.
        IncompatibleError: the network does not take the options, or ``trained`` or ``adapter``
            finds nothing to train in it.
        UnknownNameError: the source has no such network.
    """

    def __init__(
        self,
        *,
        source: str,
        options: dict[str, Any] | None = None,
        random: bool = False,
        checkpoint: str | None = None,
        copy: str = '',
        may_miss: dict[str, str] | None = None,
        frozen: bool = False,
        drop_path: float = 0.0,
        size: tuple[int, int] | None = None,
        maps: Maps = 'dense',
        window: int | None = None,
        last_blocks: dict[str, Any] | None = None,
        trained: dict[str, Any] | None = None,
        adapter: dict[str, Any] | None = None,
        kept_statistics: bool = False,
        kept: bool = False,
        code: str | None = None,
        init_cfg: None = None,
    ) -> None:
        super().__init__(init_cfg)
        self._source = source
        library, _, name = source.partition(':')
        _refuse_changed(name, code)
        asked = BuildRequest(name, options or {}, (size[0], size[1]) if size else None, drop_path)
        known = probe_once(library, asked)
        request = BuildRequest(name, options or {}, known.size, drop_path)
        self._extractor = open_network(library, request)
        self.body: Any = self._extractor.network
        ending = _ending(last_blocks, known, source)
        with ending.kept_random(self.body) if ending else nullcontext():
            self.load_report = self._load(random, checkpoint, copy, may_miss or {})
        if ending:
            ending.drop(self.body)
            self.load_report = self.load_report.with_remark(ending.remark)
        levels = {'dense': dense_levels, 'four': four_levels}[maps](known.levels)
        self._indices = [level.number for level in levels]
        self._strides = [level.stride for level in levels]
        self._multiple, self._smallest, self._size = known.multiple, known.smallest, known.size
        self._layers = self._extractor.layer_ids()
        self.has_drop_path = self._extractor.has_drop_path
        self._windows = self._keep_to_windows(window, levels[-1].stride)
        self.is_frozen = frozen
        self._learning: list[nn.Parameter] = []
        self._keeps_statistics = kept_statistics
        self._is_kept = kept
        self._store: MapStore | None = None
        self._about = {'source': source, 'options': options, 'window': window}
        self._is_in_parts = trained is not None or adapter is not None
        if trained is not None:
            self._train_part(tuple(trained['patterns']), trained['last'])
        if adapter is not None:
            self._attach(adapter)
        if frozen:
            self.requires_grad_(requires_grad=False)
            self.train(mode=False)

    def _load(
        self, random: bool, checkpoint: str | None, copy: str, may_miss: dict[str, str]
    ) -> LoadReport:
        if random:
            return LoadReport.nothing(self._extractor)
        if checkpoint is not None:
            return load_file(self._extractor, checkpoint, copy=copy, may_miss=may_miss)
        return load_published(self._extractor, self._source, may_miss=may_miss)

    def _keep_to_windows(self, window: int | None, stride: int) -> WindowedAttention | None:
        if window is None:
            return None
        attentions, leading = self._extractor.attentions()
        return WindowedAttention(attentions, side=window, leading=leading, stride=stride)

    def _train_part(self, patterns: tuple[str, ...], last: int) -> None:
        top = max(self._layers.values())
        learning = [
            parameter.requires_grad_(
                any(fnmatchcase(name, pattern) for pattern in patterns)
                or self._layers.get(name, 0) > top - last
            ).requires_grad
            for name, parameter in self.body.named_parameters()
        ]
        if not any(learning):
            raise IncompatibleError(
                f'{self._source}: no parameter is called {" or ".join(patterns)}; its first and '
                f'last ones are {_ends(self.body)}'
            )

    def _attach(self, adapter: dict[str, Any]) -> None:
        self.body.requires_grad_(requires_grad=False)
        self.adapter = MODELS.build({'type': adapter['type'], **adapter['arguments']})
        self.adapter.attach(self.body)
        if not any(parameter.requires_grad for parameter in self.parameters()):
            raise IncompatibleError(
                f'{self._source}: the adapter {adapter["type"]} found nothing to attach to'
            )

    def freeze(self) -> None:
        """Keep parameters and buffers as they are, until :meth:`unfreeze`."""
        self._learning = [item for item in self.parameters() if item.requires_grad]
        for parameter in self._learning:
            parameter.requires_grad_(False)
        self.is_frozen = True
        self.train(mode=False)

    def unfreeze(self) -> None:
        """Let learn what learnt before :meth:`freeze`; does nothing without it."""
        for parameter in self._learning:
            parameter.requires_grad_(True)
        self._learning = []
        self.is_frozen = False
        self.train()

    def frozen_names(self) -> list[str] | None:
        """Return the tensors that stay where only a part learns, else ``None``.

        They are the parameters without gradient, and the buffers of the parts that hold no
        parameter with one.
        """
        if not self._is_in_parts:
            return None
        frozen = {name for name, p in self.named_parameters() if not p.requires_grad}
        still = {id(buffer) for part in self._still_parts() for buffer in part.buffers()}
        frozen |= {name for name, buffer in self.named_buffers() if id(buffer) in still}
        return [name for name in self.state_dict() if name in frozen]

    def _still_parts(self) -> list[nn.Module]:
        """Return the modules whose parameters are all frozen."""
        parts = ((part, list(part.parameters())) for part in self.body.modules())
        return [part for part, own in parts if own and not any(p.requires_grad for p in own)]

    def init_weights(self) -> None:
        """Leave the weights as loaded: mmengine would call the network's own initialisation."""

    def train(self, mode: bool = True) -> FeatureBackbone:
        """Set training mode, unless frozen: then normalisation statistics stay put."""
        super().train(mode and not self.is_frozen)
        if self._is_in_parts:
            for part in self._still_parts():
                part.eval()
        if self._keeps_statistics:
            for part in self.body.modules():
                if isinstance(part, nn.modules.batchnorm._BatchNorm):
                    part.eval()
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return maps of shape (B, C_i, ceil(H / s_i), ceil(W / s_i)) for images (B, 3, H, W).

        Images are padded on the right and below to what the network takes; H and W above are
        those of the images padded to a multiple of the deepest stride.

        Raises:
            IncompatibleError: the network takes one size only and an image is larger.
        """
        if self._store is not None:
            return self._store.maps_of(images, self._compute_maps)
        if not self._is_kept:
            return self._compute_maps(images)
        return one_by_one(images, self._compute_maps)

    def keep_maps(self, root: Path, limit: int, weights: str) -> MapStore:
        """Keep the maps of a frozen network, on the device that it is on now, on disk.

        Args:
            root: folder of the maps of all backbones.
            limit: bytes that they may take together.
            weights: hash of the network's tensors.
        """
        assert self.is_frozen, 'a part that is trained returns other maps after each step'
        about = {
            **self._about,
            'weights': weights,
            'size': self._size,
            'device': next(self.parameters()).device.type,
            'torch': torch.__version__,
        }
        self._store = MapStore(root, limit, about, self._indices)
        return self._store

    def _compute_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        padded = self.padded(images)
        if self._windows is not None:
            self._windows.image_size = padded.shape[-2:]
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_frozen):
            maps = self._extractor.maps(padded, self._indices)
        height, width = (side + -side % max(self._strides) for side in images.shape[-2:])
        found = tuple(
            m[..., : height // stride, : width // stride]
            for m, stride in zip(maps, self._strides, strict=True)
        )
        return rounded(found) if self._is_kept else found

    def classify(self, images: Tensor) -> Tensor:
        """Return the logits (B, K) of the network's own classifier for images as they come.

        Raises:
            IncompatibleError: it has none.
        """
        return self._extractor.classify(images)

    def padded(self, images: Tensor) -> Tensor:
        """Return images padded on the right and below to what the network takes.

        Raises:
            IncompatibleError: the network takes one size only and an image is larger.
        """
        height, width = images.shape[-2:]
        rows, columns = self._size or (
            max(side + -side % self._multiple, self._smallest) for side in (height, width)
        )
        below, right = rows - height, columns - width
        if below < 0 or right < 0:
            raise IncompatibleError(
                f'{self._source} was built for {rows}x{columns} px and cannot take '
                f'{height}x{width} px'
            )
        return functional.pad(images, (0, right, 0, below))

    def layer_of(self, parameter: str) -> tuple[int, int]:
        """Return the layer of a parameter (0 is the stem) and the number of the last layer.

        What an adapter added is above the last layer, like a head.
        """
        last = max(self._layers.values())
        return self._layers.get(parameter.removeprefix('body.'), last + 1), last

    def named_weights(self) -> Mapping[str, Tensor]:
        """Return the network's tensors under the names that files of weights give to them."""
        return self._extractor.state()

    @property
    def network(self) -> nn.Module:
        """The wrapped network."""
        return self.body


def _ending(last_blocks: dict[str, Any] | None, known: Probe, source: str) -> Ending | None:
    return Ending(known, LastBlocks(**last_blocks), source) if last_blocks else None


def _ends(network: nn.Module) -> str:
    names = [name for name, _ in network.named_parameters()]
    return ', '.join(dict.fromkeys((*names[:2], *names[-2:])))


def _refuse_changed(name: str, code: str | None) -> None:
    path = Path(name.rpartition(':')[0])
    if code is not None and file_hash(path) != code:
        raise IncompatibleError(
            f'{path} was changed after the run was planned: start the run again'
        )
