"""Counts of what occurs in a split: classes, key points, depths."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmark.kinds import load_kind
from benchmark.kinds.base import Config
from benchmark.openmmlab.decoding import header_of
from benchmark.specs import CheckResult, Role

_PER_CLASS = 20
"""Samples per class to see in part of a split before an absent class is reported."""

_SHOWN = 5


class Census:
    """Counts what occurs in the checked samples of a split.

    Args:
        request: what the task declares, as :func:`benchmark.compiling.data_request` returns it.
        role: the split.
        size: how many samples it holds.
        names: of the classes, or of the key points.
    """

    def __init__(self, request: Config, role: Role, size: int, names: tuple[str, ...]) -> None:
        present = load_kind(request['kind']).present
        self._present = pkgutil.resolve_name(present) if present else None
        self._names = names if self._present else ()
        self._role = role
        self._size = size
        self._seen = 0
        self._found: set[int] = set()
        self._own: _Depths | _Films | _Masks | None = None
        if request['kind'] == 'depth':
            self._own = _Depths(request['options'])
        elif request['kind'] == 'detection' and request['options'].get('masks', True):
            self._own = _Masks()
        elif request['kind'] == 'tracking':
            self._own = _Films()

    def add(self, sample: dict[str, Any]) -> None:
        """Count what occurs in ``sample``."""
        self._seen += 1
        if self._present is not None:
            self._found.update(self._present(sample).tolist())
        if self._own is not None:
            self._own.add(sample)

    @property
    def lacks_any(self) -> bool:
        """Whether something declared has not been seen."""
        return bool(self.absent)

    @property
    def needed(self) -> int:
        """Number of samples to see before absent names are reported."""
        return min(self._size, _PER_CLASS * len(self._names))

    @property
    def absent(self) -> list[str]:
        """The names that have not been seen, in the order of their numbers."""
        return [name for number, name in enumerate(self._names) if number not in self._found]

    @property
    def is_whole(self) -> bool:
        """Whether every sample was counted."""
        return self._seen == self._size

    @property
    def _can_tell(self) -> bool:
        """Whether enough was seen: a whole split large enough for every class, or many of each."""
        enough = self._seen >= _PER_CLASS * len(self._names)
        return enough or (self.is_whole and self._size >= len(self._names))

    def findings(
        self, train: Census | None, test: Census | None, role: Role
    ) -> Iterator[CheckResult]:
        """Yield findings on absent names; those absent from both splits are refused once."""
        if self._own is not None and self._seen:
            yield from self._own.findings(role, is_whole=self.is_whole)
        if not self._names or not self._seen:
            return
        if not self._found and self.is_whole:
            yield CheckResult(
                f'{role} classes', False, f'none of {self._list_names(self._names)} occurs'
            )
            return
        if role is Role.VAL or not self._can_tell:
            return
        other = {Role.TRAIN: test, Role.TEST: train}[role]
        everywhere = set(other.absent) if other is not None and other._can_tell else set()
        for finding in self._lacking(role, other, everywhere):
            if finding is not None:
                yield finding

    def _lacking(
        self, role: Role, other: Census | None, everywhere: set[str]
    ) -> Iterator[CheckResult | None]:
        both = [name for name in self.absent if name in everywhere]
        alone = [name for name in self.absent if name not in everywhere]
        if both and role is Role.TRAIN and other is not None:
            is_certain = self.is_whole and other.is_whole
            where = 'neither in train nor in test'
            hint = '; the task declares it, or labels are encoded differently (255 means ignored)'
            text = f'{self._list_names(both)} occurs {where}{self._base()}{hint}'
            yield CheckResult('classes', not is_certain, text, is_warning=not is_certain)
        if alone:
            meaning = (
                'it cannot be learned'
                if role is Role.TRAIN
                else 'it does not count in any score of this test'
            )
            text = f'{self._list_names(alone)} does not occur in {role}{self._base()}: {meaning}'
            yield CheckResult(f'{role} classes', True, text, is_warning=True)

    def _base(self) -> str:
        return '' if self.is_whole else f' (in {self._seen} of {self._size} samples)'

    def _list_names(self, names: list[str] | tuple[str, ...]) -> str:
        shown = ', '.join(f"'{name}'" for name in names[:_SHOWN])
        return shown + (f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else '')


class _Depths:
    """The depths of a split, in metres.

    Args:
        options: of the task.
    """

    def __init__(self, options: Config) -> None:
        self._far = float(options.get('max_depth', 0))
        self._near = float(options.get('min_depth', 0))
        self._step = float(options.get('depth_scale', 1e-3))
        self._known, self._scored = 0, 0
        self._least, self._most = np.inf, 0.0
        self._shallow = ''

    def add(self, sample: dict[str, Any]) -> None:
        """Count the depths of a sample."""
        depth = sample['gt_depth_map']
        known = depth[depth > 0]
        if not known.size:
            return
        self._known += known.size
        self._scored += int(((known >= self._near) & (known <= self._far)).sum())
        self._least = min(self._least, float(known.min()))
        self._most = max(self._most, float(known.max()))
        file = sample.get('depth_map_path')
        header = header_of(file) if file and not self._shallow else None
        if header and header.bits == 8 and 255 * self._step < self._far / 2:
            self._shallow = str(file)

    def findings(self, role: Role, *, is_whole: bool) -> Iterator[CheckResult]:
        """Yield findings on the scale of the depths; some maps are enough for them."""
        what = f'{role} depths'
        if self._shallow:
            text = (
                f'{self._shallow}: 8 bits reach {255 * self._step:g} m at depth_scale '
                f'{self._step:g}, the task declares {self._far:g} m; write 16 bits, or declare the '
                "maps' scale"
            )
            yield CheckResult(what, False, text)
            return
        if not self._known:
            yield CheckResult(what, False, 'none of the maps read has a known depth')
            return
        share = self._scored / self._known
        text = (
            f'{share:.0%} of the known depths are within {self._near:g} to {self._far:g} m; they '
            f'reach from {self._least:.4g} to {self._most:.4g} m: check depth_scale '
            f'({self._step:g}) and max_depth'
        )
        if share == 0:
            yield CheckResult(what, False, text)
        elif share < 0.5 or self._most < self._far / 10:
            yield CheckResult(what, True, text, is_warning=True)


class _Films:
    """The films of a split, in which one target is followed."""

    def __init__(self) -> None:
        self._followed = 0

    def add(self, sample: dict[str, Any]) -> None:
        """Count a film."""
        self._followed += bool(np.asarray(sample['visible'])[1:].any())

    def findings(self, role: Role, *, is_whole: bool) -> Iterator[CheckResult]:
        """Yield a finding if nothing is tracked: the box of frame 1 is given, not predicted."""
        if role is Role.TEST and is_whole and not self._followed:
            text = 'no film shows its target after frame 1: nothing to score; add later frames'
            yield CheckResult(f'{role} films', False, text)


class _Masks:
    """The objects of a split whose masks are learned."""

    def __init__(self) -> None:
        self._objects, self._without = 0, 0

    def add(self, sample: dict[str, Any]) -> None:
        """Count the objects of a picture."""
        counted = [item for item in sample['instances'] if not item['ignore_flag']]
        self._objects += len(counted)
        self._without += sum(not item.get('mask') for item in counted)

    def findings(self, role: Role, *, is_whole: bool) -> Iterator[CheckResult]:
        """Yield a finding if an object has none: one is enough, seen in the whole split or not."""
        if self._without:
            text = (
                f'{self._without} of {self._objects} objects have a box, but no mask, though masks '
                'are requested: add masks, or declare options masks=False and a metric of boxes'
            )
            yield CheckResult(f'{role} masks', False, text)
