"""Detection data sets in miniature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.fakes.classification import voc_annotation
from tests.support.fakes.pictures import lines, picture, written_json

_LICENCES = [{'id': 1, 'url': 'x', 'name': 'x'}]


def _polygon(box: tuple[int, int, int, int]) -> list[list[float]]:
    left, top, width, height = box
    right, bottom = left + width, top + height
    return [[left, top, right, top, right, bottom, left, bottom]]


def annotations(
    images: list[dict[str, Any]], categories: list[dict[str, Any]], *, per_image: int = 2
) -> dict[str, Any]:
    """Return COCO's instances: ``per_image`` boxes with polygons in each picture."""
    found = []
    for image in images:
        for n in range(per_image):
            box = (4 + 20 * n, 5 + 8 * n, 24, 22)
            number = len(found) + 1
            found.append(
                {
                    'id': number,
                    'image_id': image['id'],
                    'category_id': categories[number % len(categories)]['id'],
                    'bbox': list(box),
                    'area': float(box[2] * box[3]),
                    'iscrowd': 0,
                    'segmentation': _polygon(box),
                }
            )
    return {
        'info': {},
        'licenses': _LICENCES,
        'images': images,
        'categories': categories,
        'annotations': found,
    }


def coco(root: Path) -> None:
    from mmdet.datasets import CocoDataset

    names = CocoDataset.METAINFO['classes']
    # the release numbers its 80 classes from 1 to 90 with gaps; only their order matters
    categories = [{'id': n + 1 + n // 10, 'name': name} for n, name in enumerate(names)]
    for role, count in (('train2017', 5), ('val2017', 2)):
        images = [
            {'id': 10 + i, 'file_name': f'{10 + i:012d}.jpg', 'height': 48, 'width': 64}
            for i in range(count)
        ]
        content = annotations(images, categories)
        if role == 'train2017':  # one picture without objects, and a crowd
            content['annotations'] = [a for a in content['annotations'] if a['image_id'] != 14]
            crowd = {**content['annotations'][0], 'id': 99, 'iscrowd': 1}
            crowd['segmentation'] = {'size': [48, 64], 'counts': [100, 200, 2772]}
            content['annotations'].append(crowd)
        written_json(root / f'annotations/instances_{role}.json', content)
        for image in images:
            picture(root / f'{role}/{image["file_name"]}')


def lvis(root: Path) -> None:
    from mmdet.datasets.lvis import LVISV1Dataset

    names = LVISV1Dataset.METAINFO['classes']
    categories = [
        {
            'id': n + 1,
            'name': name,
            'frequency': 'rcf'[n % 3],
            'image_count': n % 100 + 1,
            'synset': 'x',
            'synonyms': [],
        }
        for n, name in enumerate(names)
    ]
    for role, folder, count in (('train', 'train2017', 4), ('val', 'val2017', 2)):
        images = [
            {
                'id': 20 + i,
                'coco_url': f'http://images.cocodataset.org/{folder}/{20 + i:012d}.jpg',
                'height': 48,
                'width': 64,
                'neg_category_ids': [5],
                'not_exhaustive_category_ids': [2],
            }
            for i in range(count)
        ]
        content = annotations(images, categories)
        for annotation in content['annotations']:
            del annotation['iscrowd']
        written_json(root / f'annotations/lvis_v1_{role}.json', content)
        for i in range(count):
            picture(root / f'{folder}/{20 + i:012d}.jpg')


def voc_detection(root: Path) -> None:
    for year, sets in ((2007, (('trainval', 3), ('test', 2))), (2012, (('trainval', 2),))):
        for role, count in sets:
            ids = [f'{year}_{len(role)}{i:05d}' for i in range(count)]
            lines(root / f'VOC{year}/ImageSets/Main/{role}.txt', *ids)
            for id_ in ids:
                picture(root / f'VOC{year}/JPEGImages/{id_}.jpg')
                objects = (('person', 0), ('dog', 0), ('tvmonitor', 1))
                lines(root / f'VOC{year}/Annotations/{id_}.xml', voc_annotation(id_, objects))
