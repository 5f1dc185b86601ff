"""Annotations as people really have them give the same score, or are refused by name."""

from __future__ import annotations

import gc
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmark.errors import BenchmarkError, DataError
from tests.support.annotated import Change, Content, Copy

ROLES = ('train', 'test')
KINDS = ('detection', 'boxes', 'pose')


@pytest.fixture(scope='module', autouse=True)
def quick() -> Iterator[None]:
    """Spare mmengine, which collects garbage at each opening, the libraries' many objects."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope='module')
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """Return the scores of the copies as they are."""
    scores = {kind: Copy(tmp_path_factory.mktemp(kind), kind).score() for kind in KINDS}
    assert 0 < scores['detection']['box_AP'] < 1
    assert 0 < scores['detection']['mask_AP'] < 1
    assert 0 < scores['pose']['PCK'] < 100
    assert 0 < scores['pose']['keypoint_AP'] < 1
    return scores


def every(key: str, value: Any) -> Change:
    """Return a change of one key in all annotations; a function gets number and annotation."""

    def change(content: Content) -> None:
        for number, annotation in enumerate(content['annotations']):
            annotation[key] = value(number, annotation) if callable(value) else value

    return change


def without(list_: str, *keys: str) -> Change:
    def change(content: Content) -> None:
        for entry in content[list_]:
            for key in keys:
                entry.pop(key, None)

    return change


def first(list_: str, **values: Any) -> Change:
    def change(content: Content) -> None:
        content[list_][0].update(values)

    return change


def reversed_list(list_: str) -> Change:
    def change(content: Content) -> None:
        content[list_].reverse()

    return change


def texts(content: Content) -> None:
    for image in content['images']:
        image['id'] = f'picture-{image["id"]}'
    for annotation in content['annotations']:
        annotation['image_id'] = f'picture-{annotation["image_id"]}'


def quoted(content: Content) -> None:
    for annotation in content['annotations']:
        for key in ('id', 'image_id', 'category_id', 'area', 'iscrowd'):
            annotation[key] = str(annotation[key])
        annotation['bbox'] = [str(side) for side in annotation['bbox']]


def renumbered_categories(content: Content) -> None:
    ids = {category['id']: 100 - category['id'] for category in content['categories']}
    for category in content['categories']:
        category['id'] = ids[category['id']]
    for annotation in content['annotations']:
        annotation['category_id'] = ids[annotation['category_id']]


def named_categories(content: Content) -> None:
    names = {category['id']: category['name'] for category in content['categories']}
    for category in content['categories']:
        category['id'] = category['name']
    for annotation in content['annotations']:
        annotation['category_id'] = names[annotation['category_id']]


def further_category(content: Content) -> None:
    content['categories'].insert(0, {'id': 1000, 'name': 'green'})


def lower(content: Content) -> None:
    for image in content['images']:
        image['height'] = 60


def encoded(encoding: str) -> Change:
    return lambda content: json.dumps(content).encode(encoding)


HARMLESS: dict[str, Change] = {
    'annotation ids from 0': every('id', lambda n, _: n),
    'annotation ids below 0': every('id', lambda n, _: n - 5),
    'annotation ids unique per picture only': every('id', lambda n, _: 1 + n % 2),
    'annotation ids all the same': every('id', 7),
    'annotation ids that are texts': every('id', lambda n, _: f'a{n}'),
    'annotation ids missing': without('annotations', 'id'),
    'image ids that are texts': texts,
    'numbers in quotation marks': quoted,
    'images in another order': reversed_list('images'),
    'category ids renumbered': renumbered_categories,
    'category ids that are names': named_categories,
    'an image listed twice alike': lambda c: c['images'].append(dict(c['images'][0])),
    'iscrowd missing': without('annotations', 'iscrowd'),
    'iscrowd null': every('iscrowd', None),
    'a byte-order mark': encoded('utf-8-sig'),
    'UTF-16': encoded('utf-16'),
    'UTF-32': encoded('utf-32'),
    'heights in quotation marks': first('images', height='64', width='64.0'),
}

FLAWED: dict[str, tuple[Change, str]] = {
    'not JSON': (lambda _: 'images', r'not JSON \(Expecting value in line 1, column 1\)'),
    'neither text nor JSON': (lambda _: b'\xff\xfe\xff', r'not JSON \(UnicodeDecodeError\)'),
    'too deep': (lambda _: '[' * 100_000, r'not JSON \(RecursionError\)'),
    'a list': (lambda c: json.dumps(c['annotations']), "holds a list where COCO's format"),
    'no images': (lambda c: json.dumps({**c, 'images': None}), "list 'images' .* is a null"),
    'no categories': (
        lambda c: json.dumps({k: v for k, v in c.items() if k != 'categories'}),
        "the list 'categories' of COCO's format is missing",
    ),
    'empty annotations': (lambda c: c['annotations'].clear(), "list 'annotations' is empty"),
    'empty images': (lambda c: c['images'].clear(), "list 'images' is empty"),
    'an annotation that is a number': (
        lambda c: c['annotations'].append(3),
        r'annotations\[8\] is a number, must be an object',
    ),
    'an image id twice': (first('images', id=2), r'the id 2 is used by two images'),
    'no image id': (without('images', 'id'), r'images\[0\] has the id null'),
    'an image id that is a list': (first('images', id=[1]), r'images\[0\] has the id \[1\]'),
    'a file name twice': (
        lambda c: c['images'][0].update(file_name=c['images'][1]['file_name']),
        r'is listed as image 1 and as image 2',
    ),
    'no file name': (without('images', 'file_name'), "image 1 has no 'file_name'"),
    'no height': (without('images', 'height'), r"image 1 .* has the 'height' null"),
    'a width of 0': (first('images', width=0), r"image 1 .* has the 'width' 0"),
    'an unknown image': (
        first('annotations', image_id=99),
        r'annotation 1 \(annotations\[0\]\) has the image_id 99',
    ),
    'an unknown category': (
        first('annotations', category_id=99),
        r'annotation 1 of .*1\.png .* has the category_id 99; the file has',
    ),
    'a category without name': (first('categories', name=None), 'has the name null'),
    'another iscrowd': (first('annotations', iscrowd=2), "has the 'iscrowd' 2, must be 0 or 1"),
    'a box of texts': (first('annotations', bbox=['a', 1, 2, 3]), r"annotation 1 .*the 'bbox'"),
    'a box of three': (first('annotations', bbox=[1, 2, 3]), r'annotation 1 .*four finite'),
    'a box that is not a number': (
        first('annotations', bbox=[float('nan'), 1, 2, 3]),
        'must be four finite numbers: left, top, width and height',
    ),
    'a box of negative width': (
        first('annotations', bbox=[30, 30, -9, 9]),
        'with a negative width or height',
    ),
    'a box without width': (
        first('annotations', bbox=[30, 30, 0, 9]),
        'annotation 1 .* has a box without width or height',
    ),
    'a box outside': (first('annotations', bbox=[90, 9, 9, 9]), 'has a box outside its picture'),
    'boxes by corners': (
        every('bbox', lambda _, a: [*a['bbox'][:2], *(s + 18 for s in a['bbox'][:2])]),
        'boxes reach out of their pictures.*corners',
    ),
    'boxes as shares': (
        every('bbox', lambda _, a: [side / 64 for side in a['bbox']]),
        'all boxes lie within one pixel',
    ),
    'an area below 0': (first('annotations', area=-4), "annotation 1 .* the 'area' -4"),
    'an area that is not a number': (first('annotations', area='big'), "the 'area' 'big'"),
    'another height': (
        lower,
        'is 64 x 64 pixels .* its annotations are for 64 x 60',
    ),
}


@pytest.mark.parametrize('role', ROLES)
@pytest.mark.parametrize('name', HARMLESS)
@pytest.mark.parametrize('kind', ['detection', 'pose'])
def test_what_can_only_be_meant_in_one_way_gives_the_same_score(
    kind: str, name: str, role: str, tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    copy = Copy(tmp_path, kind)
    copy.damage(role, HARMLESS[name])
    assert copy.score() == pytest.approx(whole[kind], abs=1e-9)


@pytest.mark.parametrize('kind', ['detection', 'pose'])
def test_a_whole_copy_and_a_copy_put_right_are_without_complaint(kind: str, tmp_path: Path) -> None:
    copy = Copy(tmp_path, kind)
    assert not copy.complaints()
    for change in (every('id', 0), texts, encoded('utf-16')):
        copy.damage('test', change)
        assert not copy.complaints()


@pytest.mark.parametrize('name', FLAWED)
@pytest.mark.parametrize(('kind', 'role'), [('detection', 'test'), ('pose', 'train')])
def test_what_cannot_be_meant_is_refused_by_name(
    kind: str, role: str, name: str, tmp_path: Path
) -> None:
    change, message = FLAWED[name]
    copy = Copy(tmp_path, kind)
    copy.damage(role, change)
    with pytest.raises(DataError, match=message) as caught:
        copy.score()
    assert '\n' not in str(caught.value)
    assert str(copy.data) in str(caught.value)
    if name in ('a list', 'an area below 0', 'another height'):
        assert str(caught.value) in copy.complaints()


@pytest.mark.parametrize('role', ROLES)
def test_categories_in_another_order_are_matched_by_name(
    role: str, tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    copy = Copy(tmp_path, 'detection')
    copy.damage(role, reversed_list('categories'))
    assert copy.score() == pytest.approx(whole['detection'], abs=1e-9)
    assert not copy.complaints()


def test_a_further_category_without_objects_changes_nothing(
    tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    copy = Copy(tmp_path, 'detection')
    copy.damage('test', further_category)
    assert copy.score() == pytest.approx(whole['detection'], abs=1e-9)
    assert not copy.complaints()


def test_a_class_that_only_the_test_split_shows_is_found(tmp_path: Path) -> None:
    copy = Copy(tmp_path, 'detection')

    def change(content: Content) -> None:
        further_category(content)
        content['annotations'][0]['category_id'] = 1000

    copy.damage('test', change)
    assert copy.complaints() == ["test has 'green', which train does not have"]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['categories'].__delitem__(1), 'category_id 7; the file has 3'),
        (first('categories', name='crimson'), "no category is called 'red'"),
        (first('categories', name='Red'), r"'red', which the task declares; did you mean 'Red'\?"),
        (first('categories', name='blue'), "categories 3 and 7 are both called 'blue'"),
        (first('categories', id=7), 'the id 7 is used by two categories: red and blue'),
    ],
)
@pytest.mark.parametrize('role', ROLES)
def test_categories_that_differ_from_the_declared_classes_are_named(
    role: str, change: Change, message: str, tmp_path: Path
) -> None:
    copy = Copy(tmp_path, 'boxes')
    copy.damage(role, change)
    with pytest.raises(DataError, match=message):
        copy.score()


def test_the_least_of_a_detection_file_is_enough(
    tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    """Without areas and boxes, with flat polygons: all of it follows from the outlines."""
    copy = Copy(tmp_path, 'detection')
    for role in ROLES:

        def change(content: Content) -> None:
            for annotation in content['annotations']:
                del annotation['area'], annotation['bbox']
                annotation['segmentation'] = annotation['segmentation'][0]

        copy.damage(role, change)
    assert copy.score() == pytest.approx(whole['detection'], abs=1e-9)
    copy.damage('test', every('area', 0))
    assert copy.score() == pytest.approx(whole['detection'], abs=1e-9)


def test_boxes_need_no_outlines_unless_masks_are_asked_for(
    tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    boxes = Copy(tmp_path / 'boxes', 'boxes')
    masks = Copy(tmp_path / 'masks', 'detection')
    for copy in (boxes, masks):
        copy.damage('test', without('annotations', 'segmentation', 'area'))
    assert boxes.score() == pytest.approx(whole['boxes'], abs=1e-9)
    with pytest.raises(DataError, match=r'no polygon .*\(8 of 8 have none\).*masks=False'):
        masks.score()


@pytest.mark.parametrize(
    ('outline', 'message'),
    [
        ([[1, 1, 9, 9]], 'no polygon of three corners'),
        ([[1, 1, 9, 1, 9]], 'a polygon of 5 numbers: must be pairs of x and y'),
        ([[1, 1, 9, 1, 9, 'x']], 'a polygon that is not a list of finite numbers'),
        ('1 1 9 1', "'segmentation' that is a text"),
        ({'size': [32, 64], 'counts': [2048]}, r'run-length code of the size \[32, 64\]'),
        ({'size': [64, 64], 'counts': [10, 20]}, 'counts do not add up to 4096'),
        ({'counts': [4096]}, 'run-length code of the size null'),
    ],
)
def test_outlines_that_cannot_be_meant_are_named(
    outline: Any, message: str, tmp_path: Path
) -> None:
    copy = Copy(tmp_path, 'detection')
    copy.damage('test', first('annotations', segmentation=outline))
    with pytest.raises(DataError, match=r'test\.json: annotation 1 .*' + message):
        copy.score()


def test_a_run_length_code_is_the_polygon(
    tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    copy = Copy(tmp_path, 'detection')

    def coded(_: int, annotation: Content) -> Content:
        left, top, width, height = annotation['bbox']
        before, gap = left * 64 + top, 64 - height
        counts = [before, *([height, gap] * (width - 1)), height]
        return {'size': [64, 64], 'counts': [*counts, 4096 - sum(counts)]}

    copy.damage('test', every('segmentation', coded))
    assert copy.score() == pytest.approx(whole['detection'], abs=1e-9)


def test_a_few_unusable_boxes_among_thousands_are_left_as_they_are(tmp_path: Path) -> None:
    copy = Copy(tmp_path, 'boxes')

    def change(content: Content) -> None:
        content['annotations'] *= 150
        content['annotations'] = [
            {**entry, 'id': number} for number, entry in enumerate(content['annotations'], 1)
        ]
        content['annotations'][5]['bbox'] = [20, 20, 0, 9]

    copy.damage('train', change)
    assert not copy.complaints()


ABC = ('a', 'b', 'c')


def in_order(names: tuple[str, ...]) -> Change:
    def change(content: Content) -> None:
        content['categories'][0]['keypoints'] = list(names)
        for annotation in content['annotations']:
            parts = np.reshape(annotation['keypoints'], (3, 3))
            annotation['keypoints'] = parts[[ABC.index(name) for name in names]].ravel().tolist()

    return change


@pytest.mark.parametrize('role', ROLES)
@pytest.mark.parametrize('names', [('c', 'a', 'b'), ('b', 'a', 'c')])
def test_key_points_in_another_order_are_matched_by_name(
    names: tuple[str, ...], role: str, tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    copy = Copy(tmp_path, 'pose')
    copy.damage(role, in_order(names))
    assert copy.score() == pytest.approx(whole['pose'], abs=1e-9)
    assert not copy.complaints()


POSE_HARMLESS: dict[str, Change] = {
    'count wrong': every('num_keypoints', 0),
    'count missing': without('annotations', 'num_keypoints'),
    'count a text': every('num_keypoints', 'three'),
    'numbers in quotation marks': every('keypoints', lambda _, a: list(map(str, a['keypoints']))),
    'names missing': without('categories', 'keypoints'),
    'skeleton missing': without('categories', 'skeleton'),
    'category missing': without('annotations', 'category_id'),
    'one not labelled without place': lambda c: c['annotations'].append(
        {**c['annotations'][0], 'id': 99, 'keypoints': [float('nan'), 0, 0] * 3}
    ),
}


@pytest.mark.parametrize('name', POSE_HARMLESS)
@pytest.mark.parametrize('role', ROLES)
def test_key_points_that_can_only_be_meant_in_one_way_give_the_same_score(
    name: str, role: str, tmp_path: Path, whole: dict[str, dict[str, float]]
) -> None:
    copy = Copy(tmp_path, 'pose')
    copy.damage(role, POSE_HARMLESS[name])
    assert copy.score() == pytest.approx(whole['pose'], abs=1e-9)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (first('annotations', keypoints=[1, 2, 2] * 2), 'annotation 1 has 2 key points, .* 3'),
        (first('annotations', keypoints=[1, 2, 2, 3]), "annotation 1 .*'keypoints' of 4 entries"),
        (first('annotations', keypoints=[1, 2, 3] * 3), 'visibility 3, allowed are 0'),
        (first('annotations', keypoints=[1, 2, 0.5] * 3), 'visibility 0.5, allowed are 0'),
        (first('annotations', keypoints=[float('inf'), 2, 2] * 3), 'key point 1 is labelled but'),
        (every('keypoints', [0] * 9), 'no annotation has a labelled key point'),
        (every('keypoints', None), 'no annotation has a labelled key point'),
        (first('annotations', area=0), "annotation 1 .* the 'area' 0 beside labelled key points"),
        (without('annotations', 'bbox'), "annotation 1 .* the 'bbox' null"),
        (first('categories', keypoints=['a', 'b']), 'names 2 key points, the task declares 3'),
        (
            first('categories', keypoints=['b', 'a', 'tail']),
            "key point 1 of category 'thing' is 'b', the task declares 'a' there",
        ),
    ],
)
@pytest.mark.parametrize('role', ROLES)
def test_key_points_that_cannot_be_meant_are_named(
    change: Change, message: str, role: str, tmp_path: Path
) -> None:
    copy = Copy(tmp_path, 'pose')
    copy.damage(role, change)
    with pytest.raises(DataError, match=rf'{role}\.json: .*{message}'):
        copy.score()


def test_key_points_that_splits_name_differently_are_found(tmp_path: Path) -> None:
    copy = Copy(tmp_path, 'pose')
    copy.damage('test', first('categories', keypoints=['a', 'bee', 'c']))
    assert copy.complaints() == ["test has 'bee', which train does not have"]


def test_a_picture_of_another_size_is_named_when_it_is_loaded(tmp_path: Path) -> None:
    """Only the heads of some pictures are read at the start; each is compared when decoded."""
    from mmengine.registry import DATASETS, DefaultScope

    copy = Copy(tmp_path, 'boxes')
    config = {
        'type': 'mmdet.CocoDataset',
        'data_root': str(copy.data),
        'ann_file': 'test.json',
        'data_prefix': {'img': 'test/'},
        'metainfo': {'classes': ('red', 'blue')},
        'pipeline': [{'type': 'LoadImageFromFile'}, {'type': 'PackDetInputs'}],
    }
    with DefaultScope.overwrite_default_scope('mmdet'):
        dataset = DATASETS.build({'type': 'benchmark.Opened', 'of': config})
        assert dataset[2]
        cv2.imwrite(str(copy.data / 'test/test3.png'), np.zeros((32, 64, 3), np.uint8))
        with pytest.raises(DataError, match=r'test3\.png: is 64 x 32 .* for 64 x 64'):
            dataset[2]


VALUES = (None, 0, -1, 1e9, float('nan'), float('inf'), '', 'x', '3', [], {}, True, [[]], [1, 2])


def mutated(content: Content, rng: random.Random) -> Content:
    """Return a content with one random entry removed, doubled, swapped or replaced."""
    list_ = rng.choice(('images', 'categories', 'annotations'))
    entries = content[list_]
    at = rng.randrange(len(entries))
    match rng.randrange(6):
        case 0:
            entries.append(dict(entries[at]))
        case 1:
            rng.shuffle(entries)
        case 2:
            entries[at] = rng.choice(VALUES)
        case 3:
            content[list_] = rng.choice(VALUES)
        case 4:
            entries[at].pop(rng.choice(sorted(entries[at])))
        case 5:
            entries[at][rng.choice(sorted(entries[at]))] = rng.choice(VALUES)
    return content


@pytest.mark.parametrize('kind', KINDS)
def test_a_random_mutation_is_refused_in_one_line_or_scored_as_a_number(
    kind: str, tmp_path: Path
) -> None:
    copy, rng = Copy(tmp_path, kind), random.Random(1)
    refused = 0
    for _ in range(30):
        role = rng.choice(ROLES)
        copy.damage(role, lambda content: mutated(content, rng))
        message, found = '', {}
        try:
            found = copy.score()
        except BenchmarkError as error:
            message = str(error)
        refused += bool(message)
        # the last resort, which shows a library's own exception
        assert '\n' not in message
        assert 'cannot be read (' not in message
        assert all(0 <= value <= 100 for value in found.values())
        copy.write(role, copy.contents[role])
    assert 5 < refused < 30
    shutil.rmtree(copy.data)
