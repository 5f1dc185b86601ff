"""Mutated copies of data sets, looked at and scored: the same, refused by name, or a fault."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import io
import logging
import math
import random
import re
import shutil
import signal
import traceback
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.registry import DefaultScope

from benchmark.checking.data import check_data
from benchmark.compiling import annotated_splits, compile_trivial, localise
from benchmark.errors import BenchmarkError
from benchmark.execution import jobs
from benchmark.execution.trivial import execute_trivial
from benchmark.kinds.base import DATA
from benchmark.kinds.common.loading import has_places, load_picture
from benchmark.kinds.common.opening import opened
from benchmark.openmmlab.decoding import read_placed
from benchmark.specs import Role, Task
from tests.support.fakes.copies import COPIES
from tests.support.fakes.pictures import depth, labels, picture
from tests.support.kind_trials import declare
from tests.support.mutations import Change, drawn
from tests.support.task_trials import Trial, small_task

LIMIT = 60
"""Seconds after which a case hangs."""

CELL_LIMIT = 300
"""Seconds after which a cell of two iterations does, on a machine that does other things too."""


def _folders(root: Path) -> None:
    for role, count in (('train', 3), ('test', 2)):
        for name in ('ant', 'bee'):
            for i in range(count):
                picture(root / role / name / f'{role}{i}.jpg')


def _depth_folders(root: Path) -> None:
    for role, count in (('train', 4), ('test', 2)):
        for i in range(count):
            picture(root / role / f'image/{i}.jpg', (96, 128))
            depth(root / role / f'depth/{i}.png', scale=1e-3, far=10, size=(96, 128))


def _masks(root: Path) -> None:
    for role, count in (('train', 4), ('test', 3)):
        for i in range(count):
            picture(root / role / f'image/{i}.jpg')
            labels(root / role / f'mask/{i}.png', 3)


_OWN: dict[str, tuple[Callable[[Path], None], dict[str, Any], dict[str, Any]]] = {
    'folders': (
        _folders,
        {
            'kind': 'classification',
            'input_size': (64, 64),
            'classes': ('ant', 'bee'),
            'splits': {'train': 6, 'test': 4},
            'metric': 'accuracy',
            'metrics': ('mean_class_accuracy',),
        },
        {
            'type': 'benchmark.ImageFolders',
            'train': {'data_prefix': 'train'},
            'test': {'data_prefix': 'test'},
        },
    ),
    'masks': (
        _masks,
        {
            'kind': 'segmentation',
            'input_size': (32, 48),
            'classes': ('a', 'b', 'c'),
            'splits': {'train': 4, 'test': 3},
            'metric': 'mIoU',
            'options': {'width': 16},
        },
        {
            'type': 'mmseg.BaseSegDataset',
            'img_suffix': '.jpg',
            'seg_map_suffix': '.png',
            'train': {'data_prefix': {'img_path': 'train/image', 'seg_map_path': 'train/mask'}},
            'test': {'data_prefix': {'img_path': 'test/image', 'seg_map_path': 'test/mask'}},
        },
    ),
    'depth-folders': (
        _depth_folders,
        {
            'kind': 'depth',
            'input_size': (96, 128),
            'classes': ('depth',),
            'splits': {'train': 4, 'test': 2},
            'metric': 'rmse',
            'metrics': ('abs_rel',),
            'options': {'max_depth': 10, 'width': 8},
        },
        {
            'type': 'benchmark.DepthFolders',
            'train': {'data_prefix': {'img_path': 'train/image', 'depth_path': 'train/depth'}},
            'test': {'data_prefix': {'img_path': 'test/image', 'depth_path': 'test/depth'}},
        },
    ),
}

SOURCES = (
    'folders', 'places205', 'oxford-pets', 'voc2007', 'inat2019', 'masks', 'ade20k',
    'voc2012-aug', 'coco-detection', 'lvis', 'voc-detection', 'nyuv2', 'depth-folders',
    'coco-pose', 'ap10k', 'got10k', 'dancetrack', 'mot20',
)  # fmt: skip
"""Every kind of task, and every kind of file that one reads."""


class Reading(NamedTuple):
    """What a data set is to the product: its trivial scores, and its samples, whatever order."""

    scores: Mapping[str, float]
    samples: tuple[str, ...]


class Case(NamedTuple):
    """What became of a mutation: 'same', 'refused', 'warned', 'other', or a fault.

    Faults are 'wrong', 'traceback', 'hang' and 'unnamed'.
    """

    source: str
    seed: int
    kind: str
    mutation: str
    result: str
    detail: str


FAULTS = ('wrong', 'traceback', 'hang', 'unnamed')


class Hang(BaseException):
    """A case took too long."""


@contextlib.contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Source:
    """A copy of a data set below ``folder`` and its task, which declares what it holds."""

    name: str
    folder: Path

    def __post_init__(self) -> None:
        """Write the copy and read what it is."""
        gc.freeze()  # mmengine collects garbage at each opening: spare it the libraries' objects
        logging.disable(logging.CRITICAL)
        self.original = self.folder / 'original'
        if self.name in _OWN:
            builder, task, data = _OWN[self.name]
            self.folder.mkdir(parents=True, exist_ok=True)
            builder(self.original)
            self.task: Task = declare(
                self.folder, {'name': self.name, **task}, {'root': '.', **data}
            )
        else:
            COPIES[self.name](self.original)
            self.task = self._counted(small_task(self.name))
        self.before = self.reading(self.original)
        self.quiet = self._lines(self.original)[1]
        self.trained: Any = None

    def _counted(self, task: Task) -> Task:
        sizes = {role: len(split) for role, split in _opened(task, self.original)}
        return replace(task, splits=sizes, tree={})

    def reading(self, data: Path) -> Reading:
        """Return what the data are read as.

        Raises:
            BenchmarkError: they cannot be read.
        """
        scores = execute_trivial(localise(compile_trivial(self.task), {DATA: str(data)})).raw
        used = [s for role, s in _opened(self.task, data) if role is not Role.VAL]
        samples = [f'{i} {one}' for i, s in enumerate(used) for one in _samples(s)]
        return Reading(scores, tuple(sorted(samples)))

    def _lines(self, data: Path) -> tuple[list[str], list[str]]:
        """Return what `check data` finds broken, and what it warns of."""
        found = check_data(self.task, data, full=True)
        bad = [f'{one.what}: {one.detail}' for one in found if not one.is_ok]
        odd = [f'{one.what}: {one.detail}' for one in found if one.is_ok and one.is_warning]
        return bad, odd

    def case(self, seed: int, *, trains: bool = False) -> Case:
        """Return what becomes of the mutation that ``seed`` draws."""
        rng = random.Random(zlib.crc32(f'{self.name} {seed}'.encode()))
        data = self.folder / 'mutated'
        change = None
        draws = drawn(rng)
        while change is None:
            kind, name, mutate = next(draws)
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(self.original, data, symlinks=True)
            change = mutate(data, rng)
        result, detail = self._judged(data, change, trains=trains)
        return Case(self.name, seed, kind, name, result, detail)

    def _judged(self, data: Path, change: Change, *, trains: bool) -> tuple[str, str]:
        try:
            with _silent():
                with _limited(LIMIT):
                    result = self._compared(data, change)
                if trains and result[0] not in FAULTS:
                    with _limited(2 * CELL_LIMIT):
                        return self._trained(data, change, result)
                return result
        except Hang:
            return 'hang', f'more than {LIMIT} s, or {CELL_LIMIT} s to train'
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            return 'traceback', f'{type(error).__name__}: {error} ({place.filename}:{place.lineno})'

    def _compared(self, data: Path, change: Change) -> tuple[str, str]:
        try:
            bad, odd = self._lines(data)
        except BenchmarkError as error:  # the files cannot even be identified
            bad, odd = [str(error)], []
        if bad:  # a run ends here
            return _named(bad, change, data)
        odd = [
            line for line in odd if line.replace(str(data), str(self.original)) not in self.quiet
        ]
        try:
            after = self.reading(data)
        except BenchmarkError as error:
            return _named([str(error)], change, data)
        if _equal(after.scores, self.before.scores) and after.samples == self.before.samples:
            return 'same', ''
        detail = f'{dict(after.scores)} instead of {dict(self.before.scores)}'
        if odd:
            return 'warned', '; '.join(odd)
        if change.keeps and not self._may_differ(change):
            return 'wrong', f'{detail}, {_differences(after, self.before)}'
        return 'other', detail

    def _may_differ(self, change: Change) -> bool:
        """Whether a tag alone decides: it turns pictures with a class alone, and never a film."""
        return self.task.kind in ('classification', 'tracking') and all(
            _has_tag(path) for path in change.files
        )

    def _trained(self, data: Path, change: Change, before: tuple[str, str]) -> tuple[str, str]:
        """Return the case after a cell of two iterations, whose scores must be as good."""
        if self.trained is None:
            self.trained = self._cell(self.original)
            if self.trained['error']:
                return 'traceback', f'the whole copy: {self.trained["error"]}'
        found = self._cell(data)
        if found['error']:
            if not found['user_error']:
                return 'traceback', f'training: {found["error"]}'
            if before[0] == 'same':
                return 'wrong', f'refused by training alone: {found["error"]}'
            return before[0], f'{before[1]} | training: {found["error"]}'
        numbers = found['raw'].values()
        if (
            before[0] == 'same'
            and change.keeps_order
            and not _equal(found['raw'], self.trained['raw'])
        ):
            return 'wrong', f'training: {found["raw"]} instead of {self.trained["raw"]}'
        if not all(map(math.isfinite, numbers)):
            return 'wrong', f'training: {found["raw"]}'
        return before

    def _cell(self, data: Path) -> dict[str, Any]:
        work = self.folder / 'work'
        shutil.rmtree(work, ignore_errors=True)
        changes = {'batch_size': 1} if self.task.kind == 'mot' else {}
        config = Trial(self.task, data, work, changes=changes).config()
        return jobs.answer({'job': 'train', 'config': config, 'folder': str(work)})


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _opened(task: Task, data: Path) -> list[tuple[Role, Any]]:
    config = localise(annotated_splits(task), {DATA: str(data)})
    for module in config['custom_imports']:
        importlib.import_module(module)
    with _silent(), DefaultScope.overwrite_default_scope(config['default_scope']):
        return [(Role(role), opened(of=one)) for role, one in config['splits'].items()]


_LABELS = (
    'gt_label', 'instances', 'bbox', 'bbox_label', 'ignore_flag', 'keypoints', 'boxes', 'mask',
    'keypoints_visible', 'visible', 'tracks', 'labels', 'gt_bboxes', 'identities', 'area',
)  # fmt: skip


def _samples(split: Any) -> Iterator[str]:
    """Yield each sample's pixels and labels, by their digests."""
    is_placed = has_places(getattr(split, 'datasets', [split])[0])
    for index in range(len(split)):
        info = split.get_data_info(index)
        parts = [_rendered({k: v for k, v in _unordered(info).items() if k in _LABELS})]
        if 'frames' in info:
            parts += [_digest(read_placed(str(path))) for path in info['frames']]
        else:
            parts.append(_digest(load_picture(info, is_placed=is_placed)))
        parts.append(_label_map(split, index))
        yield ' '.join(parts)


def _unordered(info: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a frame with its identities and boxes in an order of their own."""
    if 'ids' not in info:
        return info
    return {
        'boxes': sorted(
            [one, *box]
            for one, box in zip(info['ids'].tolist(), info['boxes'].tolist(), strict=True)
        )
    }


def _label_map(split: Any, index: int) -> str:
    info = split.get_data_info(index)
    if not info.get('seg_map_path') and not info.get('depth_map_path'):
        return ''
    sample = split[index]
    found = sample.get('gt_seg_map', sample.get('gt_depth_map'))
    return _digest(np.asarray(found, np.float64)) if found is not None else ''


def _digest(values: np.ndarray) -> str:
    head = f'{values.shape}'.encode()
    return hashlib.sha256(head + np.ascontiguousarray(values).tobytes()).hexdigest()[:12]


def _rendered(value: Any) -> str:
    """Return labels as text that does not depend on ids or the order of keys and instances."""
    if isinstance(value, Mapping):
        return str(sorted((k, _rendered(v)) for k, v in value.items() if k in _LABELS))
    if isinstance(value, np.ndarray):
        return _rendered(value.tolist())
    if isinstance(value, list | tuple):
        found = [_rendered(one) for one in value]
        return str(sorted(found) if value and isinstance(value[0], Mapping) else found)
    return f'{float(value):.4f}' if isinstance(value, int | float) else str(value)


def _equal(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one.keys() == other.keys() and all(
        math.isclose(one[key], other[key], rel_tol=1e-6, abs_tol=1e-9)
        or (math.isnan(one[key]) and math.isnan(other[key]))
        for key in one
    )


def _differences(after: Reading, before: Reading) -> str:
    count = len(set(before.samples) - set(after.samples))
    return f'{count} of {len(before.samples)} samples differ'


def _named(bad: list[str], change: Change, data: Path) -> tuple[str, str]:
    """Return that a mutation is refused; 'unnamed' where no line says by which file or number."""
    text = ' | '.join(bad)
    if any('\n' in line for line in bad):
        return 'unnamed', f'more than one line: {text}'
    if 'Traceback' in text:
        return 'unnamed', text
    names = {str(data)} | {path.name for path in change.files}
    is_size = re.search(r'(train|val|test) size: \d+ samples, declared \d+', text)
    is_class = re.search(r"classes: .*'.+'|names: .*'.+'", text)
    if any(name in text for name in names) or is_size or is_class:
        return 'refused', text.replace(f'{data}/', '')
    return 'unnamed', text


def _has_tag(path: Path) -> bool:
    from PIL import Image

    if not path.is_file():
        return False
    with Image.open(path) as image:
        return image.getexif().get(0x0112, 1) != 1
