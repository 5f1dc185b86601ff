from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from benchmark.errors import RecordError
from benchmark.results.records import Status
from benchmark.results.store import ResultStore, read_record, write_atomically
from benchmark.specs import RunSpec
from tests.support.record_builders import FINGERPRINT, full_record


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / 'results', tmp_path / 'work')


class TestWriteAtomically:
    def test_writes_text_and_bytes_and_makes_folders(self, tmp_path: Path) -> None:
        path = tmp_path / 'a' / 'b' / 'c.txt'
        write_atomically(path, 'größer\n')
        assert path.read_bytes() == 'größer\n'.encode()
        write_atomically(path, b'\x00\xff')
        assert path.read_bytes() == b'\x00\xff'
        assert [item.name for item in path.parent.iterdir()] == ['c.txt']

    def test_others_may_read_the_file(self, tmp_path: Path) -> None:
        write_atomically(tmp_path / 'x', 'x')
        assert (tmp_path / 'x').stat().st_mode & 0o777 == 0o644

    def test_the_umask_holds_and_permissions_that_were_there_stay(self, tmp_path: Path) -> None:
        before = os.umask(0o077)
        try:
            write_atomically(tmp_path / 'x', 'x')
        finally:
            os.umask(before)
        assert (tmp_path / 'x').stat().st_mode & 0o777 == 0o600
        (tmp_path / 'x').chmod(0o640)
        write_atomically(tmp_path / 'x', 'y')
        assert (tmp_path / 'x').stat().st_mode & 0o777 == 0o640

    def test_a_link_stays_and_its_file_is_replaced(self, tmp_path: Path) -> None:
        (tmp_path / 'there').mkdir()
        for name in ('old', 'new'):
            (tmp_path / f'{name}-link').symlink_to(tmp_path / 'there' / name)
        (tmp_path / 'there' / 'old').write_text('x')
        for name in ('old', 'new'):
            write_atomically(tmp_path / f'{name}-link', 'y')
            assert (tmp_path / f'{name}-link').is_symlink()
            assert (tmp_path / 'there' / name).read_text() == 'y'

    def test_a_pipe_is_written_into(self, tmp_path: Path) -> None:
        pipe = tmp_path / 'pipe'
        os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        write_atomically(pipe, 'told')
        assert os.read(reading, 10) == b'told'
        os.close(reading)
        assert pipe.is_fifo()
        write_atomically(Path('/dev/null'), 'gone')
        assert Path('/dev/null').is_char_device()

    def test_what_was_left_half_written_goes_when_it_is_old(self, tmp_path: Path) -> None:
        old, young = tmp_path / '.old.tmp', tmp_path / '.young.tmp'
        for left in (old, young):
            left.write_text('{')
        os.utime(old, (0, 0))
        write_atomically(tmp_path / 'x', 'x')
        assert sorted(path.name for path in tmp_path.iterdir()) == ['.young.tmp', 'x']

    @pytest.mark.parametrize('call', ['fsync', 'replace', 'write'])
    def test_a_full_disk_leaves_the_old_file_and_no_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        path = _old_file(tmp_path)
        _break(monkeypatch, call, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        with pytest.raises(RecordError, match=r'x\.json: cannot be written \(No space left'):
            write_atomically(path, 'new')
        _only_the_old_file_is_left(path)

    @pytest.mark.parametrize('call', ['fsync', 'replace'])
    def test_an_interruption_leaves_the_old_file_and_no_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        path = _old_file(tmp_path)
        _break(monkeypatch, call, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            write_atomically(path, 'new')
        _only_the_old_file_is_left(path)

    def test_an_interruption_leaves_the_old_content(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = _old_file(tmp_path)
        _break(monkeypatch, 'replace', KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            write_atomically(path, 'new')
        assert path.read_text() == 'old'

    def test_a_folder_that_cannot_be_made_is_one_clear_error(self, tmp_path: Path) -> None:
        (tmp_path / 'file').write_text('not a folder')
        with pytest.raises(RecordError, match=r'x\.json: cannot be written') as caught:
            write_atomically(tmp_path / 'file' / 'x.json', 'new')
        assert '\n' not in str(caught.value)


def _old_file(folder: Path) -> Path:
    path = folder / 'x.json'
    path.write_text('old')
    return path


def _break(monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise error

    if call == 'fsync':
        monkeypatch.setattr(os, 'fsync', fail)
    elif call == 'replace':
        monkeypatch.setattr(os, 'replace', fail)
        monkeypatch.setattr(Path, 'replace', fail)
    else:
        monkeypatch.setattr(os, 'fdopen', _half_writing(error))


def _half_writing(error: BaseException) -> Callable[[int, str], Any]:
    class Full:
        def __init__(self, handle: int, _: str) -> None:
            self.handle = handle

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            os.close(self.handle)

        def write(self, data: bytes) -> None:
            os.write(self.handle, data[:1])
            raise error

    return Full


def _only_the_old_file_is_left(path: Path) -> None:
    assert path.read_text() == 'old'
    assert [item.name for item in path.parent.iterdir()] == [path.name]


class TestResultStore:
    def test_a_saved_record_is_found_again(self, store: ResultStore) -> None:
        record = full_record()
        path = store.save(record)
        assert path == store.record_path('quick', record.spec, FINGERPRINT)
        assert path.is_relative_to(store.runs_folder('quick'))
        assert store.find('quick', record.spec, FINGERPRINT) == record
        assert list(store.records('quick')) == [record]

    def test_only_exactly_this_run_is_found(self, store: ResultStore) -> None:
        record = full_record()
        store.save(record)
        assert store.find('quick', replace(record.spec, seed=1), FINGERPRINT) is None
        assert store.find('quick', record.spec, 'f' * 64) is None
        assert store.find('full', record.spec, FINGERPRINT) is None

    def test_saving_again_replaces(self, store: ResultStore) -> None:
        store.save(full_record())
        store.save(replace(full_record(), status=Status.FAILED, error='later'))
        (record,) = store.records('quick')
        assert record.error == 'later'

    def test_another_fingerprint_is_another_file(self, store: ResultStore) -> None:
        store.save(full_record())
        store.save(full_record(fingerprint='f' * 64))
        assert len(list(store.records('quick'))) == 2

    def test_pictures_outside_are_not_touched_by_a_copy(
        self, store: ResultStore, tmp_path: Path
    ) -> None:
        secret = tmp_path / 'key'
        secret.write_text('secret')
        secret.chmod(0o600)
        names = (str(secret), '../../../key', 'a.png', 'sub/b.png')
        record = replace(full_record(), pictures=names)
        folder = store.work_folder('quick', record.spec, record.fingerprint)
        (folder / 'sub').mkdir(parents=True)
        for name in ('a.png', 'sub/b.png'):
            (folder / name).write_text(name)
        store.copy(record, 'other')
        copied = store.work_folder('other', record.spec, record.fingerprint)
        files = sorted(p.relative_to(copied).as_posix() for p in copied.rglob('*') if p.is_file())
        assert files == ['a.png', 'sub/b.png']
        assert secret.stat().st_mode & 0o777 == 0o600
        assert list(store.work.rglob('key')) == []

    def test_suites_are_those_with_a_folder(self, store: ResultStore) -> None:
        assert store.suites() == ()
        store.save(replace(full_record(), suite='zoo'))
        store.save(full_record())
        assert store.suites() == ('quick', 'zoo')
        assert list(store.records('nothing')) == []

    def test_a_failed_save_keeps_the_record_that_was_there(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.save(full_record())
        _break(monkeypatch, 'fsync', OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        with pytest.raises(RecordError, match='No space left'):
            store.save(replace(full_record(), error='new'))
        assert list(store.records('quick')) == [full_record()]

    def test_one_damaged_file_is_named(self, store: ResultStore) -> None:
        path = store.save(full_record())
        path.write_text('{"schema": 1')
        with pytest.raises(RecordError, match=path.name):
            list(store.records('quick'))

    def test_a_file_that_is_not_utf8_is_named(self, store: ResultStore) -> None:
        path = store.save(full_record())
        path.write_bytes(b'\xff\xfe')
        with pytest.raises(RecordError, match='not JSON'):
            read_record(path)

    def test_temporary_files_of_a_killed_writer_are_no_records(self, store: ResultStore) -> None:
        path = store.save(full_record())
        (path.parent / '.abc.tmp').write_text('{')
        assert list(store.records('quick')) == [full_record()]

    @pytest.mark.parametrize(
        'name',
        [
            'timm:vit_base_patch16_224.mae@/data/w.pth',
            'Körper/部分',
            '../../outside',
            '..',
            '.hidden',
            'white space',
            'nul\0byte',
            'x' * 400,
            '\U0001d518' * 60,
        ],
    )
    def test_any_name_is_stored_inside_its_suite_and_found_again(
        self, store: ResultStore, name: str
    ) -> None:
        for spec in (
            RunSpec(name, 'b', 'p', 0),
            RunSpec('t', name, 'p', 0),
            RunSpec('t', 'b', name, 1),
        ):
            record = full_record(spec)
            path = store.save(record)
            assert path.resolve().is_relative_to(store.runs_folder('quick').resolve())
            assert store.find('quick', spec, FINGERPRINT) == record
            work = store.work_folder('quick', spec, FINGERPRINT)
            assert work.resolve().parent == (store.work / 'quick').resolve()
        assert len(list(store.records('quick'))) == 3

    def test_two_specs_never_share_a_path(self, store: ResultStore) -> None:
        names = ['a', 'A', 'a b', 'a_b', 'a/b', 'a:b', 'ä', 'a.', '.a', 'x' * 90, 'x' * 91]
        specs = [
            RunSpec(task, backbone, protocol, seed)
            for task, backbone, protocol in itertools.product(names, names, names)
            for seed in (0, 1)
        ]
        assert len({store.record_path('quick', spec, FINGERPRINT) for spec in specs}) == len(specs)
        assert len({store.work_folder('quick', spec, FINGERPRINT) for spec in specs}) == len(specs)

    @pytest.mark.parametrize('folder', ['record_path', 'work_folder'])
    def test_names_with_the_separator_share_no_path(self, store: ResultStore, folder: str) -> None:
        path_of = getattr(store, folder)
        one, other = RunSpec('t', 'a--b', 'c', 0), RunSpec('t', 'a', 'b--c', 0)
        assert path_of('quick', one, FINGERPRINT) != path_of('quick', other, FINGERPRINT)

    def test_suites_do_not_share_work_folders(self, store: ResultStore) -> None:
        spec = full_record().spec
        folders = {store.work_folder(suite, spec, FINGERPRINT) for suite in ('a b', 'a_b', 'a')}
        assert len(folders) == 3
