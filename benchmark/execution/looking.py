"""A look at the splits of a task: their files, labels, classes and pictures."""

from __future__ import annotations

import hashlib
import importlib
import itertools
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.registry import DefaultScope

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark import packed
from benchmark.errors import BenchmarkError, DataError
from benchmark.execution.census import Census
from benchmark.kinds import load_kind
from benchmark.kinds.base import Config
from benchmark.kinds.common.frames import other_size
from benchmark.kinds.common.loading import has_places, load_picture
from benchmark.kinds.common.opening import key_of, opened
from benchmark.openmmlab.decoding import read_placed
from benchmark.specs import CheckResult, Role

SAMPLED = 200
"""How many samples of a split are read where not all are."""

_SHOWN = 3


@dataclass(frozen=True)
class Extent:
    """How much of a split is looked at.

    Attributes:
        pictures: how many pictures are decoded.
        maps: how many label or depth maps are.
        longest: up to how many maps are, as long as declared classes have not been seen.
        annotations: how many samples are whose labels lie in a list that is read anyway.
        same_content: whether the contents of pictures in two splits are compared.
        every_frame: whether of a film not the first and the last frame alone are decoded.
    """

    pictures: int
    maps: int
    longest: int
    annotations: int
    same_content: bool = False
    every_frame: bool = False


_ALL = 1 << 60
USUAL = Extent(SAMPLED, SAMPLED, 2000, _ALL)
FULL = Extent(_ALL, _ALL, _ALL, _ALL, same_content=True, every_frame=True)
QUICK = Extent(16, 64, 400, 20_000)
"""What `tbench run` looks at before it trains: seconds even for large data."""


class Looked(NamedTuple):
    """What was found in splits, and how many samples those that open have, by their keys."""

    findings: list[CheckResult]
    sizes: dict[str, int]


def quick_findings(request: Config) -> list[CheckResult]:
    """Return the findings of :func:`quick_look`."""
    return quick_look(request).findings


def quick_look(request: Config) -> Looked:
    """Return what a short look at the splits that a run uses finds wrong or odd.

    ``request`` is :func:`benchmark.compiling.data_request`'s with local paths. Another number of
    samples than declared is a warning here: declared numbers of some data sets are recalled.
    """
    used = {k: v for k, v in request['splits'].items() if k != Role.VAL.value}
    found = _look({**request, 'splits': used}, QUICK)
    counts = {f'{role} size' for role in used}
    findings = [
        CheckResult(one.what, True, one.detail, is_warning=True) if one.what in counts else one
        for one in found.findings
        if one.is_warning or not one.is_ok
    ]
    return Looked(findings, found.sizes)


def look(request: Config, extent: Extent) -> list[CheckResult]:
    """Return what is found in the splits of ``request``, at which ``extent`` says how to look."""
    return _look(request, extent).findings


def _look(request: Config, extent: Extent) -> Looked:
    for module in request['custom_imports']:
        importlib.import_module(module)
    with DefaultScope.overwrite_default_scope(request['default_scope']):
        splits, findings = _open(request)
        censuses: dict[Role, Census] = {}
        for role, split in splits.items():
            censuses[role] = Census(request, role, len(split.samples), _names_of(request, split))
            findings += _inspect(request, role, split, censuses[role], extent)
        for role, census in censuses.items():
            findings += census.findings(censuses.get(Role.TRAIN), censuses.get(Role.TEST), role)
        findings += _apart(request, splits, same_content=extent.same_content)
    sizes = {
        key_of(request['splits'][role.value]): len(split.samples) for role, split in splits.items()
    }
    return Looked([*findings, *_same_names(splits)], sizes)


@dataclass(frozen=True)
class _Split:
    """A split with its annotations loaded, but no pictures."""

    samples: BaseDataset
    reads_files: bool


def _open(request: Config) -> tuple[dict[Role, _Split], list[CheckResult]]:
    splits, refused = {}, []
    for role, dataset in request['splits'].items():
        try:
            built = opened(of=dataset)
        except BenchmarkError as error:
            refused.append(CheckResult(f'{role} opens', False, ' '.join(str(error).split())))
        else:
            splits[Role(role)] = _Split(built, bool(dataset['pipeline']))
    return splits, refused


def _parts(samples: BaseDataset) -> Sequence[BaseDataset]:
    return samples.datasets if isinstance(samples, ConcatDataset) else [samples]


def _names_of(request: Config, split: _Split) -> tuple[str, ...]:
    """Return the names of what must occur: classes, or key points."""
    info = split.samples.metainfo
    points = info.get('keypoint_id2name')
    names = points.values() if points else info.get('classes') or request['classes']
    return tuple(map(str, names))


def _inspect(
    request: Config, role: Role, split: _Split, census: Census, extent: Extent
) -> Iterator[CheckResult]:
    found, declared = len(split.samples), request['declared'][role.value]
    is_estimate = role.value in request['estimated']
    detail = f'{found} samples, {"estimated" if is_estimate else "declared"} {declared}'
    yield CheckResult(f'{role} size', is_estimate or found == declared, detail)
    for part in dict.fromkeys(_parts(split.samples)):
        for oddity in getattr(part, 'oddities', ()):
            yield CheckResult(f'{role} files', True, oddity, is_warning=True)
    yield _labels(request, role, split, census, extent)
    yield _there(role, split, _spread(found, extent.annotations))
    yield _readable(role, split, _spread(found, extent.pictures), extent)


def _spread(count: int, most: int) -> list[int]:
    if most >= count:
        return list(range(count))
    return sorted({int(i) for i in np.linspace(0, count - 1, most)})


def _indices(split: _Split, census: Census, extent: Extent) -> Iterator[int]:
    """Yield which samples' labels to look at: more where a declared class has not been seen."""
    count = len(split.samples)
    first = _spread(count, extent.maps if split.reads_files else extent.annotations)
    yield from first
    if census.lacks_any and len(first) < census.needed <= extent.longest:
        yield from sorted(set(_spread(count, census.needed)) - set(first))


def _labels(
    request: Config, role: Role, split: _Split, census: Census, extent: Extent
) -> CheckResult:
    check = pkgutil.resolve_name(load_kind(request['kind']).labels)
    wrong, seen = [], 0
    for index in _indices(split, census, extent):
        seen += 1
        try:
            sample = split.samples[index]
        except BenchmarkError as error:
            wrong.append(str(error))
            continue
        try:
            problem = check(sample, len(request['classes']))
            census.add(sample)
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            problem = f'cannot be read ({" ".join(str(error).split())})'
        if problem:
            wrong.append(f'{_name(split.samples.get_data_info(index))}: {problem}')
    return _summed(f'{role} labels', wrong, seen)


def _name(info: Mapping[str, Any]) -> str:
    return str(info.get('img_path') or info.get('folder'))


def _summed(what: str, wrong: list[str], seen: int) -> CheckResult:
    if not wrong:
        return CheckResult(what, True, f'{seen} checked')
    more = f' and {len(wrong) - _SHOWN} more' if len(wrong) > _SHOWN else ''
    return CheckResult(what, False, '; '.join(wrong[:_SHOWN]) + more)


def _there(role: Role, split: _Split, indices: Iterable[int]) -> CheckResult:
    """Return whether the files that samples name exist."""
    wrong, seen = [], 0
    for index in indices:
        info = split.samples.get_data_info(index)
        for key in ('img_path', 'seg_map_path', 'depth_map_path'):
            if info.get(key):
                seen += 1
                if not packed.is_file(info[key]):
                    wrong.append(f'{info[key]}: no such file')
    return _summed(f'{role} files', wrong, seen)


def _readable(role: Role, split: _Split, indices: Iterable[int], extent: Extent) -> CheckResult:
    wrong, seen = [], 0
    is_placed = {has_places(part) for part in _parts(split.samples)} == {True}
    done: set[str] = set()
    for index in indices:
        film: Film | None = None
        for sample in _pictures(split.samples.get_data_info(index), extent):
            if sample['img_path'] in done:
                continue
            done.add(sample['img_path'])
            seen += 1
            try:
                if set(sample) == {'img_path'}:
                    film = _same_size(sample['img_path'], film)
                else:
                    load_picture(sample, is_placed=is_placed)
            except DataError as error:
                wrong.append(f'{_prefixed(sample["img_path"], str(error))}')
    return _summed(f'{role} pictures', wrong, seen)


Film = tuple[int, int]
"""Width and height of the first frame of a film."""


def _same_size(path: str, film: Film | None) -> Film:
    """Return the size of a frame, which must be that of ``film`` where that is known.

    Raises:
        DataError: the frame cannot be read, or has another size.
    """
    height, width = read_placed(path).shape[:2]
    if film is not None and (width, height) != film:
        raise DataError(other_size(path, (width, height), film))
    return width, height


def _prefixed(path: str, reason: str) -> str:
    """Return a reason that begins with the picture, and says that this cannot be read."""
    own = reason.removeprefix(f'{path}: ')
    return f'{path}: not readable as a picture ({own})' if own != reason else reason


def _pictures(info: Mapping[str, Any], extent: Extent) -> Iterator[Mapping[str, Any]]:
    """Yield the pictures of a sample: of a sequence the first and the last frame, or all."""
    frames = info.get('frames')
    if frames is None:
        yield info
    else:
        places = range(len(frames)) if extent.every_frame else (0, len(frames) - 1)
        yield from ({'img_path': frames[place]} for place in places)


def _apart(
    request: Config, splits: Mapping[Role, _Split], *, same_content: bool
) -> Iterator[CheckResult]:
    """Yield whether two splits share samples; a slice of the training split may lie in it."""
    names = {role: _names(split.samples) for role, split in splits.items()}
    for one, other in itertools.combinations(splits, 2):
        if {one, other} == {Role.TRAIN, Role.VAL} and Role.VAL.value in request['held_out']:
            continue
        shared = sorted(names[one] & names[other])
        wrong = [f'{name} is in both' for name in shared]
        if same_content and not shared:
            wrong = _same_content(names[one], names[other])
        yield _summed(f'{one} and {other} disjoint', wrong, len(names[one]) + len(names[other]))


def _same_names(splits: Mapping[Role, _Split]) -> Iterator[CheckResult]:
    """Yield what the annotations of a later split name otherwise than those of the first."""
    named = {role: _annotated_names(split.samples) for role, split in splits.items()}
    first = next((role for role, names in named.items() if names), None)
    for role, names in named.items():
        if first is None or not names:
            continue
        # a rare class may be missing from a smaller split, but each must be learned
        unknown = [name for name in names if name not in named[first]]
        if unknown:
            text = f"{role} has '{unknown[0]}', which {first} has not"
            yield CheckResult(f'{first} and {role} names', False, text)


def _annotated_names(samples: BaseDataset) -> tuple[str, ...]:
    return tuple(n for part in _parts(samples) for n in getattr(part, 'annotated_names', ()))


def _names(samples: BaseDataset) -> set[str]:
    return {_name(samples.get_data_info(index)) for index in range(len(samples))}


def _same_content(one: set[str], other: set[str]) -> list[str]:
    first = {_digest(name): name for name in sorted(one) if packed.is_file(name)}
    pairs = ((first.get(_digest(name)), name) for name in sorted(other) if packed.is_file(name))
    return [f'{name} has the content of {twin}' for twin, name in pairs if twin]


def _digest(name: str) -> bytes:
    with packed.open_file(name) as file:
        return hashlib.file_digest(file, 'sha256').digest()
