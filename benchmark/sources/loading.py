"""Load a backbone's weights and prove it: what was loaded, converted, missing and left over."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import torch
from timm.layers import resample_abs_pos_embed, resample_patch_embed, resize_rel_pos_bias_table
from torch import Tensor

from benchmark.errors import CheckpointError
from benchmark.openmmlab.checkpoints import read_mappings
from benchmark.sources.base import Extractor, Size
from benchmark.sources.layouts import LAYOUTS, Layout

# names that pretraining heads and classifiers go by: left over on purpose
_HEADS = (
    'head.*',
    'head_*',
    'heads.*',
    'fc.*',
    'fc_norm.*',
    'norm.*',
    'classifier.*',
    'decoder*',
    'mask_token',
    'lm_head.*',
    'pooler.*',
    'pre_logits.*',
    'embeddings.mask_token',
)
# computed from the geometry of the network, not learnt
_GEOMETRY = ('*relative_position_index', '*relative_coords_table', '*attn_mask', '*.rope.periods')
# of two equal copies of a backbone, the one that its authors evaluate
_PREFERRED = ('teacher', 'target_encoder', 'base_encoder', 'encoder_q', 'online')
_SHARED_BIAS = 'rel_pos_bias.relative_position_bias_table'
_OWN_BIAS = '.attn.relative_position_bias_table'
_BY_LIBRARY = "converted by the library's own rules"
_SHOWN = 4
_DEEPEST_PREFIX = 5
_ENOUGH = 0.5


@dataclass(frozen=True)
class LoadReport:
    """Which parameters and buffers a weights file filled.

    ``missing`` are names of the network that the file lacks, ``unexpected`` names of the file
    that the network lacks; ``is_random`` tells that nothing was meant to be loaded.
    ``conversion`` says how the names were understood and ``resized`` what was interpolated.
    """

    is_random: bool
    loaded: int
    total: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    conversion: tuple[str, ...] = ()
    resized: tuple[str, ...] = ()

    @classmethod
    def nothing(cls, extractor: Extractor) -> LoadReport:
        """Return the report of a network that is left at its random initialisation."""
        return cls(True, 0, len(extractor.state()), (), ())

    def with_remark(self, remark: str) -> LoadReport:
        """Return the report with one more remark on what became of the weights."""
        return replace(self, conversion=(*self.conversion, remark))


class _Reading(NamedTuple):
    """Weights under the network's names, what else the file holds beside them, and how so."""

    weights: Mapping[str, Tensor]
    beside: tuple[str, ...]
    steps: tuple[str, ...]


def load_file(extractor: Extractor, path: str, *, may_miss: Mapping[str, str]) -> LoadReport:
    """Load the weights file at ``path`` into a network and return what was loaded.

    Raises:
        CheckpointError: the file is unreadable, or lacks a parameter that ``may_miss`` does not
            name, or holds one of another shape, or belongs to another architecture.
    """
    return _load(extractor, read_mappings(Path(path)), path, may_miss)


def load_published(extractor: Extractor, name: str, *, may_miss: Mapping[str, str]) -> LoadReport:
    """Load the weights that a backbone's name stands for and return what was loaded.

    Raises:
        CheckpointError: there are no such weights, or they cannot be fetched or do not fit.
    """
    weights = extractor.published()
    return _load(extractor, {weights.remark: dict(weights.tensors)}, name, may_miss)


def _load(
    extractor: Extractor,
    mappings: Mapping[str, Mapping[str, Tensor]],
    source: str,
    may_miss: Mapping[str, str],
) -> LoadReport:
    own = {k: v for k, v in extractor.state().items() if not _is_any(k, _GEOMETRY)}
    reading = _understood(extractor, mappings, own)
    weights = {k: v for k, v in reading.weights.items() if not _is_any(k, _GEOMETRY)}
    weights, completed = _completed(weights, own)
    weights, resized = _resized(weights, own, extractor)
    missing = tuple(sorted(own.keys() - weights.keys()))
    foreign = tuple(sorted(weights.keys() - own.keys()))
    _refuse_missing(missing, own, source, may_miss)
    _refuse_shapes(own, weights, source)
    _refuse_foreign(foreign, source)
    fitting = {name: weights[name].to(own[name].dtype) for name in own.keys() & weights.keys()}
    extractor.load(fitting)
    return LoadReport(
        is_random=False,
        loaded=len(fitting),
        total=len(own),
        missing=missing,
        unexpected=tuple(sorted({*foreign, *reading.beside})),
        conversion=(*reading.steps, *completed),
        resized=resized,
    )


def _understood(
    extractor: Extractor,
    mappings: Mapping[str, Mapping[str, Tensor]],
    own: Mapping[str, Tensor],
) -> _Reading:
    """Return the reading of the file under which most of the network's names are found."""
    plain = [
        _Choice(place, entries, prefix, own=own)
        for place, entries in mappings.items()
        for prefix in _prefixes(entries)
    ]
    best = max(plain, key=lambda choice: choice.rank)
    if best.hits < len(own):
        target = _layout_of(own)
        renamed = [
            _Choice(c.place, c.entries, c.prefix, source, target, own=own)
            for c in plain
            for source in (None, *LAYOUTS)
            if source is not target
        ]
        best = max((best, *renamed), key=lambda choice: choice.rank)
    if best.hits < len(own):
        adapted = _adapted(extractor, best, plain, own)
        if adapted is not None:
            return adapted
    return _Reading(best.read(), best.beside, best.steps)


class _Choice:
    """One way to read a file: a mapping in it, a prefix, and a layout to come from and go to."""

    def __init__(
        self,
        place: str,
        entries: Mapping[str, Tensor],
        prefix: str,
        source: Layout | None = None,
        target: Layout | None = None,
        *,
        own: Mapping[str, Tensor],
    ) -> None:
        self.place, self.entries, self.prefix = place, entries, prefix
        self.source, self.target = source, target
        inner = {name.removeprefix(prefix) for name in entries if name.startswith(prefix)}
        common = source.common_names(inner) if source else inner
        known = target.common_names(own) if target else own.keys()
        self.hits = len(known & common)

    @property
    def rank(self) -> tuple[int, bool, int]:
        """More names found, then the copy that is preferred, then fewer steps."""
        simplicity = -(self.source is not None) - (self.target is not None)
        return self.hits, self._is_preferred, simplicity

    @property
    def _is_preferred(self) -> bool:
        path = f'{self.place}.{self.prefix}'
        return any(part in _PREFERRED for part in path.split('.'))

    def inner(self) -> dict[str, Tensor]:
        """Return the tensors below the prefix, without it."""
        start = self.prefix
        return {k.removeprefix(start): v for k, v in self.entries.items() if k.startswith(start)}

    def read(self) -> dict[str, Tensor]:
        """Return the weights under the network's names."""
        weights = self.inner()
        if self.source:
            weights = self.source.to_common(weights)
        return self.target.from_common(weights) if self.target else weights

    @property
    def beside(self) -> tuple[str, ...]:
        """The names outside the prefix: other parts of what was trained."""
        return tuple(name for name in self.entries if not name.startswith(self.prefix))

    @property
    def steps(self) -> tuple[str, ...]:
        """How the file was understood, step by step."""
        target = self.target.title if self.target else 'timm'
        steps = [f"opened '{self.place}'"] if self.place else []
        steps += [f"removed the prefix '{self.prefix}'"] if self.prefix else []
        if self.source or self.target:
            steps.append(f'renamed from {self.source.title if self.source else "timm"} to {target}')
        return tuple(steps)


def _layout_of(names: Iterable[str]) -> Layout | None:
    """Return the layout of a network whose names are not timm's."""
    listed = list(names)
    best = max(LAYOUTS, key=lambda layout: layout.matched(listed))
    return best if best.matched(listed) > _ENOUGH * len(listed) else None


def _prefixes(names: Iterable[str]) -> list[str]:
    """Return the dotted beginnings that a good part of ``names`` share, the empty one first."""
    counts: dict[str, int] = {'': 0}
    listed = list(names)
    for name in listed:
        parts = name.split('.')
        for depth in range(1, min(len(parts), _DEEPEST_PREFIX + 1)):
            start = '.'.join(parts[:depth]) + '.'
            counts[start] = counts.get(start, 0) + 1
    return [p for p, count in counts.items() if not p or count >= max(2, len(listed) // 6)]


def _adapted(
    extractor: Extractor, best: _Choice, plain: Sequence[_Choice], own: Mapping[str, Tensor]
) -> _Reading | None:
    """Return a reading by the library's own conversion, where that finds more than ours."""
    found: _Reading | None = None
    hits = best.hits
    for choice in plain:
        weights = extractor.adapted(choice.inner())
        count = len(own.keys() & weights.keys())
        if count > hits:
            steps = (*choice.steps, _BY_LIBRARY)
            found, hits = _Reading(weights, choice.beside, steps), count
    return found


def _completed(
    weights: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return weights with what BEiT keeps in another form: a shared table, biases apart."""
    found, steps = dict(weights), []
    shared = found.get(_SHARED_BIAS)
    if shared is not None and _SHARED_BIAS not in own:
        tables = {n for n in own if n.startswith('blocks.') and n.endswith(_OWN_BIAS)}
        found |= {name: shared.clone() for name in tables - found.keys()}
        del found[_SHARED_BIAS]
        steps.append('copied the shared table of relative positions to every block')
    joined = [n for n in own if n.endswith('.attn.qkv.bias') and n not in found]
    for name in joined:
        start = name.removesuffix('qkv.bias')
        query, value = found.pop(f'{start}q_bias', None), found.pop(f'{start}v_bias', None)
        if query is not None and value is not None:
            found[name] = torch.cat([query, torch.zeros_like(query), value])
    if any(name in found for name in joined):
        steps.append('joined the biases of query and value, that of the key being 0')
    return found, tuple(steps)


def _resized(
    weights: Mapping[str, Tensor], own: Mapping[str, Tensor], extractor: Extractor
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return weights with position tables and patch embeddings in the network's shapes."""
    found, steps = dict(weights), []
    grids = extractor.tables()
    unlike = [n for n in sorted(own.keys() & found.keys()) if own[n].shape != found[n].shape]
    by_library = extractor.adapted(weights) if unlike else {}
    for name in unlike:
        before, wanted = found[name], own[name]
        change = _change(name, before, wanted, grids.get(name))
        if change is None and name in by_library:
            change = by_library[name], _BY_LIBRARY
        if change is not None and change[0].shape == wanted.shape:
            found[name] = change[0].to(before.dtype)
            steps.append(f'{name}: {_shape(before)} to {_shape(wanted)}, {change[1]}')
    return found, tuple(steps)


def _change(
    name: str, value: Tensor, wanted: Tensor, grid: Size | None
) -> tuple[Tensor, str] | None:
    """Return ``value`` in the shape of ``wanted`` and how it was changed, if that is known."""
    value = value.float()
    if value.ndim == wanted.ndim == 3 and value.shape[2] == wanted.shape[2] and grid:
        return _absolute_table(value, wanted, grid)
    if value.ndim == wanted.ndim == 2 and value.shape[1] == wanted.shape[1] and grid:
        # after BEiT's official code: offsets near 0 keep their resolution
        resized = resize_rel_pos_bias_table(value, grid, tuple(wanted.shape))
        return resized, 'interpolated on a geometric grid'
    if value.ndim == wanted.ndim == 4 and value.shape[:2] == wanted.shape[:2]:
        # arXiv 2212.08013, section 3.4
        return resample_patch_embed(value, list(wanted.shape[2:])), 'resized by pseudo-inverse'
    if value.numel() == wanted.numel() and value.squeeze().shape == wanted.squeeze().shape:
        return value.reshape(wanted.shape), 'reshaped'
    return None


def _absolute_table(value: Tensor, wanted: Tensor, grid: Size) -> tuple[Tensor, str] | None:
    leading = wanted.shape[1] - grid[0] * grid[1]
    places = value.shape[1] - leading
    if leading < 0 or math.isqrt(places) ** 2 != places:
        return None
    resized = resample_abs_pos_embed(value, list(grid), num_prefix_tokens=leading)
    return resized, 'bicubic with anti-aliasing'


def _shape(tensor: Tensor) -> str:
    return 'x'.join(map(str, tensor.shape)) or 'scalar'


def _is_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_shapes(own: Mapping[str, Tensor], weights: Mapping[str, Tensor], source: str) -> None:
    for name in sorted(own.keys() & weights.keys()):
        if own[name].shape != weights[name].shape:
            raise CheckpointError(
                f"{source}: '{name}' has shape {tuple(weights[name].shape)}, the architecture "
                f'needs {tuple(own[name].shape)}: these are weights of another network or size'
            )


def _refuse_missing(
    missing: tuple[str, ...], own: Mapping[str, Tensor], source: str, may_miss: Mapping[str, str]
) -> None:
    unexcused = [name for name in missing if not _is_any(name, may_miss)]
    if unexcused:
        raise CheckpointError(
            f'{source}: {len(unexcused)} of {len(own)} tensors are missing ({_some(unexcused)}): '
            "wrong architecture, or name them in the declaration's may_miss with the reason"
        )


def _refuse_foreign(unexpected: tuple[str, ...], source: str) -> None:
    foreign = [name for name in unexpected if not _is_any(name, _HEADS)]
    if foreign:
        raise CheckpointError(
            f'{source}: {len(foreign)} tensors have no place in the architecture '
            f'({_some(foreign)}): these weights belong to another architecture'
        )


def _some(names: list[str]) -> str:
    return ', '.join(names[:_SHOWN]) + (', ...' if len(names) > _SHOWN else '')
