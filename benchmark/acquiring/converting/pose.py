"""Annotations of pose data sets, in COCO's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from PIL import Image

from benchmark.acquiring.converting.files import halved, read_json, write_json
from benchmark.errors import DataError

_PIXELS = 200
"""Pixels of a person's height that MPII counts as a scale of 1."""

_SHIFT = 15
"""Pixels, at scale 1, by which a person's centre is lowered so that feet stay in the box."""

_HEAD = 0.6
"""Share of a head box's diagonal that counts as the head's size (MPII's evaluation)."""

_BODY = 0.53

_DETECTED = 'annotations/det_for_crowd_test_0.1_0.5.json'
"""CrowdPose's boxes of a detector, as mmpose's archive of annotations calls them."""


def crowdpose(root: Path) -> list[str]:
    """Write ``annotations/trainval.json`` and ``annotations/test.json`` with the true image sizes.

    In the release's ``crowdpose_trainval.json`` and ``crowdpose_test.json`` width and height of
    many images are swapped, which would cut boxes.

    Raises:
        DataError: a file or a picture is missing.
    """
    _released(root, _DETECTED)
    done = []
    for role in ('trainval', 'test'):
        content = read_json(root / f'crowdpose_{role}.json')
        for image in content['images']:
            image['width'], image['height'] = _size(root / 'images' / image['file_name'])
        path = root / f'annotations/{role}.json'
        write_json(path, content)
        done.append(f'{path}: {len(content["annotations"])} persons')
    return done


def coco_val(root: Path) -> list[str]:
    """Split the persons of COCO's val2017 into two files, by the hash of their pictures' names.

    ``annotations/person_keypoints_val2017_train.json`` gets two fifths of the pictures with
    annotated key points, ``..._test.json`` the others.

    Raises:
        DataError: the annotations are missing, or fewer than two pictures have key points.
    """
    source = root / 'annotations/person_keypoints_val2017.json'
    content = read_json(source)
    shown = {item['image_id'] for item in content['annotations'] if item.get('num_keypoints')}
    images = {item['file_name']: item for item in content['images'] if item['id'] in shown}
    done = []
    for role, names in zip(('train', 'test'), halved(images, 2 / 5), strict=True):
        kept = {images[name]['id'] for name in names}
        chosen = {
            'images': [images[name] for name in sorted(names)],
            'annotations': [item for item in content['annotations'] if item['image_id'] in kept],
        }
        path = source.with_name(f'{source.stem}_{role}.json')
        write_json(path, {**content, **chosen})
        done.append(f'{path}: {len(names)} pictures, {len(chosen["annotations"])} persons')
    return done


def _released(root: Path, name: str) -> Path:
    """Return a file of mmpose's archives, which name its folder with or without the data set's."""
    place = root / name
    inner = root / root.name / name
    if not place.exists() and inner.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        inner.replace(place)
    return place


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as picture:
            return picture.size
    except OSError as error:
        raise DataError(f'{path}: not readable as a picture ({error})') from None


def mpii(root: Path) -> list[str]:
    """Write ``annotations/train.json`` and ``annotations/val.json`` from the usual lists.

    These are ``mpii_train.json`` and ``mpii_val.json``, where places count from 1, and
    ``mpii_gt_val.mat``, which has a head box for every person of the second. Boxes are squares of
    200 pixels times the person's scale, as in Simple Baseline and its successors.

    Raises:
        DataError: a file or a picture is missing, or the head boxes are not one per person.
    """
    done = []
    for role in ('train', 'val'):
        people = read_json(_listed(root, f'mpii_{role}.json'))
        heads = _listed(root, 'mpii_gt_val.mat')
        sizes = _head_sizes(heads, len(people)) if role == 'val' else None
        path = root / f'annotations/{role}.json'
        write_json(path, _as_coco(people, sizes, root / 'images'))
        done.append(f'{path}: {len(people)} persons')
    return done


def _listed(root: Path, name: str) -> Path:
    """Return a list, which lies in the folder itself or where mmpose's archive has it."""
    found = _released(root, f'annotations/{name}')
    return found if found.is_file() else root / name


def _head_sizes(path: Path, people: int) -> np.ndarray:
    if not path.is_file():
        raise DataError(f'{path}: no such file')
    corners = scipy.io.loadmat(path)['headboxes_src']  # (two corners, x and y, persons)
    if corners.shape != (2, 2, people):
        raise DataError(f'{path}: head boxes are {corners.shape}, must be (2, 2, {people})')
    sizes: np.ndarray = _HEAD * np.linalg.norm(corners[1] - corners[0], axis=0)
    return sizes


def _as_coco(people: list[dict[str, Any]], sizes: np.ndarray | None, images: Path) -> Any:
    names = sorted({person['image'] for person in people})
    numbers = {name: number for number, name in enumerate(names, 1)}
    annotations = [_annotation(person, numbers[person['image']]) for person in people]
    for number, annotation in enumerate(annotations):
        annotation['id'] = number + 1
        if sizes is not None:
            annotation['head_size'] = float(sizes[number])
    pictures = []
    for name in names:
        width, height = _size(images / name)
        picture = {'id': numbers[name], 'file_name': name, 'width': width, 'height': height}
        pictures.append(picture)
    categories = [{'id': 1, 'name': 'person'}]
    return {'images': pictures, 'annotations': annotations, 'categories': categories}


def _annotation(person: dict[str, Any], image: int) -> dict[str, Any]:
    side = _PIXELS * person['scale']
    left, top = person['center']
    centre = np.array([left - 1, top + _SHIFT * person['scale'] - 1])
    visible = np.array(person['joints_vis'])[:, None] > 0
    points = np.where(visible, np.array(person['joints'], float) - 1, 0)
    flagged = np.concatenate([points, 2 * visible], axis=1)
    return {
        'image_id': image,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': [*(centre - side / 2).tolist(), side, side],
        'area': _BODY * side * side,
        'num_keypoints': int(visible.sum()),
        'keypoints': flagged.ravel().tolist(),
    }
