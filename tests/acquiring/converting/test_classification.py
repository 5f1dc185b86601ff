from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.io

from benchmark.acquiring.converting import classification as converting
from benchmark.cli.main import main
from benchmark.errors import DataError
from tests.support.fakes import classification as fakes
from tests.support.fakes.pictures import lines, picture


def rows(path: Path) -> list[list[str]]:
    return [line.rsplit(' ', 1) for line in path.read_text().splitlines()]


def test_caltechs_split_has_thirty_of_each_class_and_is_drawn_once(tmp_path: Path) -> None:
    fakes.caltech101(tmp_path)
    converting.caltech101(tmp_path)
    train, test = (rows(tmp_path / f'meta/{role}.txt') for role in ('train', 'test'))
    assert [sum(label == str(n) for _, label in train) for n in range(3)] == [30, 30, 30]
    assert len(test) == 6
    assert not {name for name, _ in train} & {name for name, _ in test}
    assert all(label == {'B': '0', 'a': '1', 'y': '2'}[name[0]] for name, label in [*train, *test])
    before = (tmp_path / 'meta/train.txt').read_text()
    converting.caltech101(tmp_path)
    assert (tmp_path / 'meta/train.txt').read_text() == before


def test_a_class_with_nothing_left_to_test_is_refused(tmp_path: Path) -> None:
    fakes.caltech101(tmp_path)
    for path in sorted((tmp_path / '101_ObjectCategories/accordion').glob('*'))[:2]:
        path.unlink()
    with pytest.raises(DataError, match='accordion: 30 pictures, needs more than 30'):
        converting.caltech101(tmp_path)


@pytest.mark.parametrize(
    ('classes', 'folder'), [(10, 'cifar-10-batches-bin'), (100, 'cifar-100-binary')]
)
def test_cifars_bytes_become_pictures(tmp_path: Path, classes: int, folder: str) -> None:
    fakes.cifar(tmp_path, classes)
    converting.cifar(tmp_path, classes)
    name = 'test_batch.bin' if classes == 10 else 'test.bin'
    record = (tmp_path / folder / name).read_bytes()[: 3072 + 1 + (classes == 100)]
    (place,) = (tmp_path / 'test').glob('00_*/00000.png')
    picture = cv2.imread(str(place))
    assert place.parent.name == ('00_name0' if classes == 10 else '00_fine0')
    # red plane, row 1, column 2
    assert picture[1, 2, 2] == record[-3072 + 32 + 2]
    assert picture[0, 0, 0] == record[-1024]
    assert len(list((tmp_path / 'train').glob('*/*.png'))) == (55 if classes == 10 else 100)


def test_a_cut_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fakes.cifar(tmp_path, 10)
    (tmp_path / 'cifar-10-batches-bin/data_batch_1.bin').write_bytes(b'1234')
    assert main(['data', 'convert', 'cifar10', str(tmp_path)]) == 2
    assert '4 bytes, must be a multiple of 3073' in capsys.readouterr().err


def test_birdsnaps_lost_pictures_are_left_out_and_told(tmp_path: Path) -> None:
    fakes.birdsnap(tmp_path)
    done = converting.birdsnap(tmp_path)
    assert rows(tmp_path / 'train.txt') == [
        ['Yellow/1.jpg', '1'],
        ['Acadian/2.jpg', '0'],
        ['Yellow/3.jpg', '1'],
    ]
    assert rows(tmp_path / 'test.txt') == [['Acadian/4.jpg', '0'], ['Yellow/5.jpg', '1']]
    assert done[-1] == '1 of 6 pictures are not there'


def test_cogs_levels_are_labelled_by_their_sorted_concepts(tmp_path: Path) -> None:
    fakes.cog(tmp_path)
    converting.cog(tmp_path)
    assert rows(tmp_path / 'cog_l2_test.txt') == [
        ['n02000000/n02000000_test0.JPEG', '0'],
        ['n02000000/n02000000_test1.JPEG', '0'],
        ['n02000001/n02000001_test0.JPEG', '1'],
        ['n02000001/n02000001_test1.JPEG', '1'],
    ]


def test_cogs_pictures_move_from_the_archives_folder_to_where_the_lists_expect_them(
    tmp_path: Path,
) -> None:
    fakes.cog(tmp_path)
    images, kept = tmp_path / 'images', tmp_path / 'images/n01000000/n01000000_test0.JPEG'
    before = {path.relative_to(images): path.read_bytes() for path in images.rglob('*.JPEG')}
    content = kept.read_bytes()
    images.rename(tmp_path / 'winter21_whole')
    images.mkdir()
    (tmp_path / 'winter21_whole').rename(images / 'winter21_whole')
    # a conversion that was cut off has moved one picture already
    kept.parent.mkdir()
    kept.write_bytes(content)
    (images / 'winter21_whole/n01000000/n01000000_test0.JPEG').unlink()
    assert converting.cog(tmp_path)[-1] == f'{images}: pictures of 10 concepts moved here'
    assert {
        path.relative_to(images): path.read_bytes() for path in images.rglob('*.JPEG')
    } == before
    assert not (images / 'winter21_whole').exists()
    listed = rows(tmp_path / 'cog_l5_train.txt')
    assert len(listed) == 4
    assert all((images / name).is_file() for name, _ in listed)
    assert 'moved' not in ' '.join(converting.cog(tmp_path))


def test_cogs_linked_folder_of_pictures_stays_as_it_is(tmp_path: Path) -> None:
    root, shared = tmp_path / 'root', tmp_path / 'shared'
    fakes.cog(root)
    (root / 'images').rename(shared)
    (root / 'images').mkdir()
    (root / 'images/winter21_whole').symlink_to(shared)
    converting.cog(root)
    assert len(list(shared.rglob('*.JPEG'))) == 40
    assert (root / 'images/winter21_whole').is_symlink()


class Harm:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (np.load, ('/etc/hostname',))


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    fakes.cog(tmp_path)
    (tmp_path / 'cog_levels_mapping_file.pkl').write_bytes(pickle.dumps([Harm()]))
    with pytest.raises(DataError, match=r'not readable as names and arrays .*load'):
        converting.cog(tmp_path)


def test_imagenets_validation_pictures_are_sorted_by_the_kit(tmp_path: Path) -> None:
    kit = tmp_path / 'ILSVRC2012_devkit_t12/data'
    kit.mkdir(parents=True)
    row = [('ILSVRC2012_ID', 'O'), ('WNID', 'O'), ('words', 'O'), ('gloss', 'O'), ('children', 'O')]
    rows = [(1, 'n01', 'a', 'a', 0), (2, 'n02', 'b', 'b', 0), (3, 'n03', 'animal', 'c', 2)]
    scipy.io.savemat(kit / 'meta.mat', {'synsets': np.array(rows, dtype=row)})
    lines(kit / 'ILSVRC2012_validation_ground_truth.txt', 2, 1, 2)
    for number in (1, 2, 3):
        picture(tmp_path / f'val/ILSVRC2012_val_{number:08d}.JPEG')
    assert converting.imagenet(tmp_path) == [
        f'{tmp_path / "val"}: 3 pictures sorted into 2 classes'
    ]
    found = sorted(str(path.relative_to(tmp_path / 'val')) for path in tmp_path.glob('val/*/*'))
    assert found == [
        'n01/ILSVRC2012_val_00000002.JPEG',
        'n02/ILSVRC2012_val_00000001.JPEG',
        'n02/ILSVRC2012_val_00000003.JPEG',
    ]
    assert 'val: 0 pictures' in converting.imagenet(tmp_path)[0]
    picture(tmp_path / 'val/ILSVRC2012_val_00000004.JPEG')
    with pytest.raises(DataError, match=r'00000004\.JPEG: must be called'):
        converting.imagenet(tmp_path)
