"""Lists are read as editors and other systems leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import DataError
from benchmark.openmmlab import prepare
from benchmark.openmmlab.lists import escapes, list_from_file, read_lines

PLAIN = ['cats/a b.jpg 0', 'dogs/c.jpg 1']


@pytest.mark.parametrize(
    'content',
    [
        b'cats/a b.jpg 0\ndogs/c.jpg 1\n',
        b'\xef\xbb\xbfcats/a b.jpg 0\r\n\r\ndogs/c.jpg 1  \r\n  \r\n',
        b'cats/a b.jpg\t0\rdogs/c.jpg\t1\r',
        b'"cats/a b.jpg" 0\n \'dogs/c.jpg\' 1',
        b'cats\\a b.jpg 0\r\ndogs\\c.jpg 1',
        'cats/a b.jpg 0\ndogs/c.jpg 1\n'.encode('utf-16'),
    ],
)
def test_what_surrounds_an_entry_does_not_matter(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'list.txt'
    path.write_bytes(content)
    assert [line.text for line in read_lines(path)] == PLAIN


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / 'list.txt').write_text('\na\n\nb\n')
    assert [line.number for line in read_lines(tmp_path / 'list.txt')] == [2, 4]


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / 'list.txt').write_bytes(b'a.jpg 0\nm\xfcller.jpg 1\n')
    with pytest.raises(DataError, match=r'list\.txt, line 2: not UTF-8'):
        read_lines(tmp_path / 'list.txt')


def test_the_libraries_read_lists_alike(tmp_path: Path) -> None:
    prepare()
    import mmengine
    import mmengine.fileio

    assert mmengine.list_from_file is mmengine.fileio.list_from_file is list_from_file
    (tmp_path / 'list.txt').write_bytes(b'\xef\xbb\xbfa\r\nb\r\nc\r\n')
    assert list_from_file(tmp_path / 'list.txt', prefix='x', offset=1, max_num=1) == ['xb']


def test_paths_that_lead_out_of_a_folder_are_told() -> None:
    assert all(map(escapes, ('../a', 'a/../../b', '/a', 'C:/a')))
    assert not any(map(escapes, ('a/b', 'a/../b', './a', 'a..b/c')))
