"""Load a backbone's weights and report what was loaded, converted, missing and unused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmark.errors import CheckpointError
from benchmark.openmmlab.checkpoints import read_contents
from benchmark.sources.adapters import merge, refuse_unmerged
from benchmark.sources.base import Extractor, Size
from benchmark.sources.copies import choose, key_of, matching
from benchmark.sources.guessing import likely_architecture
from benchmark.sources.layouts import LAYOUTS, Layout
from benchmark.sources.positions import (
    Resized,
    describe_absolute,
    refuse_other_periods,
    resize_absolute,
    resize_patch_embedding,
    resize_relative,
)
from benchmark.weight_files import is_adapter

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
_GEOMETRY = ('*relative_position_index', '*relative_coords_table', '*attn_mask', '*rope*.periods')
# what trainers put into names, and the blocks of DINOv2 in chunks
_WRAPPER = re.compile(
    r'_fsdp_wrapped_module\.|_checkpoint_wrapped_module\.|(?<=\.\d\.)_orig_mod\.|(?<=\.\d\d\.)_orig_mod\.'
)
_CHUNK = re.compile(r'(^|\.)blocks\.\d+\.(\d+)\.')
_FLAT = re.compile(r'(^|\.)_?flat_param')
# factors that quantised weights are to be multiplied with
_SCALE = re.compile(r'(_scale(_inv)?|\.SCB|\.absmax|_zero_point|\.scales|\.qzeros)$')
# towers of texts have blocks of the same names
_TEXT = frozenset({'text', 'text_model', 'text_encoder', 'language_model'})
_NEARLY = 0.9
_SHARED_BIAS = 'rel_pos_bias.relative_position_bias_table'
_OWN_BIAS = '.attn.relative_position_bias_table'
_BY_LIBRARY = "converted by the library's own rules"
_SHOWN = 4
_DEEPEST_PREFIX = 5
_ENOUGH = 0.5


@dataclass(frozen=True)
class LoadReport:
    """Which parameters and buffers a weights file filled.

    Attributes:
        is_random: whether nothing was meant to be loaded.
        loaded: how many were filled.
        total: how many the network has.
        missing: names of the network that the file lacks.
        unexpected: names of the file that the network lacks.
        conversion: how the names were understood.
        resized: what was interpolated.
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

    key: str
    weights: Mapping[str, Tensor]
    beside: tuple[str, ...]
    steps: tuple[str, ...]
    raw: Mapping[str, Tensor]


class _File(NamedTuple):
    """What is loaded: its contents, how messages call it, and what was done to it before.

    ``key`` is that of the copy to take, ``facts`` is ``None`` for published weights.
    """

    tensors: Mapping[str, Mapping[str, Tensor]]
    facts: Mapping[str, Any] | None
    name: str
    key: str = ''
    steps: tuple[str, ...] = ()


def load_file(
    extractor: Extractor, path: str, *, copy: str = '', may_miss: Mapping[str, str]
) -> LoadReport:
    """Load the weights at ``path`` into a network and return what was loaded.

    ``copy`` is the key of the copy to take where the file holds several, such as ``'teacher'``.

    Args:
        extractor: the network to load into.
        path: file or folder of weights.
        copy: key of the copy to take if the file has several, such as ``'teacher'``.
        may_miss: parameters that the file may lack, with the reason.

    Raises:
        CheckpointError: the file is unreadable, or lacks a parameter that ``may_miss`` does not
            name, or holds one of another shape or that is not finite, or belongs to another
            architecture, or holds several copies and nothing says which one is meant.
    """
    place = Path(path)
    steps: tuple[str, ...] = ()
    if is_adapter(place):
        contents, remark = merge(extractor, place)
        steps = (remark,)
    else:
        contents = read_contents(place)
    file = _File(contents.tensors, contents.facts, path, copy, steps)
    return _load(extractor, file, may_miss)


def load_published(extractor: Extractor, name: str, *, may_miss: Mapping[str, str]) -> LoadReport:
    """Load the published weights of a backbone's name and report what was loaded.

    Raises:
        CheckpointError: the weights do not exist, cannot be fetched or do not fit.
    """
    weights = extractor.published()
    file = _File({weights.remark: dict(weights.tensors)}, None, name)
    return _load(extractor, file, may_miss)


def _load(extractor: Extractor, file: _File, may_miss: Mapping[str, str]) -> LoadReport:
    own = {k: v for k, v in extractor.state().items() if not _is_any(k, _GEOMETRY)}
    reading = _understood(extractor, file, own)
    refuse_other_periods(reading.raw, extractor.network, file.name)
    weights = {k: v for k, v in reading.weights.items() if not _is_any(k, _GEOMETRY)}
    weights, completed = _complete_beit(weights, own)
    _refuse_quantised(weights, own, reading.raw, file.name)
    weights, resized = _resize(weights, own, extractor, file)
    missing = tuple(sorted(own.keys() - weights.keys()))
    foreign = tuple(sorted(weights.keys() - own.keys()))
    _refuse_missing(missing, own, file, may_miss, reading.raw)
    _refuse_shapes(own, weights, extractor, file)
    _refuse_foreign(foreign, file, reading.raw)
    _refuse_not_finite(own, weights, file.name)
    fitting = {name: weights[name].to(own[name].dtype) for name in own.keys() & weights.keys()}
    extractor.load(fitting)
    return LoadReport(
        is_random=False,
        loaded=len(fitting),
        total=len(own),
        missing=missing,
        unexpected=tuple(sorted({*foreign, *reading.beside})),
        conversion=(*file.steps, *reading.steps, *completed, *_remarks(own, weights)),
        resized=resized,
    )


def _understood(extractor: Extractor, file: _File, own: Mapping[str, Tensor]) -> _Reading:
    """Return the reading of the file under which most of the network's names are found.

    Raises:
        CheckpointError: several copies fit, and nothing says which one is meant.
    """
    plain = _plain_choices(file, own)
    choices, hits = plain, max(choice.hits for choice in plain)
    if hits < len(own):
        target = _layout_of(own)
        choices = [
            choice
            for c in plain
            for choice in (c, *(c.renamed(s, target) for s in (None, *LAYOUTS) if s is not target))
        ]
        hits = max(choice.hits for choice in choices)
    if hits < len(own):
        adapted = [_adapt(extractor, choice) for choice in plain]
        counts = {r.key: len(own.keys() & r.weights.keys()) for r in adapted}
        if max(counts.values()) > hits:
            for choice in plain:
                refuse_unmerged(choice.entries, file.name)
            return _one_of([(counts[r.key], r) for r in adapted], own, file)
    best: dict[str, _Choice] = {}
    for choice in choices:
        known = best.get(choice.key)
        if known is None or choice.rank > known.rank:
            best[choice.key] = choice
    refuse_unmerged(max(best.values(), key=lambda choice: choice.rank).entries, file.name)
    return _one_of([(choice.hits, choice) for choice in best.values()], own, file)


def _one_of(
    found: Sequence[tuple[int, _Choice | _Reading]], own: Mapping[str, Tensor], file: _File
) -> _Reading:
    """Return the copy that is meant of those that fit; each comes with how much of it fits."""
    most = max(count for count, _ in found)
    ordered = sorted(found, key=lambda pair: (-pair[0], pair[1].key))
    if most < _ENOUGH * len(own):
        return _reading_of(ordered[0][1])
    near = [pair for pair in ordered if pair[0] >= _NEARLY * most]
    pictures = [pair for pair in near if not _TEXT.intersection(pair[1].key.split('.'))] or near
    if len(pictures) == 1:
        return _reading_of(pictures[0][1])
    counted = [(count, _reading_of(item)) for count, item in pictures]
    shapes = {r.key: _equal_shapes(r.weights, own) for _, r in counted}
    least = _NEARLY * max(shapes.values())
    counted = [(count, r) for count, r in counted if shapes[r.key] >= least]
    distinct: list[tuple[int, _Reading]] = []
    for count, reading in counted:
        if not any(_are_equal(reading.weights, other.weights, own) for _, other in distinct):
            distinct.append((count, reading))
    if len(distinct) == 1:
        return distinct[0][1]
    top = max(count for count, _ in distinct)
    complete = [reading.key for count, reading in distinct if count == top]
    chosen = choose([reading.key for _, reading in distinct], complete, file.name)
    reading = next(r for _, r in distinct if r.key == chosen.key)
    return reading._replace(steps=(*reading.steps, chosen.remark))


def _reading_of(found: _Choice | _Reading) -> _Reading:
    return found if isinstance(found, _Reading) else found.reading()


def _equal_shapes(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> int:
    return sum(weights[name].shape == own[name].shape for name in own.keys() & weights.keys())


def _are_equal(one: Mapping[str, Tensor], two: Mapping[str, Tensor], own: Iterable[str]) -> bool:
    names = [name for name in own if name in one or name in two]
    return all(name in one and name in two and torch.equal(one[name], two[name]) for name in names)


def _plain_choices(file: _File, own: Mapping[str, Tensor]) -> list[_Choice]:
    """Return the mappings of the file and the beginnings of names in them, as ``file.key`` says.

    Raises:
        CheckpointError: no copy has that key; the message lists those that fit.
    """
    found = [
        _Choice(place, entries, prefix, own=own, steps=steps)
        for place, (entries, steps) in _unwrap(file, own).items()
        for prefix in _prefixes(entries)
    ]
    if not file.key:
        return found
    keys = matching(file.key, [choice.key for choice in found])
    if not keys:
        fitting = {c.key for c in found if c.hits > _ENOUGH * len(own)} or {c.key for c in found}
        raise CheckpointError(
            f"{file.name}: has no copy of weights under '{file.key}' (known: "
            f'{_some(sorted(fitting))})'
        )
    return [choice for choice in found if choice.key in keys]


def _unwrap(
    file: _File, own: Mapping[str, Tensor]
) -> dict[str, tuple[Mapping[str, Tensor], tuple[str, ...]]]:
    """Return mappings without what trainers put into names, and what was taken out of each."""
    may_have_chunks = not any(_CHUNK.search(name) for name in own)
    found: dict[str, tuple[Mapping[str, Tensor], tuple[str, ...]]] = {}
    for place, entries in file.tensors.items():
        steps, renamed = [], {_WRAPPER.sub('', name): value for name, value in entries.items()}
        if renamed.keys() != entries.keys():
            steps.append('removed the names of wrappers (FSDP, checkpointing, torch.compile)')
        if may_have_chunks and any(_CHUNK.search(name) for name in renamed):
            renamed = {_CHUNK.sub(r'\1blocks.\2.', name): v for name, v in renamed.items()}
            steps.append('renamed blocks.CHUNK.N, as DINOv2 trains, to blocks.N')
        if len(renamed) != len(entries):
            raise CheckpointError(f"{file.name}: two tensors of '{place}' have the same name")
        found[place] = (renamed, tuple(steps))
    return found


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
        steps: tuple[str, ...] = (),
    ) -> None:
        self.place, self.entries, self.prefix = place, entries, prefix
        self.source, self.target = source, target
        self.key = key_of(place, prefix)
        self._own, self._before = own, steps
        inner = {name.removeprefix(prefix) for name in entries if name.startswith(prefix)}
        common = source.common_names(inner) if source else inner
        known = target.common_names(own) if target else own.keys()
        self.hits = len(known & common)

    def renamed(self, source: Layout | None, target: Layout | None) -> _Choice:
        """Return the same tensors read as of another layout."""
        return _Choice(
            self.place, self.entries, self.prefix, source, target, own=self._own, steps=self._before
        )

    @property
    def rank(self) -> tuple[int, int]:
        """More names found, then fewer steps."""
        return self.hits, -(self.source is not None) - (self.target is not None)

    def inner(self) -> dict[str, Tensor]:
        """Return the tensors below the prefix, without it."""
        start = self.prefix
        return {k.removeprefix(start): v for k, v in self.entries.items() if k.startswith(start)}

    def reading(self) -> _Reading:
        """Return the weights under the network's names."""
        raw = weights = self.inner()
        if self.source:
            weights = self.source.to_common(weights)
        weights = self.target.from_common(weights) if self.target else weights
        return _Reading(self.key, weights, self.beside, self.steps, raw)

    @property
    def beside(self) -> tuple[str, ...]:
        """The names outside the prefix: other parts of what was trained."""
        return tuple(name for name in self.entries if not name.startswith(self.prefix))

    @property
    def steps(self) -> tuple[str, ...]:
        """How the file was understood, step by step."""
        target = self.target.title if self.target else 'timm'
        steps = [f"opened '{self.place}'"] if self.place else []
        steps += self._before
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


def _adapt(extractor: Extractor, choice: _Choice) -> _Reading:
    """Return the reading of a choice by the library's own conversion."""
    inner = choice.inner()
    weights = extractor.adapted(inner)
    return _Reading(choice.key, weights, choice.beside, (*choice.steps, _BY_LIBRARY), inner)


def _complete_beit(
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


def _resize(
    weights: Mapping[str, Tensor], own: Mapping[str, Tensor], extractor: Extractor, file: _File
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return weights with position tables and patch embeddings in the network's shapes.

    Raises:
        CheckpointError: a table may be of another grid than the network's.
    """
    found, steps = dict(weights), []
    grids = extractor.tables()
    shared = sorted(own.keys() & found.keys())
    unlike = {name for name in shared if own[name].shape != found[name].shape}
    by_library = extractor.adapted(weights) if unlike else {}
    for name in sorted(unlike | (grids.keys() & set(shared))):
        before, wanted = found[name], own[name]
        change = _change(name, before, wanted, grids.get(name), extractor, file)
        if change is None and name in by_library:
            change = Resized(by_library[name], _BY_LIBRARY)
        if change is not None and change.how and change.value.shape == wanted.shape:
            found[name] = change.value.to(before.dtype)
            steps.append(f'{name}: {_shape(before)} to {_shape(wanted)}, {change.how}')
    return found, tuple(steps)


def _change(
    name: str, value: Tensor, wanted: Tensor, grid: Size | None, extractor: Extractor, file: _File
) -> Resized | None:
    """Return ``value`` in the shape of ``wanted`` and how it was changed, if that is known."""
    value = value.float()
    if grid and value.ndim == wanted.ndim == 3 and value.shape[2] == wanted.shape[2]:
        return resize_absolute(name, value, wanted, grid, file.facts, file.name)
    if grid and value.ndim == wanted.ndim == 2 and value.shape[1] == wanted.shape[1]:
        return resize_relative(name, value, wanted, grid, file.name)
    if value.ndim == wanted.ndim == 4:
        return resize_patch_embedding(value, wanted, extractor.network)
    if value.numel() == wanted.numel() and value.squeeze().shape == wanted.squeeze().shape:
        return Resized(value.reshape(wanted.shape), 'reshaped')
    return None


def _shape(tensor: Tensor) -> str:
    return 'x'.join(map(str, tensor.shape)) or 'scalar'


def _is_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_quantised(
    weights: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
    raw: Mapping[str, Tensor],
    source: str,
) -> None:
    scales = next((name for name in raw if _SCALE.search(name)), None)
    for name in sorted(own.keys() & weights.keys()):
        if not own[name].is_floating_point():
            continue
        value = weights[name]
        if (
            value.is_quantized
            or not value.is_floating_point()
            or (value.dtype.itemsize == 1 and scales)
        ):
            kind = str(value.dtype).removeprefix('torch.')
            beside = f", with scales apart ('{scales}')" if scales else ''
            raise CheckpointError(
                f"{source}: '{name}' is of type {kind}{beside}, quantised weights where the "
                'architecture has real numbers: give the weights before they were quantised'
            )


def _refuse_not_finite(
    own: Mapping[str, Tensor], weights: Mapping[str, Tensor], source: str
) -> None:
    counts = {
        name: weights[name].numel() - int(weights[name].float().isfinite().sum())
        for name in sorted(own.keys() & weights.keys())
        if weights[name].is_floating_point()
    }
    bad = [name for name, count in counts.items() if count]
    if bad:
        raise CheckpointError(
            f"{source}: '{bad[0]}' holds {counts[bad[0]]} of {weights[bad[0]].numel()} values that "
            f'are NaN or infinite, {len(bad)} of {len(counts)} tensors do: the training diverged '
            'or the file is damaged; give an earlier checkpoint'
        )


def _remarks(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> Iterator[str]:
    """Yield what a reader should know of the values: their type, and weights that do not vary."""
    names = sorted(own.keys() & weights.keys())
    changed = Counter(
        (weights[n].dtype, own[n].dtype) for n in names if weights[n].dtype != own[n].dtype
    )
    for (before, after), count in sorted(changed.items(), key=str):
        kinds = [str(kind).removeprefix('torch.') for kind in (before, after)]
        yield f'converted {count} tensors from {kinds[0]} to {kinds[1]}'
    constant = [n for n in names if weights[n].ndim > 1 and _is_constant(weights[n])]
    if constant:
        yield f'hold one value throughout, which is suspicious: {_some(constant)}'


def _is_constant(value: Tensor) -> bool:
    return value.numel() > 1 and bool((value == value.flatten()[0]).all())


def _refuse_shapes(
    own: Mapping[str, Tensor], weights: Mapping[str, Tensor], extractor: Extractor, file: _File
) -> None:
    for name in sorted(own.keys() & weights.keys()):
        theirs, ours = weights[name], own[name]
        if theirs.shape == ours.shape:
            continue
        if not theirs.numel() and ours.numel():
            raise CheckpointError(
                f"{file.name}: '{name}' is empty, as in one process's part of weights that "
                "DeepSpeed or FSDP split: gather them (DeepSpeed: 'python zero_to_fp32.py . OUT') "
                'and give the file that this writes'
            )
        grid = extractor.tables().get(name)
        is_table = grid is not None and theirs.ndim == ours.ndim == 3
        why = f' ({describe_absolute(theirs, ours, grid)})' if grid and is_table else ''
        raise CheckpointError(
            f"{file.name}: '{name}' has shape {tuple(theirs.shape)}, the architecture needs "
            f'{tuple(ours.shape)}{why}: these are weights of a different network or size'
            f'{likely_architecture(weights, file.facts)}'
        )


def _refuse_missing(
    missing: tuple[str, ...],
    own: Mapping[str, Tensor],
    file: _File,
    may_miss: Mapping[str, str],
    raw: Mapping[str, Tensor],
) -> None:
    unexcused = [name for name in missing if not _is_any(name, may_miss)]
    if not unexcused:
        return
    if any(_FLAT.search(name) for name in raw):
        raise CheckpointError(
            f'{file.name}: weights flattened by FSDP; gather them with the code that wrote '
            'them (StateDictType.FULL_STATE_DICT) and give that file'
        )
    raise CheckpointError(
        f'{file.name}: {len(unexcused)} of {len(own)} tensors are missing ({_some(unexcused)}): '
        "wrong architecture, or name them in the declaration's may_miss with the reason"
        f'{likely_architecture(raw, file.facts)}'
    )


def _refuse_foreign(unexpected: tuple[str, ...], file: _File, raw: Mapping[str, Tensor]) -> None:
    foreign = [name for name in unexpected if not _is_any(name, _HEADS)]
    if foreign:
        raise CheckpointError(
            f'{file.name}: {len(foreign)} tensors have no place in the architecture '
            f'({_some(foreign)}): these weights belong to another architecture'
            f'{likely_architecture(raw, file.facts)}'
        )


def _some(names: list[str]) -> str:
    return ', '.join(names[:_SHOWN]) + (', ...' if len(names) > _SHOWN else '')
