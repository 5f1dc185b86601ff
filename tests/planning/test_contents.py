"""Data are known by content: what changes a digest, what does not, and what is read again."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.catalog import find_task
from benchmark.errors import DataError
from benchmark.planning import contents
from benchmark.planning.contents import DataReader, Level, Manifest, remembered_hash
from benchmark.specs import Role, Task

TASK = replace(find_task('world-covered'), tree={}, datasets={})
JPEG, PNG = b'\xff\xd8 a photograph', b'\x89PNG some labels'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / 'data'
    for name, content in {
        'images/cat/1.jpg': JPEG,
        'images/cat/2.JPG': JPEG + b'2',
        'images/dog/1.jpg': JPEG + b'3',
        'masks/1.png': PNG,
        'labels.csv': b'1,cat\n2,dog\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def digest(root: Path, task: Task = TASK, **options: Any) -> str:
    return DataReader(**options).manifest(task, root).digest


def flip(path: Path) -> None:
    """Change a file's last byte; its size stays."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files that were just written be old enough to be remembered."""
    monkeypatch.setattr(contents, '_SETTLED', -(10**15))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are read, in the order of reading."""
    names: list[str] = []
    read = contents._digest

    def watched(job: Any) -> Any:
        names.append(job[0].name)
        return read(job)

    monkeypatch.setattr(contents, '_digest', watched)
    return names


class TestWhatChangesIt:
    @pytest.mark.parametrize(
        'change',
        [
            lambda root: flip(root / 'images/cat/1.jpg'),
            lambda root: flip(root / 'masks/1.png'),
            lambda root: flip(root / 'labels.csv'),
            lambda root: (root / 'labels.csv').write_bytes(b'1,dog\n2,cat\n'),
            lambda root: (root / 'images/dog').rename(root / 'images/cow'),
            lambda root: (root / 'images/cat/2.JPG').rename(root / 'images/dog/2.JPG'),
            lambda root: (root / 'images/cat/3.jpg').write_bytes(b''),
            lambda root: (root / 'masks/1.png').unlink(),
        ],
        ids=['picture', 'mask', 'list', 'corrected', 'class', 'moved', 'added', 'removed'],
    )
    def test_a_change_of_content_or_name(self, data: Path, change: Callable[[Path], Any]) -> None:
        before = digest(data)
        change(data)
        assert digest(data) != before

    def test_two_pictures_that_change_places(self, data: Path) -> None:
        before = digest(data)
        one, two = data / 'images/cat/1.jpg', data / 'images/dog/1.jpg'
        first = one.read_bytes()
        one.write_bytes(two.read_bytes())
        two.write_bytes(first)
        assert digest(data) != before

    @pytest.mark.usefixtures('settled')
    @pytest.mark.parametrize('name', ['images/cat/1.jpg', 'masks/1.png', 'labels.csv'])
    def test_a_change_in_place_of_the_same_size_within_a_second(
        self, data: Path, tmp_path: Path, name: str
    ) -> None:
        cache = tmp_path / 'cache'
        before = digest(data, cache=cache)
        time = (data / name).stat().st_mtime_ns
        flip(data / name)
        os.utime(data / name, ns=(time, time - time % 10**9))
        assert (data / name).stat().st_mtime_ns // 10**9 == time // 10**9
        assert digest(data, cache=cache) == digest(data) != before

    @pytest.mark.usefixtures('settled')
    def test_a_change_after_which_the_old_time_was_put_back(
        self, data: Path, tmp_path: Path
    ) -> None:
        cache, path = tmp_path / 'cache', data / 'images/cat/1.jpg'
        before = digest(data, cache=cache)
        time = path.stat().st_mtime_ns
        flip(path)
        os.utime(path, ns=(time, time))
        assert path.stat().st_mtime_ns == time
        assert digest(data, cache=cache) == digest(data) != before

    def test_files_that_the_task_names_elsewhere(self, data: Path, tmp_path: Path) -> None:
        labels, pictures = tmp_path / 'mine/labels.json', tmp_path / 'mine/more'
        pictures.mkdir(parents=True)
        labels.write_text('[1, 2]')
        (pictures / '1.jpg').write_bytes(JPEG)
        task = replace(
            TASK,
            datasets={
                Role.TRAIN: {'ann_file': str(labels), 'data_prefix': {'img': '../mine/more'}},
            },
        )
        marks = {digest(data, task)}
        labels.write_text('[2, 1]')
        marks.add(digest(data, task))
        flip(pictures / '1.jpg')
        marks.add(digest(data, task))
        assert len(marks) == 3
        assert digest(data, TASK) not in marks

    def test_a_list_that_the_task_names_but_its_tree_does_not(self, data: Path) -> None:
        named = {Role.TRAIN: {'ann_file': 'labels.csv'}}
        task = replace(TASK, tree={'images/*/*.jpg': 2}, datasets=named)
        before = digest(data, task)
        flip(data / 'labels.csv')
        assert digest(data, task) != before


class TestWhatDoesNot:
    def test_place_time_and_what_file_managers_leave(self, data: Path) -> None:
        before = digest(data)
        os.utime(data / 'labels.csv', (0, 0))
        for name in ('.DS_Store', 'images/Thumbs.db', 'images/cat/._1.jpg', '__MACOSX/1.jpg'):
            (data / name).parent.mkdir(exist_ok=True)
            (data / name).write_bytes(b'x')
        (data / 'empty').mkdir()
        assert digest(data.rename(data.parent / 'moved')) == before

    def test_how_a_file_system_codes_accents(self, tmp_path: Path) -> None:
        marks = set()
        for form in ('NFC', 'NFD'):
            folder = tmp_path / form / unicodedata.normalize(form, 'Übersée')
            folder.mkdir(parents=True)
            (folder / unicodedata.normalize(form, 'né.png')).write_bytes(PNG)
            marks.add(digest(tmp_path / form))
        assert len(marks) == 1

    def test_files_of_other_tasks(self, data: Path) -> None:
        task = replace(TASK, tree={'images/*/*.jpg': 2, 'labels.csv': 1})
        before = digest(data, task)
        (data / 'other.csv').write_text('x')
        flip(data / 'masks/1.png')
        assert digest(data, task) == before
        flip(data / 'images/dog/1.jpg')
        assert digest(data, task) != before

    def test_links_to_folders_are_followed_but_not_in_circles(self, data: Path) -> None:
        before = digest(data)
        outside = data.parent / 'outside'
        (data / 'images').rename(outside)
        (data / 'images').symlink_to(outside)
        assert digest(data) == before
        (data / 'images/cat/here').symlink_to(outside)
        (data / 'up').symlink_to(data)
        assert digest(data)

    @pytest.mark.usefixtures('settled')
    def test_what_the_cache_remembers(self, data: Path, tmp_path: Path) -> None:
        marks = {digest(data, cache=tmp_path / 'cache') for _ in range(3)}
        assert marks == {digest(data)}


class TestReading:
    @pytest.mark.usefixtures('settled')
    def test_pictures_are_read_once_and_annotations_each_time(
        self, data: Path, tmp_path: Path, opened: list[str]
    ) -> None:
        digest(data, cache=tmp_path / 'cache')
        assert sorted(opened) == ['1.jpg', '1.jpg', '1.png', '2.JPG', 'labels.csv']
        opened.clear()
        digest(data, cache=tmp_path / 'cache')
        assert opened == ['labels.csv']

    @pytest.mark.usefixtures('settled')
    def test_only_the_picture_that_changed_is_read_again(
        self, data: Path, tmp_path: Path, opened: list[str]
    ) -> None:
        digest(data, cache=tmp_path / 'cache')
        flip(data / 'images/cat/2.JPG')
        opened.clear()
        digest(data, cache=tmp_path / 'cache')
        assert sorted(opened) == ['2.JPG', 'labels.csv']

    def test_a_file_that_was_just_written_is_not_remembered(
        self, data: Path, tmp_path: Path, opened: list[str]
    ) -> None:
        digest(data, cache=tmp_path / 'cache')
        opened.clear()
        digest(data, cache=tmp_path / 'cache')
        assert len(opened) == 5

    def test_several_tasks_in_one_folder_read_it_once(self, data: Path, opened: list[str]) -> None:
        reader = DataReader()
        for name in ('one', 'other'):
            reader.manifest(replace(TASK, name=name), data)
        assert len(opened) == 5

    @pytest.mark.usefixtures('settled')
    @pytest.mark.parametrize(
        'damage',
        [
            lambda content: b'',
            lambda content: content[: len(content) // 2],
            lambda content: content.replace(b'"', b"'"),
            lambda content: b'contents 0\n' + content.partition(b'\n')[2],
            lambda content: content[:-20] + b'0' * 20,
            lambda content: os.urandom(200),
        ],
        ids=['emptied', 'halved', 'broken', 'other_version', 'altered', 'noise'],
    )
    def test_a_damaged_cache_is_made_anew(
        self, data: Path, tmp_path: Path, damage: Callable[[bytes], bytes], opened: list[str]
    ) -> None:
        before = digest(data, cache=tmp_path / 'cache')
        (cached,) = (tmp_path / 'cache').iterdir()
        cached.write_bytes(damage(cached.read_bytes()))
        assert digest(data, cache=tmp_path / 'cache') == before
        opened.clear()
        assert digest(data, cache=tmp_path / 'cache') == before
        assert opened == ['labels.csv']

    @pytest.mark.usefixtures('settled')
    def test_what_was_read_before_a_stop_is_not_read_again(
        self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
    ) -> None:
        monkeypatch.setattr(contents, '_SECONDS_BETWEEN_LINES', 0.0)
        lines: list[str] = []

        def stop(line: str) -> None:
            lines.append(line)
            if len(lines) == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            digest(data, cache=tmp_path / 'cache', say=stop)
        assert lines[0].startswith('world-covered: reading the data once, 1 of 5 files')
        opened.clear()
        digest(data, cache=tmp_path / 'cache')
        assert len(opened) < 5

    def test_data_too_large_for_a_plan_are_not_read(self, data: Path, opened: list[str]) -> None:
        found = DataReader().manifest(TASK, data, most=10)
        assert (found.digest, found.files, opened) == ('', 5, [])
        assert found.unread == sum(len(x) for x in (JPEG, JPEG, JPEG, PNG)) + 2
        assert DataReader().manifest(TASK, data, most=1000).digest

    def test_each_folder_has_a_digest_of_its_own(self, data: Path) -> None:
        before = DataReader().manifest(TASK, data)
        assert list(before.folders) == ['.', 'images', 'images/cat', 'images/dog', 'masks']
        flip(data / 'images/cat/1.jpg')
        after = DataReader().manifest(TASK, data)
        changed = [name for name in before.folders if before.folders[name] != after.folders[name]]
        assert changed == ['.', 'images', 'images/cat']
        assert (after.files, after.size) == (before.files, before.size)


class TestQuickLevel:
    def test_photographs_are_known_by_name_and_size(self, data: Path, opened: list[str]) -> None:
        before = digest(data, level=Level.QUICK)
        assert sorted(opened) == ['1.png', 'labels.csv']
        flip(data / 'images/cat/1.jpg')
        assert digest(data, level=Level.QUICK) == before
        (data / 'images/cat/1.jpg').write_bytes(b'longer than before' + JPEG)
        assert digest(data, level=Level.QUICK) != before

    @pytest.mark.parametrize('name', ['masks/1.png', 'labels.csv'])
    def test_label_maps_and_lists_are_read_all_the_same(self, data: Path, name: str) -> None:
        before = digest(data, level=Level.QUICK)
        flip(data / name)
        assert digest(data, level=Level.QUICK) != before

    @pytest.mark.usefixtures('settled')
    def test_the_two_levels_never_agree(self, data: Path, tmp_path: Path) -> None:
        cache = tmp_path / 'cache'
        (data / 'masks/1.png').rename(data / 'masks/1.jpg')
        marks = {digest(data, level=level, cache=cache) for _ in range(2) for level in Level}
        assert len(marks) == 2


class TestWhatIsRefused:
    def test_no_data(self, tmp_path: Path) -> None:
        (tmp_path / 'empty' / 'deep').mkdir(parents=True)
        for name in ('empty', 'absent'):
            with pytest.raises(DataError, match=rf'{name}: no data here'):
                digest(tmp_path / name)

    def test_a_file_that_cannot_be_read(self, data: Path) -> None:
        (data / 'images/cat/9.jpg').symlink_to('/proc/self/mem')  # whoever reads it gets an error
        with pytest.raises(DataError, match=r'images/cat/9\.jpg: cannot be read \(') as caught:
            digest(data)
        assert '\n' not in str(caught.value)

    def test_a_link_to_nothing(self, data: Path) -> None:
        (data / 'images/cat/9.jpg').symlink_to(data / 'gone.jpg')
        with pytest.raises(DataError, match=r'9\.jpg: cannot be read \(.*a link to what is not'):
            digest(data)

    def test_two_names_that_differ_in_the_coding_of_accents_alone(self, data: Path) -> None:
        for form in ('NFC', 'NFD'):
            (data / 'masks' / unicodedata.normalize(form, 'é.png')).write_bytes(PNG)
        with pytest.raises(DataError, match=r'masks/.*\.png: two files have this name'):
            digest(data)

    @pytest.mark.usefixtures('settled')
    def test_names_that_are_no_valid_text_are_read(self, data: Path, tmp_path: Path) -> None:
        path = data / os.fsdecode(b'images/\xff\xfe.jpg')
        path.write_bytes(JPEG)
        before = digest(data, cache=tmp_path / 'cache')
        assert digest(data, cache=tmp_path / 'cache') == before
        flip(path)
        assert digest(data, cache=tmp_path / 'cache') != before


def test_a_manifest_counts_files_and_bytes(data: Path) -> None:
    found = DataReader().manifest(TASK, data)
    assert isinstance(found, Manifest)
    assert found.files == 5
    assert found.size == sum(path.stat().st_size for path in data.rglob('*') if path.is_file())


class TestRememberedHash:
    @pytest.mark.usefixtures('settled')
    def test_a_file_of_weights_is_read_once(self, tmp_path: Path, opened: list[str]) -> None:
        path = tmp_path / 'w.pth'
        path.write_bytes(b'abc')
        # FIPS 180-2, appendix B.1
        expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
        assert [remembered_hash(path, tmp_path / 'c') for _ in range(3)] == [expected] * 3
        assert opened == ['w.pth']
        flip(path)
        assert remembered_hash(path, tmp_path / 'c') != expected

    def test_one_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r'gone\.pth: cannot be read'):
            remembered_hash(tmp_path / 'gone.pth', tmp_path)
