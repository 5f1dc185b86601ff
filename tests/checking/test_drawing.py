"""The page of samples with their labels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmark.catalog import find_task
from benchmark.checking.drawing import draw_data
from benchmark.openmmlab import prepare
from tests.support.fakes.copies import COPIES

prepare()


@pytest.mark.parametrize(
    'name', ['food101', 'voc2012-aug', 'coco-detection', 'ap10k', 'got10k', 'mot17', 'nyuv2']
)
def test_every_kind_is_drawn_on_one_page_that_needs_no_other_file(
    name: str, tmp_path: Path
) -> None:
    task = find_task(name)
    COPIES[name](tmp_path / 'data')
    page = draw_data(task, tmp_path / 'data', tmp_path / 'out').read_text()
    assert page.count('<h2>') == len(task.datasets)
    assert page.count('src="data:image/png;base64,') >= len(task.datasets)
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert 'class="error"' not in page


def test_what_cannot_be_drawn_says_why(tmp_path: Path) -> None:
    COPIES['voc2012-aug'](tmp_path)
    for path in tmp_path.rglob('*.jpg'):
        path.write_bytes(b'no picture')
    page = draw_data(find_task('voc2012-aug'), tmp_path, tmp_path / 'page.html').read_text()
    assert 'cannot be read as a picture' in page
