"""Faults of annotations in LVIS, sets of persons, animals and species, and VOC's XML."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.acquiring.converting.pose import crowdpose as convert_crowdpose
from benchmark.acquiring.converting.pose import mpii as convert_mpii
from benchmark.catalog import find_task
from benchmark.errors import DataError
from benchmark.specs import Role, Task
from tests.support.annotated import complaints, trivial
from tests.support.fakes.copies import COPIES

Content = dict[str, Any]
CONVERTED = {'crowdpose': convert_crowdpose, 'mpii': convert_mpii}


@pytest.fixture(scope='module', autouse=True)
def quick() -> Iterator[None]:
    """Spare mmengine, which collects garbage at each opening, the libraries' many objects."""
    gc.freeze()
    yield
    gc.unfreeze()


class Fake:
    """The fake copy of a shipped task."""

    def __init__(self, name: str, folder: Path) -> None:
        self.task: Task = replace(find_task(name), tree={})
        self.data = folder / name
        COPIES[name](self.data)
        if name in CONVERTED:
            CONVERTED[name](self.data)

    def damage(self, file: str, change: Callable[[Any], None]) -> None:
        path = self.data / file
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.data / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def score(self) -> dict[str, float]:
        return trivial(self.task, self.data)

    def complaints(self) -> list[str]:
        """Return what is wrong beside counts, which fake copies do not have."""
        found = complaints(self.task, self.data)
        return [one for one in found if ' samples, declared ' not in one]


FILES = {
    'coco-detection': (
        'annotations/instances_train2017.json',
        'annotations/instances_val2017.json',
    ),
    'lvis': ('annotations/lvis_v1_train.json', 'annotations/lvis_v1_val.json'),
    'ap10k': ('annotations/ap10k-train-split1.json', 'annotations/ap10k-test-split1.json'),
    'coco-pose': (
        'annotations/person_keypoints_train2017.json',
        'annotations/person_keypoints_val2017.json',
    ),
    'crowdpose': ('annotations/trainval.json', 'annotations/test.json'),
    'mpii': ('annotations/train.json', 'annotations/val.json'),
    'inat2019': ('train2019.json', 'val2019.json'),
}
BOXES = {
    'coco-pose': 'person_detection_results/COCO_val2017_detections_AP_H_56_person.json',
    'crowdpose': 'annotations/det_for_crowd_test_0.1_0.5.json',
}
NUMBERED = [name for name in FILES if name != 'inat2019']


@pytest.mark.parametrize('name', [*FILES, 'voc-detection'])
def test_whole_copies_are_without_complaint(name: str, tmp_path: Path) -> None:
    assert not Fake(name, tmp_path).complaints()


def ids_from_0(content: Content) -> None:
    for number, annotation in enumerate(content['annotations']):
        annotation['id'] = number


def ids_of_one(content: Content) -> None:
    for annotation in content['annotations']:
        annotation['id'] = 1


def turned_categories(content: Content) -> None:
    """Give the categories the opposite order and other ids, LVIS's lists included."""
    ids = {category['id']: 5000 - category['id'] for category in content['categories']}
    content['categories'].reverse()
    for category in content['categories']:
        category['id'] = ids[category['id']]
    for annotation in content['annotations']:
        annotation['category_id'] = ids[annotation['category_id']]
    for image in content['images']:
        for key in ('neg_category_ids', 'not_exhaustive_category_ids'):
            if key in image:
                image[key] = [ids[one] for one in image[key]]


def image_texts(content: Content) -> None:
    for image in content['images']:
        image['id'] = f'n{image["id"]}'
    for annotation in content['annotations']:
        annotation['image_id'] = f'n{annotation["image_id"]}'


@pytest.mark.parametrize('change', [ids_from_0, ids_of_one])
@pytest.mark.parametrize('name', NUMBERED)
def test_annotation_ids_do_not_matter(
    name: str, change: Callable[[Content], None], tmp_path: Path
) -> None:
    fake = Fake(name, tmp_path)
    whole = fake.score()
    for file in FILES[name]:
        fake.damage(file, change)
    assert fake.score() == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize('name', ['coco-detection', 'lvis'])
@pytest.mark.parametrize('split', [0, 1])
def test_orders_and_ids_of_categories_do_not_matter(name: str, split: int, tmp_path: Path) -> None:
    fake = Fake(name, tmp_path)
    whole = fake.score()
    fake.damage(FILES[name][split], turned_categories)
    assert fake.score() == pytest.approx(whole, abs=1e-9)
    assert not fake.complaints()


@pytest.mark.parametrize('name', ['lvis', 'ap10k', 'mpii', 'coco-pose', 'crowdpose'])
def test_image_ids_may_be_texts(name: str, tmp_path: Path) -> None:
    fake = Fake(name, tmp_path)
    whole = fake.score()
    fake.damage(FILES[name][1], image_texts)
    if name in BOXES:

        def rename(boxes: list[Content]) -> None:
            for box in boxes:
                box['image_id'] = f'n{box["image_id"]}'

        fake.damage(BOXES[name], rename)
    assert fake.score() == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize('name', FILES)
def test_an_annotation_of_an_unknown_image_is_named(name: str, tmp_path: Path) -> None:
    fake = Fake(name, tmp_path)
    fake.damage(FILES[name][0], lambda content: content['annotations'][0].update(image_id=777))
    with pytest.raises(DataError, match=rf'{FILES[name][0]}: .*777'):
        fake.score()


@pytest.mark.parametrize('name', FILES)
def test_a_picture_listed_under_two_ids_is_named(name: str, tmp_path: Path) -> None:
    fake = Fake(name, tmp_path)
    fake.damage(
        FILES[name][1], lambda content: content['images'].append({**content['images'][0], 'id': 9})
    )
    with pytest.raises(DataError, match=r'is listed as image|under 2 ids'):
        fake.score()


@pytest.mark.parametrize('name', FILES)
def test_any_encoding_of_json_is_read(name: str, tmp_path: Path) -> None:
    fake = Fake(name, tmp_path)
    whole = fake.score()
    for file, encoding in zip(FILES[name], ('utf-8-sig', 'utf-16'), strict=True):
        path = fake.data / file
        path.write_bytes(path.read_text().encode(encoding))
    assert fake.score() == whole


@pytest.mark.parametrize(
    ('name', 'change', 'message'),
    [
        ('lvis', lambda c: c['categories'][0].pop('frequency'), "lacks the field 'frequency'"),
        ('lvis', lambda c: c['categories'][0].update(frequency='x'), "frequency 'x', allowed are"),
        (
            'lvis',
            lambda c: c['images'][0].pop('neg_category_ids'),
            "'neg_category_ids'",
        ),
        ('lvis', lambda c: c['images'][0].update(neg_category_ids=[9999]), 'no category: 9999'),
        ('crowdpose', lambda c: c['images'][0].pop('crowdIndex'), "image .* no 'crowdIndex'"),
        ('mpii', lambda c: c['annotations'][0].update(head_size=0), 'the head_size 0;'),
        ('mpii', lambda c: c['annotations'][0].update(head_size='x'), "the head_size 'x';"),
    ],
)
def test_what_only_the_score_needs_is_missed_before_anything_is_learned(
    name: str, change: Callable[[Content], None], message: str, tmp_path: Path
) -> None:
    from mmengine.evaluator import Evaluator
    from mmengine.registry import DefaultScope

    from benchmark.compiling import localise
    from benchmark.compiling.trivial import compile_trivial
    from benchmark.kinds.base import DATA

    fake = Fake(name, tmp_path)
    fake.damage(FILES[name][1], change)
    config = localise(compile_trivial(fake.task), {DATA: str(fake.data)})
    scope = DefaultScope.overwrite_default_scope(config['default_scope'])
    with scope, pytest.raises(DataError, match=message):
        Evaluator(config['test_evaluator'])


def test_lvis_on_own_pictures_needs_no_address(tmp_path: Path) -> None:
    fake = Fake('lvis', tmp_path)
    whole = fake.score()

    def change(content: Content) -> None:
        for image in content['images']:
            image['file_name'] = '/'.join(image.pop('coco_url').split('/')[-2:])

    fake.damage(FILES['lvis'][1], change)
    assert fake.score() == whole


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda boxes: boxes[0].update(image_id=777), 'box 0 is of the image 777, which is not in'),
        (lambda boxes: boxes[1].pop('score'), "box 1 must have a 'bbox'.* and a 'score'"),
        (lambda boxes: boxes[0].update(bbox=[1, 2, float('nan'), 4]), "box 0 must have a 'bbox'"),
        (
            lambda boxes: [box.update(category_id=2) for box in boxes],
            'contains no box of category 1',
        ),
        (lambda boxes: boxes.append(3), 'must be a list of boxes'),
    ],
)
@pytest.mark.parametrize('name', BOXES)
def test_boxes_of_a_detector_that_cannot_be_used_are_named(
    name: str, change: Callable[[list[Content]], None], message: str, tmp_path: Path
) -> None:
    fake = Fake(name, tmp_path)
    fake.damage(BOXES[name], change)
    with pytest.raises(DataError, match=rf'{BOXES[name]}: {message}'):
        fake.score()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['annotations'][0].update(category_id='x'), r"has the category 'x'"),
        (lambda c: c['annotations'].pop(), 'has no annotation'),
        (
            lambda c: c['annotations'].append({**c['annotations'][0], 'category_id': 1009}),
            r'has the categories 0 and 1009; must have one',
        ),
        (lambda c: c['images'][0].update(id=c['images'][1]['id']), 'two pictures have the id'),
    ],
)
def test_lists_of_species_that_cannot_be_meant_are_named(
    change: Callable[[Content], None], message: str, tmp_path: Path
) -> None:
    fake = Fake('inat2019', tmp_path)
    fake.damage('train2019.json', change)
    with pytest.raises(DataError, match=r'train2019\.json: .*' + message):
        fake.score()


def test_species_that_two_splits_number_differently_are_found(tmp_path: Path) -> None:
    fake = Fake('inat2019', tmp_path)
    for file, names in zip(FILES['inat2019'], ('ab', 'ba'), strict=True):

        def change(content: Content, names: str = names) -> None:
            used = sorted({a['category_id'] for a in content['annotations']})
            content['categories'] = [
                {'id': id_, 'name': names[n % 2] + str(n // 2)} for n, id_ in enumerate(used)
            ]

        fake.damage(file, change)
    assert any('which train does not have' in one for one in fake.complaints())


XML = 'VOC2007/Annotations/2007_800000.xml'


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('<name>person', '<name>Person', "object 1 is called 'Person', the task declares 'person'"),
        ('<name>dog', '<name>dog ', "object 2 is called 'dog ', the task declares 'dog'"),
        ('<name>person', '<name>', 'object 1 has no name'),
        ('<xmin>', '<xmin>a', r"object 1 has the box \['a"),
        ('<xmin>', '<xmin>9', 'whose right or lower end is before'),
        ('<bndbox>', '<box>', 'not readable as XML'),
        ('<width>', '<width>0.', 'its size is .*in whole pixels'),
        ('<difficult>', '<difficult>x', "the 'difficult' 'x"),
    ],
)
def test_an_xml_file_that_cannot_be_meant_is_named(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    fake = Fake('voc-detection', tmp_path)
    file = next(path for path in sorted((fake.data / 'VOC2007/Annotations').iterdir()))
    fake.replace(str(file.relative_to(fake.data)), old, new)
    with pytest.raises(DataError, match=rf'{file.name}: .*{message}'):
        fake.score()
    assert any(file.name in one for one in fake.complaints())


def test_a_missing_xml_file_and_a_picture_listed_twice_are_named(tmp_path: Path) -> None:
    fake = Fake('voc-detection', tmp_path)
    list_ = fake.data / 'VOC2007/ImageSets/Main/test.txt'
    ids = list_.read_text().split()
    list_.write_text('\n'.join([*ids, ids[0]]))
    with pytest.raises(DataError, match=rf"test\.txt: lists '{ids[0]}' twice"):
        fake.score()
    list_.write_text('\n'.join(ids))
    (fake.data / f'VOC2007/Annotations/{ids[1]}.xml').unlink()
    with pytest.raises(DataError, match=rf'{ids[1]}\.xml: no such annotation file'):
        fake.score()


def test_no_object_of_a_declared_class_is_found_before_training(tmp_path: Path) -> None:
    fake = Fake('voc-detection', tmp_path)
    for path in (fake.data / 'VOC2007/Annotations').iterdir():
        text = path.read_text()
        for name in ('person', 'dog', 'tvmonitor'):
            text = text.replace(f'<name>{name}', '<name>lamp')
        path.write_text(text)
    with pytest.raises(DataError, match=r'trainval\.txt: none of its 3 files has an object'):
        fake.score()


def test_a_size_in_xml_that_is_not_the_pictures_is_named(tmp_path: Path) -> None:
    fake = Fake('voc-detection', tmp_path)
    for path in (fake.data / 'VOC2007/Annotations').iterdir():
        path.write_text(path.read_text().replace('<width>', '<width>1'))
    with pytest.raises(DataError, match=r'\.jpg: is 64 x 48 pixels .* are for 164 x 48'):
        fake.score()


def test_every_shipped_task_that_reads_json_has_a_row_here() -> None:
    read = set()
    for name in COPIES:
        datasets = find_task(name).datasets
        if str(datasets[Role.TRAIN].get('ann_file', '')).endswith('.json'):
            read.add(name)
    variants = {
        'coco-detection-classic',
        'coco-detection-cascade',
        'coco-val-pose',
        'inat2018',
    }
    assert read - variants == set(FILES)
