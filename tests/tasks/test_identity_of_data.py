"""Every file that a task reads is part of what identifies its data, and labels are never old."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmengine.registry import DefaultScope

from benchmark.compiling import annotated_splits, localise, names_and_sizes
from benchmark.kinds.base import DATA
from benchmark.kinds.common.opening import opened
from benchmark.planning.contents import DataReader, Level, identifying_files
from benchmark.specs import Task
from tests.support.fakes.copies import COPIES
from tests.support.task_trials import fake_root, small_task

_LABELS_IN_NAMES = {'cifar10', 'cifar100', 'cifar100-1k', 'imagenet1k'}

_WATCHING: list[set[Path]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _WATCHING and event == 'open' and isinstance(arguments[0], str | Path):
        _WATCHING[-1].add(Path(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[set[Path]]:
    """Collect the files that are opened."""
    _WATCHING.append(set())
    try:
        yield _WATCHING[-1]
    finally:
        _WATCHING.pop()


def targets(task: Task, root: Path) -> dict[str, list[Any]]:
    """Return what each split of a task hands out, its annotations loaded."""
    config = annotated_splits(task)
    for module in config['custom_imports']:
        __import__(module)
    with DefaultScope.overwrite_default_scope(config['default_scope']):
        splits = {
            role: opened(of=localise(split, {DATA: str(root)}))
            for role, split in config['splits'].items()
        }
        return {role: [split[i] for i in range(len(split))] for role, split in splits.items()}


def plain(value: Any) -> Any:
    """Return samples in a form that can be compared."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if key != 'sample_idx'}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


@pytest.mark.parametrize('name', sorted(COPIES))
def test_every_file_with_labels_counts(name: str, tmp_path: Path) -> None:
    task = small_task(name)
    root = fake_root(name, tmp_path)
    with watched() as seen:
        targets(task, root)
    known = identifying_files(task, root)
    read = {path for path in seen if path.is_relative_to(root) and path.is_file()}
    assert read or name in _LABELS_IN_NAMES
    assert sorted(path.relative_to(root).as_posix() for path in read - known) == []


Correction = Callable[[Path], object]


def _replaced(name: str, old: str, new: str) -> Correction:
    """Return what puts ``new`` in the place of ``old``, which is as long, everywhere in a file."""
    assert len(old) == len(new)

    def correct(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return correct


def _swapped(folder: str) -> Correction:
    """Return what exchanges two rows of pixels in the first map of a folder, size unchanged."""

    def correct(root: Path) -> None:
        path = min((root / folder).glob('**/*.png'))
        values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        values[[12, -1]] = values[[-1, 12]]
        cv2.imwrite(str(path), values)

    return correct


CORRECTIONS: dict[str, tuple[str, Correction]] = {
    'list of classes': ('places205', _replaced('train_places205.csv', '0.jpg 0', '0.jpg 1')),
    'objects': ('voc2007', _replaced('Annotations/800001.xml', 'aeroplane', 'tvmonitor')),
    'label map': ('ade20k', _swapped('annotations/training')),
    'depth map': ('nyuv2', _swapped('sync')),
    'boxes': (
        'coco-detection',
        _replaced('annotations/instances_train2017.json', '[4, 5, 24, 22]', '[6, 7, 20, 18]'),
    ),
    'boxes in films': (
        'got10k',
        _replaced('got10k/train/GOT-10k_Train_000001/groundtruth.txt', '5,8,20,16', '6,9,21,17'),
    ),
    'identities': ('mot17', _replaced('train/MOT17-02-FRCNN/gt/gt.txt', ',14,30,', ',15,31,')),
    'key points': (
        'coco-pose',
        _replaced('annotations/person_keypoints_train2017.json', '"bbox": [6.0', '"bbox": [7.0'),
    ),
}


@pytest.mark.parametrize('what', CORRECTIONS)
def test_a_correction_of_the_same_size_makes_new_data_with_new_targets(
    what: str, tmp_path: Path
) -> None:
    name, correct = CORRECTIONS[what]
    task = small_task(name)
    root = fake_root(name, tmp_path)
    sizes = names_and_sizes(root, task.tree)
    before = DataReader(tmp_path / 'cache').manifest(task, root).digest
    quick = DataReader(level=Level.QUICK).manifest(task, root).digest
    old = plain(targets(task, root)['train'])
    correct(root)
    if what not in ('label map', 'depth map'):  # whose compressed size may differ
        assert names_and_sizes(root, task.tree) == sizes
    assert DataReader(tmp_path / 'cache').manifest(task, root).digest != before
    assert DataReader(level=Level.QUICK).manifest(task, root).digest != quick
    assert plain(targets(task, root)['train']) != old
