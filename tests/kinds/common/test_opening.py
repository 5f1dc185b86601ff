"""Whatever is wrong with a data set names the argument, or the file, that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmark.openmmlab import prepare

prepare()

import mmdet.datasets  # noqa: E402, F401
import mmseg.datasets  # noqa: E402
from mmengine.registry import DATASETS, DefaultScope  # noqa: E402

from benchmark.catalog import shipped_tasks  # noqa: E402
from benchmark.checking.data import check_arguments  # noqa: E402
from benchmark.compiling import compile_trivial, data_request  # noqa: E402
from benchmark.errors import DataError, DeclarationError, UnknownNameError  # noqa: E402
from benchmark.kinds.common.opening import (  # noqa: E402
    expecting,
    is_broken,
    key_of,
    misfit,
    opened,
)
from tests.support.declarations import Declarations  # noqa: E402

OneLine = Callable[[BaseException], str]
LOADING = [{'type': 'LoadImageFromFile'}, {'type': 'mmseg.LoadAnnotations'}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, suffix in (('images', '.jpg'), ('labels', '.png')):
        (tmp_path / name).mkdir()
        for index in range(3):
            noise = np.random.default_rng(index).integers(0, 3, (40, 60, 3), np.uint8)
            cv2.imwrite(str(tmp_path / name / f'{index}{suffix}'), noise[..., 0])
    return tmp_path


def segmentation(folder: Path) -> dict[str, Any]:
    return {
        'type': 'mmseg.BaseSegDataset',
        'data_root': str(folder),
        'data_prefix': {'img_path': 'images', 'seg_map_path': 'labels'},
        'metainfo': {'classes': ('a', 'b', 'c')},
        'pipeline': LOADING,
    }


def built(config: dict[str, Any]) -> Any:
    with DefaultScope.overwrite_default_scope('mmseg'):
        return DATASETS.build({'type': 'benchmark.Opened', 'of': config})


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def test_a_good_data_set_is_itself(folder: Path) -> None:
    dataset = built(segmentation(folder))
    assert type(dataset) is mmseg.datasets.BaseSegDataset
    assert len(dataset) == 3
    assert dataset[1]['gt_seg_map'].shape == (40, 60)
    assert len(dataset.pipeline.transforms) == 2


@pytest.mark.parametrize('broken', ['images/1.jpg', 'labels/1.png'])
def test_a_sample_that_cannot_be_loaded_names_its_broken_file_alone(
    folder: Path, broken: str, one_line: OneLine
) -> None:
    (folder / broken).write_bytes(b'nothing')
    dataset = built(segmentation(folder))
    assert dataset[0]
    with pytest.raises(DataError) as caught:
        dataset[1]
    assert one_line(caught.value) == f'{folder / broken}: cannot be read as a picture'
    (folder / broken).unlink()
    with pytest.raises(DataError) as caught:
        dataset[1]
    assert one_line(caught.value) == f'{folder / broken}: no such file'


def test_a_sample_of_whole_files_that_cannot_be_loaded_names_them_all(
    folder: Path, one_line: OneLine
) -> None:
    dataset = built(
        {**segmentation(folder), 'pipeline': [*LOADING, {'type': 'Resize', 'scale': (8, 8)}]}
    )
    dataset.pipeline.transforms[-1].transform = lambda results: results['absent']
    with pytest.raises(DataError) as caught:
        dataset[1]
    assert one_line(caught.value) == (
        f'{folder}/images/1.jpg, {folder}/labels/1.png: sample cannot be loaded '
        "(KeyError: 'absent')"
    )


def test_a_truncated_picture_is_broken_as_it_is_to_training(folder: Path) -> None:
    picture = folder / 'images/2.jpg'
    assert not is_broken(str(picture))
    cut(picture)
    assert is_broken(str(picture))
    with pytest.raises(DataError, match=r'images/2\.jpg'):
        built(segmentation(folder))[2]


def test_broken_annotations_name_their_file(tmp_path: Path, one_line: OneLine) -> None:
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps({'images': [], 'annotations': []})[:-9])
    config = {'type': 'mmdet.CocoDataset', 'data_root': str(tmp_path), 'ann_file': 'boxes.json'}
    with pytest.raises(DataError) as caught:
        built(config)
    assert one_line(caught.value).startswith(f'{path}: not JSON (')


@pytest.mark.parametrize(
    ('changes', 'part'),
    [
        ({'imgsuffix': '.jpg'}, "no argument 'imgsuffix'; did you mean 'img_suffix'? (it takes: "),
        ({'dataprefix': {}}, "no argument 'dataprefix'; did you mean 'data_prefix'?"),
        ({'type': 'mmseg.ADE20KDataset', 'imgsuffix': ''}, "did you mean 'img_suffix'"),
        ({'type': 'mmseg.ADE20KDataset', 'metainf': {}}, "did you mean 'metainfo'"),
    ],
)
def test_a_misspelt_argument(folder: Path, changes: dict[str, Any], part: str) -> None:
    with pytest.raises(DataError) as caught:
        built({**segmentation(folder), **changes})
    assert part in str(caught.value)


def test_a_misspelt_argument_of_a_part_or_of_a_slice(folder: Path) -> None:
    one = {'type': 'mmseg.BaseSegDataset', 'imgsuffix': '.jpg'}
    joined = {'type': 'benchmark.Joined', 'of': one['type'], 'parts': ({'times': 2}, one)}
    slice_ = {'type': 'benchmark.HeldOut', 'of': one, 'every': 2, 'test_mode': True}
    with DefaultScope.overwrite_default_scope('mmseg'):
        for config in (joined, slice_):
            assert "'imgsuffix'; did you mean 'img_suffix'?" in misfit(config)
        joined['parts'] = ({'times': 2},)
        assert not misfit(joined)


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('mmseg.ADE20Dataset', "did you mean 'mmseg.ADE20KDataset'?"),
        ('ADE20Dataset', "did you mean 'ADE20KDataset'?"),
        ('mmpretrain.CustomDatset', "did you mean 'mmpretrain.CustomDataset'?"),
        ('benchmark.Folders', ''),
    ],
)
def test_an_unknown_data_set(name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError, match=rf"unknown data set '{name}'") as caught:
        built({'type': name})
    assert hint in str(caught.value)


@pytest.mark.parametrize('name', shipped_tasks())
def test_the_libraries_take_the_arguments_of_every_shipped_task(name: str) -> None:
    check_arguments(shipped_tasks()[name])


@pytest.mark.parametrize('name', shipped_tasks())
def test_a_cell_knows_the_splits_of_every_task_as_the_look_at_its_data_does(name: str) -> None:
    task = shipped_tasks()[name]
    looked_at, cell = data_request(task)['splits'], compile_trivial(task)
    assert key_of(cell['train_dataset']) == key_of(looked_at['train'])
    assert key_of(cell['test_dataloader']['dataset']) == key_of(looked_at['test'])
    assert key_of(looked_at['train']) != key_of(looked_at['test'])


@pytest.mark.parametrize(
    ('sizes', 'refusal'),
    [(4, 'images: holds 3 samples, but held 4'), (2, 'but held 2'), (3, ''), (None, '')],
)
def test_a_split_must_have_the_size_that_it_had_when_it_was_looked_at(
    folder: Path, sizes: int | None, refusal: str, one_line: OneLine
) -> None:
    prefix = {'img_path': 'images', 'seg_map_path': 'labels'}
    split = {'type': 'mmseg.BaseSegDataset', 'data_root': str(folder), 'data_prefix': prefix,
             'pipeline': []}  # fmt: skip
    known = {} if sizes is None else {key_of({**split, 'pipeline': LOADING}): sizes}
    with DefaultScope.overwrite_default_scope('mmseg'), expecting(known):
        if refusal:
            with pytest.raises(DataError) as caught:
                opened(of=split)
            assert refusal in one_line(caught.value)
        else:
            assert len(opened(of=split)) == 3
    with DefaultScope.overwrite_default_scope('mmseg'):
        assert len(opened(of=split)) == 3


def test_a_task_is_refused_by_file_split_and_key(declare: Declarations) -> None:
    from benchmark.catalog import read_task

    path = declare.task({'test': {'ann_file': 'x', 'imgsuffix': '.png'}})
    with pytest.raises(DeclarationError) as caught:
        check_arguments(read_task(path))
    assert str(caught.value).startswith(
        f"{path}: data of 'test': mmseg.BaseSegDataset has no argument 'imgsuffix'; did you mean"
    )


def test_opened_leaves_the_configuration_as_it_was(folder: Path) -> None:
    config = segmentation(folder)
    with DefaultScope.overwrite_default_scope('mmseg'):
        opened(of=config)
    assert config == segmentation(folder)
