"""Declarations that are drafted from folders are whole: they compile, and their data pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.checking.data import check_data
from benchmark.checking.drafting import NewTask, write_task
from benchmark.compiling import check_compiles
from benchmark.errors import BenchmarkError
from benchmark.kinds import kind_names, load_kind
from benchmark.openmmlab import prepare
from tests.support import own_folders
from tests.support.fakes.pictures import depth, lines, picture
from tests.support.own_folders import LAYOUTS, Layout, stripes

prepare()


def drafted(kind: str, root: Path) -> NewTask:
    return write_task(kind, root / 'mine', data_root=root, out=root / 'my_task.py')


@pytest.mark.parametrize('layout', LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_becomes_a_task_whose_data_pass(layout: Layout, tmp_path: Path) -> None:
    layout.write(tmp_path / 'mine')
    new = drafted(layout.kind, tmp_path)
    assert new.faults == ()
    assert {role.value: count for role, count in new.task.splits.items()} == layout.counts
    assert new.task.classes == layout.classes
    assert new.task.source.root == 'mine'
    assert check_compiles(new.task)
    wrong = [one for one in check_data(new.task, tmp_path / 'mine') if not one.is_ok]
    assert wrong == []


@pytest.mark.parametrize('name', ['classes', 'maps', 'boxes', 'key points', 'depths', 'films'])
def test_a_small_task_compiles_and_is_cheaper(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    layout.write(tmp_path / 'mine')
    task = write_task(
        layout.kind, tmp_path / 'mine', data_root=tmp_path, out=tmp_path / 'a.py', small=True
    ).task
    assert max(task.input_size) <= 224
    assert dict(load_kind(task.kind).small.get('options', {})).items() <= dict(task.options).items()
    assert check_compiles(task)


def test_every_kind_has_drafts_and_a_layout() -> None:
    assert {layout.kind for layout in LAYOUTS.values()} == set(kind_names())
    assert all(load_kind(name).draft for name in kind_names())


def test_data_elsewhere_are_named_by_their_whole_path(tmp_path: Path) -> None:
    own_folders.classes(tmp_path / 'mine')
    new = write_task(
        'classification', tmp_path / 'mine', data_root=tmp_path / 'data', out=tmp_path / 'a.py'
    )
    assert new.task.source.root == str((tmp_path / 'mine').resolve())


def test_nothing_is_written_over(tmp_path: Path) -> None:
    own_folders.classes(tmp_path / 'mine')
    (tmp_path / 'my_task.py').write_text('precious')
    with pytest.raises(BenchmarkError, match='exists already'):
        drafted('classification', tmp_path)
    assert (tmp_path / 'my_task.py').read_text() == 'precious'


def test_outlines_that_are_boxes_are_no_masks(tmp_path: Path) -> None:
    own_folders.boxes(tmp_path / 'mine')
    task = drafted('detection', tmp_path).task
    assert (task.options['masks'], task.metric.key) == (False, 'box_AP')


def test_outlines_are_masks(tmp_path: Path) -> None:
    own_folders.boxes_beside_pictures(tmp_path / 'mine')
    task = drafted('detection', tmp_path).task
    assert ('masks' in task.options, task.metric.key) == (False, 'mask_AP')


def test_left_and_right_are_swapped_by_a_flip(tmp_path: Path) -> None:
    own_folders.key_points(tmp_path / 'mine')
    task = drafted('pose', tmp_path).task
    info = next(iter(task.datasets.values()))['metainfo']
    assert info['flip_pairs'] == ((1, 2),)
    assert info['skeleton'] == ((0, 1), (0, 2), (0, 3))


@pytest.mark.parametrize(
    ('names', 'pairs'),
    [
        (('left_eye', 'right_eye', 'nose'), ((0, 1),)),
        (('RightPaw', 'LeftPaw'), ((0, 1),)),
        (('L_hip', 'R_hip', 'tail'), ((0, 1),)),
        (('ear-l', 'ear-r'), ((0, 1),)),
        (('tail', 'rump'), ()),
    ],
)
def test_pairs_are_found_by_their_names(
    names: tuple[str, ...], pairs: tuple[tuple[int, int], ...]
) -> None:
    from benchmark.kinds.pose.draft import flip_pairs

    assert flip_pairs(names) == pairs


def test_depths_are_measured(tmp_path: Path) -> None:
    own_folders.depths(tmp_path / 'mine')
    options = drafted('depth', tmp_path).task.options
    # from a tenth to nine tenths of 8 m, evenly
    assert options['max_depth'] == 8
    assert options['mean_depth'] == pytest.approx(4.05, abs=0.05)


def _binary(root: Path) -> None:
    for role in ('train', 'test'):
        picture(root / 'images' / role / '0.jpg')
        stripes(root / 'masks' / role / '0.png', (0, 255))


def _colours(root: Path) -> None:
    for role in ('train', 'test'):
        picture(root / 'images' / role / '0.jpg')
        picture(root / 'masks' / role / '0.png')


def _too_few_names(root: Path) -> None:
    own_folders.maps(root)
    lines(root / 'classes.txt', 'one')


def _one_file(root: Path) -> None:
    own_folders.boxes(root)
    content = json.loads((root / 'annotations/train.json').read_text())
    for path in (root / 'annotations').iterdir():
        path.unlink()
    (root / 'annotations/all.json').write_text(json.dumps(content))


def _pictures_elsewhere(root: Path) -> None:
    own_folders.boxes(root)
    for path in (root / 'images').iterdir():
        path.unlink()


def _no_lists(root: Path) -> None:
    own_folders.films(root)
    (root / 'test/list.txt').unlink()


def _eight_bits(root: Path) -> None:
    for role in ('train', 'test'):
        picture(root / role / 'rgb' / '0.jpg')
        stripes(root / role / 'depth' / '0.png', (1, 2))


def _unknown_depths(root: Path) -> None:
    for role in ('train', 'test'):
        picture(root / role / 'rgb' / '0.jpg')
        depth(root / role / 'depth' / '0.png', scale=1e9, far=8.0)


def _loose_pictures(root: Path) -> None:
    own_folders.classes(root)
    picture(root / 'stray.jpg')


REFUSED: dict[str, tuple[str, Callable[[Path], None], tuple[str, ...]]] = {
    'an empty folder': ('classification', lambda root: root.mkdir(), ('no picture',)),
    'pictures beside the folders': ('classification', _loose_pictures, ('needs its own folder',)),
    'binary masks': ('segmentation', _binary, ('0 and 255', 'write 1 for the object')),
    'masks in colours': ('segmentation', _colours, ('colour picture', 'one channel')),
    'too few names': ('segmentation', _too_few_names, ('names 1 classes', 'contain 2')),
    'no maps': ('segmentation', own_folders.classes, ('no folder of label maps',)),
    'one file without splits': (
        'detection',
        _one_file,
        ('the name all.json contains no split', 'train.json'),
    ),
    'pictures that are nowhere': ('detection', _pictures_elsewhere, ('is nowhere',)),
    'boxes for key points': ('pose', own_folders.boxes, ('key points', 'train.json')),
    'films without a list': ('tracking', _no_lists, ('no list.txt', 'ls -d */')),
    'depths of 8 bits': ('depth', _eight_bits, ('uint8', '16 bits')),
    'depths that are unknown': ('depth', _unknown_depths, ('all depths are 0',)),
    'no films': ('mot', own_folders.films, ('seqinfo.ini',)),
}


@pytest.mark.parametrize(('kind', 'write', 'parts'), REFUSED.values(), ids=REFUSED)
def test_what_is_no_such_data_is_refused_in_one_line(
    kind: str,
    write: Callable[[Path], None],
    parts: tuple[str, ...],
    tmp_path: Path,
    one_line: Callable[[BaseException], str],
) -> None:
    write(tmp_path / 'mine')
    with pytest.raises(BenchmarkError) as caught:
        drafted(kind, tmp_path)
    message = one_line(caught.value)
    assert str(tmp_path) in message
    assert [part for part in parts if part not in message] == []
    assert not (tmp_path / 'my_task.py').exists()
