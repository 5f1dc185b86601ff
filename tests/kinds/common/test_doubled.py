"""Records that are there twice, and splits that are slices of what cannot be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmark.catalog import find_task
from benchmark.checking.data import check_data
from tests.support.annotated import Content, Copy
from tests.support.fakes.copies import COPIES


@pytest.mark.parametrize('kind', ['detection', 'boxes', 'pose'])
def test_an_annotation_that_is_there_twice_counts_once(kind: str, tmp_path: Path) -> None:
    copy = Copy(tmp_path, kind)
    before = copy.score()

    def double(content: Content) -> None:
        content['annotations'].append(dict(content['annotations'][0]))

    for role in ('train', 'test'):
        copy.damage(role, double)
    assert copy.score() == before
    assert not copy.complaints()


def test_annotations_of_one_id_but_other_content_all_count(tmp_path: Path) -> None:
    copy = Copy(tmp_path, 'detection')
    before = copy.score()

    def one_id(content: Content) -> None:
        for annotation in content['annotations']:
            annotation['id'] = 3

    copy.damage('test', one_id)
    assert copy.score() == before


def test_an_object_that_is_there_twice_in_xml_is_warned_of(tmp_path: Path) -> None:
    COPIES['voc-detection'](tmp_path)
    task = find_task('voc-detection')
    assert not [one for one in check_data(task, tmp_path) if 'are the same' in one.detail]
    path = next((tmp_path / 'VOC2007/Annotations').glob('*.xml'))
    text = path.read_text()
    path.write_text(re.sub('(<object>.*?</object>)', r'\1\1', text, count=1, flags=re.DOTALL))
    (found,) = {one.detail for one in check_data(task, tmp_path) if 'are the same' in one.detail}
    assert f'{path}: objects 1 and 2 are the same' in found


@pytest.mark.parametrize(
    ('name', 'listing'),
    [
        ('voc2007', 'ImageSets/Main/trainval.txt'),
        ('voc2012-aug', 'ImageSets/Segmentation/train.txt'),
        ('nyuv2', 'train_list.txt'),
    ],
)
def test_a_slice_of_a_split_that_cannot_be_read_is_refused_by_name(
    tmp_path: Path, name: str, listing: str
) -> None:
    COPIES[name](tmp_path)
    path = tmp_path / listing
    rows = path.read_text().splitlines()
    path.write_text('\n'.join([rows[0][:3], *rows[1:]]) + '\n')
    found = check_data(find_task(name), tmp_path)
    bad = {one.what: one.detail for one in found if not one.is_ok and 'size' not in one.what}
    assert bad
    assert all('Recursion' not in detail and '\n' not in detail for detail in bad.values())
