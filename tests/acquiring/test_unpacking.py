"""Archives as data: what is refused, and that nothing of it is left outside of the folder."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmark.acquiring import unpacking
from benchmark.acquiring.unpacking import is_archive, unpack
from benchmark.errors import DataError


def zipped(path: Path, *members: tuple[str, bytes], mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, content)
    return path


def tarred(path: Path, *members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    mode = {'.gz': 'w:gz', '.tgz': 'w:gz', '.xz': 'w:xz', '.bz2': 'w:bz2'}.get(path.suffix, 'w')
    with tarfile.open(path, mode) as out:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.mode = kind, len(content), 0o777
            info.linkname = '/etc/passwd'
            out.addfile(info, io.BytesIO(content))
    return path


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file())


@pytest.mark.parametrize('name', ['a.zip', 'a.tar', 'a.tar.gz', 'a.tgz', 'a.tar.xz', 'a.tar.bz2'])
def test_files_come_out_as_they_went_in_but_not_executable(name: str, tmp_path: Path) -> None:
    members = ('top/one.txt', b'one'), ('top/in/two.jpg', bytes(range(256)) * 9), ('./x', b'')
    pack = zipped if name.endswith('.zip') else tarred
    assert unpack(pack(tmp_path / name, *members), tmp_path / 'out') == 3
    assert left(tmp_path / 'out') == ['top/in/two.jpg', 'top/one.txt', 'x']
    assert (tmp_path / 'out/top/in/two.jpg').read_bytes() == members[1][1]
    assert not (tmp_path / 'out/top/one.txt').stat().st_mode & stat.S_IXUSR
    assert is_archive(name)
    assert not is_archive('a.mat')


@pytest.mark.parametrize(
    'name',
    ['../evil', '/evil', 'a/../../evil', '..\\evil', 'C:\\evil', 'C:evil', 'a\nb', 'é' * 200],
)
@pytest.mark.parametrize('form', ['a.zip', 'a.tar', 'a.tgz'])
def test_names_that_lead_out_or_are_odd_are_refused(name: str, form: str, tmp_path: Path) -> None:
    pack = zipped if form == 'a.zip' else tarred
    archive = pack(tmp_path / form, ('fine', b'x'), (name, b'x'))
    with pytest.raises(DataError, match=r'leads out of the folder or is no fit name: refused'):
        unpack(archive, tmp_path / 'in/out')
    assert not list(tmp_path.rglob('*evil*'))


@pytest.mark.parametrize(
    'kind', [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_tars_are_refused_by_name(kind: bytes, tmp_path: Path) -> None:
    archive = tarred(tmp_path / 'a.tar', ('strange', b''), kind=kind)
    with pytest.raises(DataError, match=r"'strange' is a link or a device: refused"):
        unpack(archive, tmp_path / 'out')
    assert not left(tmp_path / 'out') if (tmp_path / 'out').exists() else True


def test_links_in_zips_are_refused_by_name(tmp_path: Path) -> None:
    archive = zipped(tmp_path / 'a.zip', ('strange', b'/etc/passwd'), mode=0o120777)
    with pytest.raises(DataError, match=r"'strange' is a link or a device: refused"):
        unpack(archive, tmp_path / 'out')


def test_a_link_that_lies_in_the_folder_is_not_followed_out(tmp_path: Path) -> None:
    (tmp_path / 'out').mkdir()
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'out/top').symlink_to(tmp_path / 'elsewhere')
    with pytest.raises(DataError, match='would be outside'):
        unpack(zipped(tmp_path / 'a.zip', ('top/x', b'x')), tmp_path / 'out')
    assert not left(tmp_path / 'elsewhere')


@pytest.mark.parametrize('form', ['a.zip', 'a.tar.gz', 'a.tar.xz'])
def test_bombs_are_stopped(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, 'FREE', 1 << 20)
    pack = zipped if form == 'a.zip' else tarred
    archive = pack(tmp_path / form, ('bomb', bytes(64 << 20)))
    with pytest.raises(DataError, match=r'unpacks to more than 100 times its size \(at .bomb'):
        unpack(archive, tmp_path / 'out')
    written = sum(path.stat().st_size for path in (tmp_path / 'out').rglob('*'))
    assert written <= max(1 << 20, 100 * archive.stat().st_size)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, 'MEMBERS', 3)
    archive = zipped(tmp_path / 'a.zip', *((str(n), b'') for n in range(4)))
    with pytest.raises(DataError, match='holds more than 3 files'):
        unpack(archive, tmp_path / 'out')


@pytest.mark.parametrize('form', ['a.zip', 'a.tar', 'a.tar.gz', 'a.tar.xz', 'a.tar.bz2'])
def test_cut_archives_are_refused(form: str, tmp_path: Path) -> None:
    pack = zipped if form == 'a.zip' else tarred
    whole = pack(tmp_path / form, *((f'{n}', os.urandom(5000)) for n in range(9))).read_bytes()
    for share in (0.1, 0.5, 0.8):
        (tmp_path / form).write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DataError, match='cannot be unpacked'):
            unpack(tmp_path / form, tmp_path / 'out')


@pytest.mark.parametrize('form', ['a.zip', 'a.tar.gz', 'a.tar.xz'])
def test_changed_bytes_are_noticed(form: str, tmp_path: Path) -> None:
    pack = zipped if form == 'a.zip' else tarred
    whole = bytearray(pack(tmp_path / form, ('x', os.urandom(9000))).read_bytes())
    whole[4500] ^= 1
    (tmp_path / form).write_bytes(whole)
    with pytest.raises(DataError, match='cannot be unpacked'):
        unpack(tmp_path / form, tmp_path / 'out')


def test_what_file_managers_add_is_left_out(tmp_path: Path) -> None:
    names = ('a/x.jpg', 'a/._x.jpg', '__MACOSX/a/x.jpg', 'a/.DS_Store')
    archive = zipped(tmp_path / 'a.zip', *((name, b'x') for name in names))
    assert unpack(archive, tmp_path / 'out') == 1
    assert left(tmp_path / 'out') == ['a/x.jpg']


@pytest.mark.parametrize('name', ['a.zip', 'a.tar', 'a.tgz', 'a.rar'])
def test_something_else_is_no_archive(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b'no archive at all' * 100)
    with pytest.raises(DataError, match=r'cannot be unpacked|not an archive that can be unpacked'):
        unpack(tmp_path / name, tmp_path / 'out')
