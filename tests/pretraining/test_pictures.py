"""Pictures of a folder or of the world, with their labels."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmark.errors import DataError
from benchmark.pretraining import folder_pictures
from benchmark.pretraining.pictures import read_column
from tests.support.pretraining_requests import write_pictures


def test_folders_are_classes(tmp_path: Path) -> None:
    found = write_pictures(tmp_path, 4)
    assert found.rows == (('a/0.png', 0), ('a/2.png', 0), ('b/1.png', 1), ('b/3.png', 1))
    assert (found.classes, found.labels) == (('a', 'b'), 'folders')
    lines = ''.join(f'{n}\0{(tmp_path / n).stat().st_size}\n' for n, _ in found.rows)
    assert found.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    found.write_list(tmp_path / 'list.txt')
    assert (tmp_path / 'list.txt').read_text().splitlines()[2] == 'b/1.png 1'


def test_loose_pictures_have_no_classes(tmp_path: Path) -> None:
    write_pictures(tmp_path, 2)
    (tmp_path / 'a' / '0.png').rename(tmp_path / 'loose.PNG')
    (tmp_path / '._hidden.png').write_text('')
    (tmp_path / 'notes.txt').write_text('')
    found = folder_pictures(tmp_path)
    assert found.rows == (('b/1.png', 0), ('loose.PNG', 0))
    assert (found.classes, found.labels) == (('',), 'none')


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--data '.*/none': no such folder \(also allowed: world"):
        folder_pictures(tmp_path / 'none')
    with pytest.raises(DataError, match=r'holds no picture \(\.jpg, '):
        folder_pictures(tmp_path)
    (tmp_path / 'text.jpg').write_text('no picture')
    with pytest.raises(DataError, match=r'text\.jpg: cannot be read as a picture'):
        folder_pictures(tmp_path)


def test_a_table_gives_a_column(tmp_path: Path) -> None:
    table = tmp_path / 'labels.csv'
    table.write_text('file,kind\n0.png,a\n1.png,b\n')
    assert read_column(table, 'kind') == [('0.png', 'a'), ('1.png', 'b')]
    with pytest.raises(DataError, match=r"labels\.csv: has no column 'species'"):
        read_column(table, 'species')
    with pytest.raises(DataError, match=r'absent\.csv: cannot be read'):
        read_column(tmp_path / 'absent.csv', 'kind')
