"""Archives read in place give what the unpacked folders give, or say what is wrong with them."""

from __future__ import annotations

import multiprocessing
import os
import random
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmark import packed
from benchmark.errors import DataError

DRAW = random.Random(5)
FILES = {
    'train/a/1.jpg': DRAW.randbytes(3000),
    'train/a/2.jpg': bytes(70_000),
    'train/b/10.jpg': b'x',
    'train/b/in/deep.png': DRAW.randbytes(10),
    'val/3.jpg': b'',
    'list.txt': b'one\ntwo\n',
}
PATTERNS = (
    '*', 'train/*/*.jpg', 'train/a/1.jpg', '**/*.jpg', 'train/**/*', '**/*', 'val/*', 'list.txt',
    'nowhere/*', 'train/[ab]/*', 'train/*', 'train/?/in/*',
)  # fmt: skip


def unpacked(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def packed_as(form: str, folder: Path) -> Path:
    """Pack the files with folders and what a file manager adds; return the archive."""
    source, archive = unpacked(folder / 'source'), folder / f'a.{form.partition("-")[0]}'
    names = sorted(path for path in source.rglob('*'))
    (folder / '._1.jpg').write_bytes(b'litter')
    if form == 'tar':
        with tarfile.open(archive, 'w') as out:
            for path in names:
                out.add(path, path.relative_to(source), recursive=False)
            out.add(folder / '._1.jpg', 'train/a/._1.jpg')
        return archive
    method = zipfile.ZIP_STORED if form == 'zip-stored' else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, 'w', method) as zipped:
        for path in names:
            zipped.write(path, path.relative_to(source))
        zipped.write(folder / '._1.jpg', '__MACOSX/x')
    return archive


FORMS = pytest.mark.parametrize('form', ['zip', 'zip-stored', 'tar'])


@FORMS
def test_files_and_folders_are_those_of_the_unpacked_folder(form: str, tmp_path: Path) -> None:
    root = packed_as(form, tmp_path)
    for name, content in FILES.items():
        assert packed.read_bytes(root / name) == content
        assert packed.is_file(root / name)
        assert not packed.is_folder(root / name)
        with packed.open_file(root / name) as opened:
            assert opened.read() == content
    assert packed.is_folder(root / 'train/a')
    assert not packed.is_file(root / 'train/a')
    for missing in ('train/a/0.jpg', 'train/c', 'zzz', 'list.txt/x'):
        assert not packed.is_file(root / missing)
        assert not packed.is_folder(root / missing)
        with pytest.raises(OSError, match=r'No such file|Not a directory'):
            packed.read_bytes(root / missing)
    assert sorted(packed.files_below(root / 'train')) == sorted(
        name.removeprefix('train/') for name in FILES if name.startswith('train/')
    )


@FORMS
@pytest.mark.parametrize('pattern', PATTERNS)
def test_patterns_find_the_same_through_links(form: str, pattern: str, tmp_path: Path) -> None:
    archive = packed_as(form, tmp_path)
    linked = tmp_path / 'linked'
    linked.mkdir()
    for name in ('train', 'val'):
        (linked / name).symlink_to(archive / name)
    (linked / 'list.txt').write_bytes(FILES['list.txt'])
    plain = tmp_path / 'source'

    def found(folder: Path) -> list[str]:
        return sorted(path.relative_to(folder).as_posix() for path in packed.glob(folder, pattern))

    wanted = sorted(path.relative_to(plain).as_posix() for path in plain.glob(pattern))
    assert found(plain) == wanted
    assert found(linked) == wanted
    count = sum(path.is_file() for path in plain.glob(pattern))
    assert packed.count_files(linked, pattern) == packed.count_files(plain, pattern) == count
    (linked / 'back').symlink_to(linked, target_is_directory=True)
    if pattern.startswith('**'):
        assert packed.count_files(linked, pattern) == count


def test_a_link_to_all_of_an_archive_is_a_folder(tmp_path: Path) -> None:
    archive = packed_as('zip', tmp_path)
    (tmp_path / 'all').symlink_to(f'{archive}/.')
    assert packed.is_folder(tmp_path / 'all')
    folders, files = packed.names_in(tmp_path / 'all')
    assert (sorted(folders), files) == (['train', 'val'], ['list.txt'])
    assert packed.read_bytes(tmp_path / 'all/val/3.jpg') == b''
    (tmp_path / 'broken').symlink_to(tmp_path / 'nowhere')
    assert 'broken' in packed.names_in(tmp_path)[1]


def _check(archive: Path) -> int:
    def same(name: str) -> bool:
        return packed.read_bytes(archive / name) == FILES[name]

    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(same, [*FILES] * 50))


@FORMS
def test_threads_and_forked_processes_share_no_position(form: str, tmp_path: Path) -> None:
    archive = packed_as(form, tmp_path)
    packed.read_bytes(archive / 'list.txt')  # opened before the others begin
    with multiprocessing.get_context('fork').Pool(3) as pool:
        assert pool.map(_check, [archive] * 6) == [50 * len(FILES)] * 6


@FORMS
def test_cut_archives_are_refused_by_name(form: str, tmp_path: Path) -> None:
    archive = packed_as(form, tmp_path)
    whole = archive.read_bytes()
    for share in (0, 0.1, 0.5, 0.9):
        archive.write_bytes(whole[: int(share * len(whole))])
        os.utime(archive, (share * 100 + 1, share * 100 + 1))
        with pytest.raises(DataError, match=rf'{archive.name}: cannot be read as an archive'):
            packed.open_archive(archive)


@pytest.mark.parametrize('form', ['zip', 'zip-stored'])
def test_a_changed_byte_is_noticed_when_it_is_read(form: str, tmp_path: Path) -> None:
    archive = packed_as(form, tmp_path)
    whole = bytearray(archive.read_bytes())
    whole[whole.index(FILES['train/a/1.jpg'][:50]) + 40] ^= 1
    archive.write_bytes(whole)
    assert packed.read_bytes(archive / 'list.txt') == FILES['list.txt']
    with pytest.raises(DataError, match=r"a\.zip: 'train/a/1\.jpg' is damaged; fetch or write"):
        packed.read_bytes(archive / 'train/a/1.jpg')


def test_a_replaced_archive_is_read_anew(tmp_path: Path) -> None:
    archive = packed_as('zip', tmp_path)
    assert packed.open_archive(archive).is_file('val/3.jpg')
    with zipfile.ZipFile(tmp_path / 'b.zip', 'w') as out:
        out.writestr('other.txt', b'x')
    (tmp_path / 'b.zip').replace(archive)
    assert not packed.open_archive(archive).is_file('val/3.jpg')


def test_links_odd_names_and_foreign_methods_are_refused_by_name(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / 'link.tar', 'w') as out:
        info = tarfile.TarInfo('strange')
        info.type, info.linkname = tarfile.SYMTYPE, '/etc/passwd'
        out.addfile(info)
    with pytest.raises(DataError, match=r"'strange' is a link"):
        packed.open_archive(tmp_path / 'link.tar')
    for name, method, said in (
        ('../x', zipfile.ZIP_STORED, r"'\.\./x' leads out"),
        ('x', zipfile.ZIP_LZMA, 'not read in place'),
    ):
        path = tmp_path / f'{method}.zip'
        with zipfile.ZipFile(path, 'w', method) as zipped:
            zipped.writestr(name, b'x')
        with pytest.raises(DataError, match=said):
            packed.open_archive(path)
    for name in ('a.tar.gz', 'a.rar'):
        with pytest.raises(DataError, match=r'allowed are \.zip and \.tar'):
            packed.open_archive(tmp_path / name)
    with pytest.raises(DataError, match='No such file'):
        packed.open_archive(tmp_path / 'absent.zip')
