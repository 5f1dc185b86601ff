"""The template on the page of each kind opens data in the layout that the page shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.catalog.tasks import read_task
from benchmark.checking.data import check_data
from benchmark.openmmlab import prepare
from tests.support import own_folders
from tests.support.documents import Block, blocks

prepare()

PAGES = {
    block.place.partition('own-data/')[2].partition('.md')[0]: block
    for block in blocks('python')
    if 'own-data/' in block.place and block.text.startswith('task = ')
}


def _boxes(root: Path) -> None:
    own_folders.boxes(root)
    for path in (root / 'annotations').iterdir():
        content = json.loads(path.read_text())
        unused = next(item for item in content['categories'] if item['name'] == 'unused')
        unused['name'] = 'platelet'
        content['annotations'][0]['category_id'] = unused['id']
        path.write_text(json.dumps(content))


def _key_points(root: Path) -> None:
    own_folders.key_points(root)
    names = {'nose': 'snout', 'left_ear': 'left-ear', 'right_ear': 'right-ear'}
    for role in ('train', 'test'):
        path = root / 'annotations' / f'person_keypoints_{role}2017.json'
        text = path.read_text()
        for found, wanted in names.items():
            text = text.replace(f'"{found}"', f'"{wanted}"')
        (root / 'annotations' / f'{role}.json').write_text(text)


def _depths(root: Path) -> None:
    own_folders.depths(root)
    for role in ('train', 'test'):
        (root / role / 'rgb').rename(root / role / 'image')


LAYOUTS: dict[str, Callable[[Path], None]] = {
    'classification': own_folders.classes,
    'segmentation': own_folders.maps,
    'detection': _boxes,
    'pose': _key_points,
    'depth': _depths,
    'tracking': own_folders.films,
    'mot': own_folders.crowds,
}


def test_every_page_has_a_template() -> None:
    assert PAGES.keys() == LAYOUTS.keys()


@pytest.mark.parametrize('kind', LAYOUTS)
def test_the_template_opens_the_layout_of_its_page(kind: str, tmp_path: Path) -> None:
    block: Block = PAGES[kind]
    path = tmp_path / (block.title or 'task.py')
    path.write_text(block.text)
    task = read_task(path)
    folder = tmp_path / 'data' / task.source.root
    LAYOUTS[kind](folder)
    wrong = [found for found in check_data(task, folder) if not found.is_ok]
    # a page cannot know how many samples there are, which the check says
    assert {found.what for found in wrong} <= {f'{role} size' for role in ('train', 'val', 'test')}
    assert wrong
