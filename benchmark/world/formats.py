"""Writers of the standard formats: images, depth maps and COCO annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import cv2
import numpy as np
import numpy.typing as npt

from benchmark.errors import DataError
from benchmark.world.anatomy import KEYPOINTS, SKELETON
from benchmark.world.arrays import Bytes, Floats, Mask
from benchmark.world.labels import CLUTTER, INSTANCE_CLASSES
from benchmark.world.render import ABSENT, Frame, Instance

JPEG_QUALITY = 95
SMALLEST_INSTANCE = 16
"""Least visible area of a labelled instance, in pixels of a picture of 128 x 128."""

SMALLEST_POSED = 120
"""Least visible area of an instance with labelled key points, in the same unit."""


class Annotation(TypedDict):
    """One instance in COCO format, before it gets its ids."""

    category_id: int
    bbox: list[int]
    area: int
    iscrowd: int
    segmentation: dict[str, Any]
    keypoints: list[float]
    num_keypoints: int


def _write(path: Path, image: npt.NDArray[Any], options: list[int]) -> None:
    done, encoded = cv2.imencode(path.suffix, image, options)
    if not done:
        raise DataError(f'{path}: cannot encode the picture')
    path.write_bytes(encoded.tobytes())


def write_rgb(path: Path, image: Bytes) -> None:
    """Write the RGB picture (h, w, 3) as JPEG or PNG, as the suffix says."""
    options = (
        [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        if path.suffix == '.jpg'
        else [cv2.IMWRITE_PNG_COMPRESSION, 2]
    )
    _write(path, image[..., ::-1], options)


def write_map(path: Path, values: Bytes | npt.NDArray[np.uint16]) -> None:
    """Write a map (h, w) of 8-bit labels or 16-bit millimetres as PNG."""
    _write(path, values, [cv2.IMWRITE_PNG_COMPRESSION, 3])


def tight_box(mask: Mask) -> tuple[int, int, int, int]:
    """Return the box x, y, width, height (px, from 0) of the pixels that are set.

    An empty mask gives four zeros.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return (0, 0, 0, 0)
    left, top = int(columns[0]), int(rows[0])
    return (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def encode_mask(mask: Mask) -> dict[str, Any]:
    """Return the mask (h, w) as COCO's compressed run lengths, ready for JSON."""
    from pycocotools import mask as coco_mask

    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {'size': list(mask.shape), 'counts': encoded['counts'].decode('ascii')}


def _flat_keypoints(keypoints: Floats | None, shown: bool) -> list[float]:
    if keypoints is None or not shown:
        return [0] * (3 * len(KEYPOINTS))
    rows = ((round(float(u), 2), round(float(v), 2), int(flag)) for u, v, flag in keypoints)
    return [value for row in rows for value in row]


def annotate(instance: Instance) -> Annotation:
    """Return the COCO annotation of an instance."""
    size = len(instance.mask)
    posed = instance.area >= SMALLEST_POSED * (size / 128) ** 2
    keypoints = _flat_keypoints(instance.keypoints, posed)
    return Annotation(
        category_id=instance.category + 1,
        bbox=list(tight_box(instance.mask)),
        area=instance.area,
        iscrowd=0,
        segmentation=encode_mask(instance.mask),
        keypoints=keypoints,
        num_keypoints=sum(flag > ABSENT for flag in keypoints[2::3]),
    )


def annotate_frame(frame: Frame) -> list[Annotation]:
    """Return the annotations of all instances that are large enough to be labelled."""
    least = max(SMALLEST_INSTANCE * (len(frame.image) / 128) ** 2, 4)
    return [annotate(instance) for instance in frame.instances if instance.area >= least]


def _number_annotations(
    rows: Sequence[tuple[int, Annotation]], *, keypoints: bool
) -> list[dict[str, Any]]:
    dropped = () if keypoints else ('keypoints', 'num_keypoints')
    numbered = []
    for number, (image_id, annotation) in enumerate(rows, 1):
        entry = {key: value for key, value in annotation.items() if key not in dropped}
        numbered.append({'id': number, 'image_id': image_id, **entry})
    return numbered


def _images(names: Sequence[str], size: int) -> list[dict[str, Any]]:
    return [
        {'id': number, 'file_name': name, 'width': size, 'height': size}
        for number, name in enumerate(names, 1)
    ]


def coco_detection(
    names: Sequence[str], labels: Sequence[Sequence[Annotation]], size: int
) -> dict[str, Any]:
    """Return COCO's detection content of the pictures ``names`` with one label list each."""
    rows = [(number, one) for number, found in enumerate(labels, 1) for one in found]
    categories = [{'id': n, 'name': name} for n, name in enumerate(INSTANCE_CLASSES, 1)]
    return {
        'images': _images(names, size),
        'annotations': _number_annotations(rows, keypoints=False),
        'categories': categories,
    }


def coco_keypoints(
    names: Sequence[str], labels: Sequence[Sequence[Annotation]], size: int
) -> dict[str, Any]:
    """Return COCO's key point content: only the creatures, as one category."""
    things = {INSTANCE_CLASSES.index(name) + 1 for name in CLUTTER}
    rows = [
        (number, Annotation(**{**one, 'category_id': 1}))
        for number, found in enumerate(labels, 1)
        for one in found
        if one['category_id'] not in things
    ]
    skeleton = [[first + 1, second + 1] for first, second in SKELETON]
    category = {'id': 1, 'name': 'creature', 'keypoints': list(KEYPOINTS), 'skeleton': skeleton}
    return {
        'images': _images(names, size),
        'annotations': _number_annotations(rows, keypoints=True),
        'categories': [category],
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write ``content`` as compact JSON."""
    path.write_text(json.dumps(content, separators=(',', ':')) + '\n', encoding='utf-8')
