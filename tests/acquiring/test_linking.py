"""Archives that stand for a data set give the samples and the digest of the unpacked folder."""

from __future__ import annotations

import importlib
import random
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, DefaultScope

from benchmark import packed
from benchmark.acquiring.declared import distributions, serving
from benchmark.acquiring.getting import Shelf, get, is_there, remove_data
from benchmark.acquiring.linking import link_archives
from benchmark.catalog import shipped_tasks
from benchmark.cli.main import main
from benchmark.errors import DataError
from benchmark.planning.contents import DataReader
from benchmark.planning.data import expected_folder
from tests.support.fakes.copies import COPIES
from tests.support.releases import in_miniature
from tests.support.task_trials import Trial, small_task

DECLARED = distributions()
TASKS = shipped_tasks()


def shelf_of(name: str, data_root: Path) -> Shelf:
    return Shelf(data_root, serving(name, DECLARED)[0])


def packed_whole(folder: Path, archive: Path) -> Path:
    """Pack a folder, under its own name, as one archive."""
    files = sorted(path for path in folder.rglob('*') if path.is_file())
    if archive.suffix == '.zip':
        with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED) as zipped:
            for path in files:
                zipped.write(path, path.relative_to(folder.parent))
    else:
        with tarfile.open(archive, 'w') as tarred:
            for path in files:
                tarred.add(path, path.relative_to(folder.parent))
    return archive


def samples(name: str, folder: Path, work: Path) -> list[str]:
    """Return all samples of the splits of a task as text and digests, without their folder."""
    config = Trial(small_task(name), folder, work).config()
    found = []
    for module in config['custom_imports']:
        importlib.import_module(module)
    with DefaultScope.overwrite_default_scope(config['default_scope']):
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            if not config.get(loader):
                continue
            random.seed(0)
            np.random.seed(0)
            torch.manual_seed(0)
            dataset: BaseDataset = DATASETS.build(config[loader]['dataset'])
            found += [described(dataset[index], folder) for index in range(len(dataset))]
    assert found
    return found


def described(value: Any, folder: Path) -> str:
    """Return a sample in words, arrays by their bytes, paths relative to the folder."""
    if isinstance(value, torch.Tensor):
        value = value.numpy()
    if isinstance(value, np.ndarray):
        return f'{value.shape} {value.dtype} {hash(value.tobytes())}'
    if isinstance(value, dict):
        return str({key: described(item, folder) for key, item in sorted(value.items())})
    if isinstance(value, list | tuple):
        return str([described(item, folder) for item in value])
    if hasattr(value, 'all_items'):
        return described(dict(value.all_items()), folder)
    text = str(value).replace(str(folder), '')
    return text if ' at 0x' not in text else type(value).__name__


@pytest.mark.parametrize(
    ('name', 'form'),
    [
        ('imagenet1k', 'a.zip'),
        ('imagenet1k', 'a.tar'),
        ('coco-detection', 'a.zip'),
        ('ade20k', 'a.tar'),
        ('voc2012-aug', 'a.zip'),
        ('mot17', 'a.zip'),
        ('nyuv2', 'a.zip'),
    ],
)
def test_samples_and_digest_are_those_of_the_unpacked_folder(
    name: str, form: str, tmp_path: Path
) -> None:
    plain = expected_folder(TASKS[name], tmp_path / 'plain')
    COPIES[name](plain)
    archive = packed_whole(plain, tmp_path / form)
    shelf = shelf_of(name, tmp_path / 'data')
    link_archives(shelf, [archive], [TASKS[name]])
    linked = expected_folder(TASKS[name], tmp_path / 'data')
    assert any(path.is_symlink() for path in linked.rglob('*'))
    assert not any(path.suffix == '.jpg' for path in linked.rglob('*') if path.is_file())
    task = in_miniature(TASKS[name], plain)
    assert is_there(shelf, [task])
    reader = DataReader()
    assert reader.manifest(task, linked).digest == reader.manifest(task, plain).digest
    assert samples(name, linked, tmp_path / 'w1') == samples(name, plain, tmp_path / 'w2')


def test_official_archives_stand_for_the_folders_that_they_unpack_into(tmp_path: Path) -> None:
    COPIES['coco-detection'](tmp_path / 'coco')
    archives = []
    for inner, name in (
        ('train2017', 'train2017.zip'),
        ('val2017', 'val2017.zip'),
        ('annotations', 'annotations_trainval2017.zip'),
    ):
        archives.append(packed_whole(tmp_path / 'coco' / inner, tmp_path / name))
    shelf = shelf_of('coco-detection', tmp_path / 'data')
    done = link_archives(shelf, archives, [TASKS['coco-detection']])
    assert done[0] == 'train2017.zip: 1 folders stay inside, 0 files copied out'
    assert (shelf.home / 'val2017').is_symlink()
    assert (shelf.home / 'annotations/instances_val2017.json').is_file()
    assert 'nothing to do' in get(shelf.one, shelf.data_root, [TASKS['coco-detection']])[0]
    remove_data(shelf, DECLARED.values())
    assert not shelf.home.exists()
    assert all(archive.is_file() for archive in archives)


def test_what_cannot_stand_for_a_data_set_is_refused(tmp_path: Path) -> None:
    COPIES['imagenet1k'](tmp_path / 'imagenet')
    shelf = shelf_of('imagenet1k', tmp_path / 'data')
    whole = packed_whole(tmp_path / 'imagenet', tmp_path / 'a.zip')
    again = packed_whole(tmp_path / 'imagenet', tmp_path / 'b.zip')
    with pytest.raises(DataError, match=r'is also in another of the archives; join them'):
        link_archives(shelf, [whole, again], [])
    assert not shelf.home.exists()
    again.write_bytes(again.read_bytes()[:2000])
    with pytest.raises(DataError, match=r'b\.zip: cannot be read as an archive'):
        link_archives(shelf, [again], [])
    link_archives(shelf, [whole], [])
    with pytest.raises(DataError, match='is there already; delete it first'):
        link_archives(shelf, [whole], [])


def test_a_damaged_member_is_named_where_it_is_read(tmp_path: Path) -> None:
    COPIES['imagenet1k'](tmp_path / 'imagenet')
    archive = packed_whole(tmp_path / 'imagenet', tmp_path / 'a.zip')
    place = packed.open_archive(archive)
    folders, _ = place.listed('imagenet/train')
    content = bytearray(archive.read_bytes())
    name = f'imagenet/train/{folders[0]}/'.encode()
    content[content.index(name) + 200] ^= 1
    archive.write_bytes(content)
    shelf = shelf_of('imagenet1k', tmp_path / 'data')
    link_archives(shelf, [archive], [])
    with pytest.raises(DataError, match=rf"a\.zip: '{name.decode()}.*' is damaged"):
        DataReader().manifest(TASKS['imagenet1k'], shelf.home)


def test_the_command_links_archives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    COPIES['dtd'](tmp_path / 'dtd')
    archive = packed_whole(tmp_path / 'dtd', tmp_path / 'textures.zip')
    root = ['--data-root', str(tmp_path / 'data')]
    assert main(['data', 'link', 'dtd', str(archive), *root]) == 0
    assert 'textures.zip: 1 folders stay inside' in capsys.readouterr().out
    assert main(['data', 'check', 'dtd', *root]) == 2  # a fake has fewer pictures than are declared
    assert 'files images/*/*.jpg: 6 of 5640' in capsys.readouterr().out
    assert main(['data', 'link', 'dtd', str(tmp_path / 'absent.zip'), *root]) == 2
    assert 'no such folder, nor an archive' in capsys.readouterr().err
