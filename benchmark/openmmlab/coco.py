"""COCO's annotation files, read once for training, evaluation and checks: put right or refused.

What can only be meant in one way is put right: any encoding of JSON, annotation ids that are
missing, repeated or not above 0, ids in quotation marks, numbers in quotation marks, a missing
``iscrowd``, box, area or count of key points, key points in another order than declared.
Everything else is refused by file, annotation, what was found and what is allowed.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pycocotools.mask as codec
from pycocotools import coco as pycoco

from benchmark import packed
from benchmark.errors import DataError, did_you_mean
from benchmark.openmmlab.keypoints import COCO

Entry = dict[str, Any]

_BLEMISHES = 0.001
"""Share of unusable boxes or outlines that a file may have: the releases of COCO have a few."""

_LEAST_POLYGON = 6
"""Numbers of a polygon with an area: three corners."""

_SLACK = 1.0
"""Pixels by which a box may reach out of its picture."""

_OUTSIDE = 0.1
"""Share of boxes that reach out of their pictures from which another format is suspected."""

_LONGEST_ID = 19
"""Digits from which a number in quotation marks is a text."""

_MARKS = {0, 1, 2}
"""Values of a key point's visibility: not labelled, hidden, visible."""


class Needs(NamedTuple):
    """What the annotations are read for: instance masks, or key points."""

    masks: bool = False
    keypoints: bool = False


def read_coco(path: str | Path, needs: Needs) -> COCO:
    """Return the indexed annotations of a file in COCO's format.

    Image and category ids are whole numbers, annotation ids whole numbers from 1 without
    repetition; every annotation has an image, a category, ``iscrowd`` and a ``bbox`` of four
    finite numbers, and for detection an ``area`` above 0 where its box has one.

    What the file itself gives as the id of an image or category stays in the entry's ``own_id``.

    Raises:
        DataError: the file is missing, is not JSON, or an entry cannot be used; names the entry.
    """
    found = COCO()
    found.dataset = _Content(Path(path), needs).read()
    with contextlib.redirect_stdout(io.StringIO()):
        found.createIndex()
    return found


def load_json(path: str | Path) -> Any:
    """Return what a JSON file in UTF-8, UTF-16 or UTF-32 holds, with or without a byte-order mark.

    Raises:
        DataError: the file is missing or is not JSON.
    """
    try:
        return json.loads(packed.read_bytes(path))
    except FileNotFoundError:
        raise DataError(f'{path}: no such annotation file') from None
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror})') from None
    except json.JSONDecodeError as error:
        raise DataError(
            f'{path}: not JSON ({error.msg} in line {error.lineno}, column {error.colno}); fetch '
            'or export the file again'
        ) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            f'{path}: not JSON ({type(error).__name__}); fetch or export the file again'
        ) from None


def category_ids(annotations: pycoco.COCO, declared: Sequence[str], path: str | Path) -> list[int]:
    """Return the category id of each declared class, found by its name.

    Raises:
        DataError: the file has no category of that name.
    """
    by_name = {entry['name']: id_ for id_, entry in annotations.cats.items()}
    for name in declared:
        if name not in by_name:
            raise DataError(
                f"{path}: no category is called '{name}', which the task declares"
                f'{did_you_mean(name, by_name)} (categories: {_few(by_name)}); declare the names '
                'that the file has'
            )
    return [by_name[name] for name in declared]


class NamedCoco(COCO):
    """Annotations for mmdet's data sets: classes by name, in the declared order."""

    def __init__(
        self, path: str, *, classes: Sequence[str], needs: Needs, note: Callable[[Any], None]
    ) -> None:
        """Read ``path``; ``note`` gets the annotations before mmdet does.

        Raises:
            DataError: see :func:`read_coco`; or a declared class is missing, or none occurs.
        """
        super().__init__()
        self.dataset = _Content(Path(path), needs).read()
        with contextlib.redirect_stdout(io.StringIO()):
            self.createIndex()
        self.img_ann_map, self.cat_img_map = self.imgToAnns, self.catToImgs
        ids = set(category_ids(self, classes, path))
        if not any(entry['category_id'] in ids for entry in self.dataset['annotations']):
            raise DataError(
                f'{path}: no annotation is of a declared class ({_few(classes)}); a split without '
                'objects can neither be learned from nor scored'
            )
        self._path = path
        note(self)

    def get_cat_ids(self, cat_names: Sequence[str] = ()) -> list[int]:
        """Return the category ids of names, one each and in their order."""
        return category_ids(self, cat_names, self._path)

    def get_img_ids(self) -> list[int]:
        """Return the ids of all images in the file's order."""
        return list(self.imgs)

    def get_ann_ids(self, img_ids: Sequence[int] = ()) -> list[int]:
        """Return the annotation ids of images."""
        found: list[int] = self.getAnnIds(imgIds=img_ids)
        return found

    def load_imgs(self, ids: Sequence[int]) -> list[Entry]:
        """Return the images of ids."""
        return [self.imgs[id_] for id_ in ids]

    def load_anns(self, ids: Sequence[int]) -> list[Entry]:
        """Return the annotations of ids."""
        return [self.anns[id_] for id_ in ids]

    def load_cats(self, ids: Sequence[int]) -> list[Entry]:
        """Return the categories of ids."""
        return [self.cats[id_] for id_ in ids]


def adopt(kind: type) -> None:
    """Let an mmdet data set in COCO's format, and all that derive from its class, read through us.

    Other data sets stay as they are.
    """
    for step in kind.__mro__:
        reader = vars(step).get('COCOAPI')
        if isinstance(reader, type) and _is_instances(reader):
            step.COCOAPI = property(_reader)  # type: ignore[attr-defined]


def _is_instances(reader: type) -> bool:
    return issubclass(reader, pycoco.COCO) and 'Panoptic' not in reader.__name__


def _reader(dataset: Any) -> Callable[[str], NamedCoco]:
    """Return what reads the file of an mmdet data set that is being built."""

    def note(found: NamedCoco) -> None:
        used = {entry['category_id'] for entry in found.dataset['annotations']}
        dataset.annotated_names = tuple(sorted(found.cats[id_]['name'] for id_ in used))

    return partial(
        NamedCoco,
        classes=dataset.metainfo['classes'],
        needs=Needs(masks=_loads_masks(dataset.pipeline)),
        note=note,
    )


def _loads_masks(pipeline: Any) -> bool:
    transforms = getattr(pipeline, 'transforms', ())
    return any(getattr(transform, 'with_mask', False) for transform in transforms)


def arrange_keypoints(annotations: pycoco.COCO, declared: Sequence[str], path: str | Path) -> None:
    """Bring the key points of all annotations into the declared order, where the file names them.

    Names that the task spells otherwise are taken by their place.

    Raises:
        DataError: the file has another number of key points, or declared ones at other places
            beside names that are not declared.
    """
    for category in annotations.dataset['categories']:
        names = category.get('keypoints')
        if not names or list(names) == list(declared):
            continue
        order = _order(list(names), list(declared), category['name'], path)
        for annotation in annotations.dataset['annotations']:
            if annotation['category_id'] == category['id']:
                flat = annotation['keypoints']
                annotation['keypoints'] = [x for n in order for x in flat[3 * n : 3 * n + 3]]
        category['keypoints'] = [names[n] for n in order]
    _check_lengths(annotations, len(declared), path)


def _order(found: list[str], declared: list[str], category: str, path: str | Path) -> list[int]:
    if len(found) != len(declared):
        raise DataError(
            f"{path}: category '{category}' names {len(found)} key points, the task declares "
            f'{len(declared)}: declare those that the file has'
        )
    if set(found) == set(declared) and len(set(found)) == len(found):
        return [found.index(name) for name in declared]
    for place, name in enumerate(found):
        if name in declared and declared[place] != name:
            raise DataError(
                f"{path}: key point {place + 1} of category '{category}' is '{name}', the task "
                f"declares '{declared[place]}' there; declare the names of the file "
                f'({", ".join(found)})'
            )
    return list(range(len(found)))


def _check_lengths(annotations: pycoco.COCO, count: int, path: str | Path) -> None:
    for annotation in annotations.dataset['annotations']:
        flat = annotation['keypoints']
        if flat and len(flat) != 3 * count:
            raise DataError(
                f'{path}: annotation {annotation["id"]} has {len(flat) / 3:g} key points, the task '
                f'declares {count}; each needs three numbers: x, y and visibility'
            )


def _without_copies(entries: list[Entry]) -> list[Entry]:
    """Return annotations without those that are there again, the id included.

    Equal ids alone say nothing, as they are often not unique, nor do equal boxes of other ids.
    """
    first: dict[Any, Entry] = {}
    kept = []
    for entry in entries:
        id_ = as_id(entry.get('id'))
        known = entry if id_ is None else first.setdefault(id_, entry)
        if known is entry or known != entry:
            kept.append(entry)
    return kept


class _Content:
    """A file that is being put right, list by list."""

    def __init__(self, path: Path, needs: Needs) -> None:
        self.path = path
        self.needs = needs

    def read(self) -> Entry:
        """Return the whole content with its lists put right."""
        content = load_json(self.path)
        if not isinstance(content, dict):
            raise self._error(
                f"holds a {_type(content)} where COCO's format has an object with 'images', "
                "'annotations' and 'categories'; is it a file of results?"
            )
        images = self._entries(content, 'images')
        categories = self._entries(content, 'categories')
        annotations = self._entries(content, 'annotations')
        if not images or not annotations:
            what = 'images' if not images else 'annotations'
            raise self._error(f"its list '{what}' is empty: nothing can be learned or scored")
        self._images, image_ids = self._numbered('images', images)
        self._categories, category_ids_ = self._numbered('categories', categories)
        self._check_images()
        self._check_categories()
        self._renumber_lists(category_ids_)
        content['images'] = list(self._images.values())
        content['categories'] = list(self._categories.values())
        whole = _without_copies(annotations)
        content['annotations'] = self._annotations(whole, image_ids, category_ids_)
        return content

    def _error(self, problem: str) -> DataError:
        return DataError(f'{self.path}: {problem}')

    def _entries(self, content: Mapping[str, Any], key: str) -> list[Entry]:
        found = content.get(key)
        if not isinstance(found, list):
            what = 'is missing' if key not in content else f'is a {_type(found)}'
            raise self._error(f"the list '{key}' of COCO's format {what}")
        for place, entry in enumerate(found):
            if type(entry) is not dict:
                raise self._error(f'{key}[{place}] is a {_type(entry)}, must be an object')
        return found

    def _numbered(
        self, key: str, entries: Sequence[Entry]
    ) -> tuple[dict[int, Entry], dict[Hashable, int]]:
        """Return the entries by a whole number each, and these numbers by the file's own ids."""
        own: dict[int | str, Entry] = {}
        for place, entry in enumerate(entries):
            id_ = as_id(entry.get('id'))
            if id_ is None:
                raise self._error(
                    f'{key}[{place}] has the id {_shown(entry.get("id"))}: must be a whole number'
                )
            if id_ in own and _essence(own[id_]) != _essence(entry):
                raise self._error(
                    f'the id {id_} is that of two {key}: {_name(own[id_])} and {_name(entry)}; '
                    'give each its own'
                )
            own.setdefault(id_, entry)
        are_numbers = all(isinstance(id_, int) for id_ in own)
        numbers = {id_: id_ if are_numbers else n for n, id_ in enumerate(own, 1)}
        for id_, entry in own.items():
            entry['id'], entry['own_id'] = numbers[id_], id_
        return {entry['id']: entry for entry in own.values()}, numbers  # type: ignore[return-value]

    def _check_images(self) -> None:
        places: dict[str, int] = {}
        for id_, image in self._images.items():
            name = image.get('file_name') or image.get('coco_url')
            if not isinstance(name, str) or not name:
                raise self._error(f"image {id_} has no 'file_name'")
            if name in places:
                raise self._error(
                    f'{name} is listed as image {places[name]} and as image {id_}: join the '
                    'annotations of both under one of them'
                )
            places[name] = id_
            for side in ('height', 'width'):
                length = _number(image.get(side))
                if length is None or length < 1 or length != int(length):
                    raise self._error(
                        f"image {id_} ({name}) has the '{side}' {_shown(image.get(side))}: must "
                        "be the picture's in pixels"
                    )
                image[side] = int(length)

    def _check_categories(self) -> None:
        ids: dict[str, int] = {}
        for id_, category in self._categories.items():
            name = category.get('name')
            if not isinstance(name, str) or not name:
                raise self._error(f'category {id_} has the name {_shown(name)}: must be a text')
            if name in ids:
                raise self._error(
                    f"categories {ids[name]} and {id_} are both called '{name}': join them, or "
                    'name them apart'
                )
            ids[name] = id_

    def _renumber_lists(self, numbers: Mapping[Hashable, int]) -> None:
        """Bring the lists of categories that LVIS keeps with its images to the same numbers."""
        for id_, image in self._images.items():
            for key in ('neg_category_ids', 'not_exhaustive_category_ids'):
                if key not in image:
                    continue
                unknown = [one for one in image[key] if as_id(one) not in numbers]
                if unknown:
                    raise self._error(f'image {id_}: {key} names no category: {unknown[0]!r}')
                image[key] = [numbers[as_id(one)] for one in image[key]]

    def _annotations(
        self,
        entries: list[Entry],
        images: Mapping[Hashable, int],
        categories: Mapping[Hashable, int],
    ) -> list[Entry]:
        only = next(iter(categories.values())) if len(categories) == 1 else None
        for place, entry in enumerate(entries):
            self._place(entry, place, images, categories, only)
            self._crowd(entry, place)
            if self.needs.keypoints:
                self._keypoints(entry, place)
            self._outline(entry, place)
            self._box(entry, place)
        if not _are_good_ids(entries):
            for number, entry in enumerate(entries, 1):
                entry['id'] = number
        self._check_boxes(entries)
        self._areas(entries)
        if self.needs.masks:
            self._check_outlines(entries)
        if self.needs.keypoints and not any(entry['num_keypoints'] for entry in entries):
            raise self._error(
                'no annotation has a labelled key point (visibility 1 or 2): a split without any '
                'can neither be learned from nor scored'
            )
        return entries

    def _at(self, entry: Entry, place: int) -> str:
        """Return by which words an annotation is found in its file."""
        id_ = entry.get('id')
        image = self._images.get(entry.get('image_id', ''))
        where = f' of {_name(image)}' if image else ''
        return f'annotation {_shown(id_)}{where} (annotations[{place}])'

    def _place(
        self,
        entry: Entry,
        place: int,
        images: Mapping[Hashable, int],
        categories: Mapping[Hashable, int],
        only: int | None,
    ) -> None:
        """Give the numbers of an annotation's image and category."""
        known = images.get(as_id(entry.get('image_id')))
        if known is None:
            raise self._error(
                f'{self._at({**entry, "image_id": ""}, place)} has the image_id '
                f'{_shown(entry.get("image_id"))}, which is not that of an image in the file'
            )
        entry['image_id'] = known
        chosen = categories.get(as_id(entry['category_id'])) if 'category_id' in entry else only
        if chosen is None:
            raise self._error(
                f'{self._at(entry, place)} has the category_id '
                f'{_shown(entry.get("category_id"))}; the file has {_few(categories)}'
            )
        entry['category_id'] = chosen

    def _crowd(self, entry: Entry, place: int) -> None:
        found = entry.get('iscrowd')
        number = 0 if found is None else _number(found)
        if number not in (0, 1):
            raise self._error(
                f"{self._at(entry, place)} has the 'iscrowd' {_shown(found)}, must be 0 or 1"
            )
        entry['iscrowd'] = int(number)

    def _keypoints(self, entry: Entry, place: int) -> None:
        """Bring key points to flat numbers; count those that are labelled."""
        flat = _flat_numbers(entry.get('keypoints') or [])
        if flat is None or len(flat) % 3:
            found = entry.get('keypoints')
            how_many = f'{len(found)} entries' if isinstance(found, list) else _shown(found)
            raise self._error(
                f"{self._at(entry, place)} has 'keypoints' of {how_many}: must be three numbers "
                'for each key point: x, y and visibility'
            )
        marks = flat[2::3]
        if wrong := sorted(set(marks) - _MARKS):
            raise self._error(
                f'{self._at(entry, place)} has a key point of visibility {wrong[0]:g}, allowed are '
                '0 (not labelled), 1 (hidden) and 2 (visible)'
            )
        if not math.isfinite(sum(flat)):
            self._forget_unlabelled(entry, place, flat)
        entry['keypoints'] = flat
        # CrowdPose counts otherwise, and is scored by its own count
        if 'crowdIndex' not in self._images[entry['image_id']] or not isinstance(
            entry.get('num_keypoints'), int
        ):
            entry['num_keypoints'] = sum(mark > 0 for mark in marks)

    def _forget_unlabelled(self, entry: Entry, place: int, flat: list[float]) -> None:
        """Move key points that are not labelled to (0, 0) where they have no place."""
        for n in range(0, len(flat), 3):
            if math.isfinite(flat[n] + flat[n + 1]):
                continue
            if flat[n + 2]:
                raise self._error(
                    f'{self._at(entry, place)}: key point {n // 3 + 1} is labelled but lies at '
                    f'({flat[n]:g}, {flat[n + 1]:g}); give it visibility 0'
                )
            flat[n : n + 2] = [0.0, 0.0]

    def _outline(self, entry: Entry, place: int) -> None:
        """Bring the outline to COCO's polygons or run-length code, where it is needed."""
        found = entry.get('segmentation')
        has_area = self.needs.keypoints or _number(entry.get('area'))
        if not self.needs.masks and entry.get('bbox') is not None and has_area:
            return
        if isinstance(found, list) and found and not isinstance(found[0], list | dict):
            found = [found]  # one polygon without its list
        if isinstance(found, dict):
            self._check_code(entry, place, found)
        elif isinstance(found, list):
            entry['segmentation'] = self._polygons(entry, place, found)
        elif found is not None and self.needs.masks:
            raise self._error(
                f"{self._at(entry, place)} has a 'segmentation' that is a {_type(found)}: must be "
                'polygons or a run-length code'
            )

    def _polygons(self, entry: Entry, place: int, found: list[Any]) -> list[list[float]]:
        polygons = []
        for polygon in found:
            flat = _flat_numbers(polygon)
            if flat is None or not math.isfinite(sum(flat)):
                raise self._error(
                    f'{self._at(entry, place)} has a polygon that is not a list of finite numbers'
                )
            if len(flat) % 2:
                raise self._error(
                    f'{self._at(entry, place)} has a polygon of {len(flat)} numbers: must be '
                    'pairs of x and y'
                )
            if len(flat) >= _LEAST_POLYGON:
                polygons.append(flat)
        return polygons

    def _check_code(self, entry: Entry, place: int, code: Mapping[str, Any]) -> None:
        image = self._images[entry['image_id']]
        size, counts = [image['height'], image['width']], code.get('counts')
        if list(code.get('size') or ()) != size or not isinstance(counts, str | list):
            raise self._error(
                f'{self._at(entry, place)} has a run-length code of the size '
                f"{_shown(code.get('size'))}, must be the picture's [height, width] {size}, "
                "beside 'counts'"
            )
        if isinstance(counts, list) and (
            not _are_numbers(counts) or sum(counts) != math.prod(size)
        ):
            raise self._error(
                f'{self._at(entry, place)} has a run-length code whose counts do not add up to '
                f'{math.prod(size)}, the pixels of its picture'
            )

    def _box(self, entry: Entry, place: int) -> None:
        """Bring the box to four finite numbers; one is computed from the outline where there is."""
        found = entry.get('bbox')
        if found is None:
            found = self._box_of_outline(entry)
        flat = _flat_numbers(found)
        if flat is None or len(flat) != 4 or not math.isfinite(sum(flat)):
            raise self._error(
                f"{self._at(entry, place)} has the 'bbox' {_shown(found)}: must be four finite "
                'numbers: left, top, width and height in pixels'
            )
        if flat[2] < 0 or flat[3] < 0:
            raise self._error(
                f'{self._at(entry, place)} has the box {_shown(flat)} with a negative width or '
                'height: must be left, top, width and height in pixels'
            )
        entry['bbox'] = flat

    def _box_of_outline(self, entry: Entry) -> list[float] | None:
        code = self._code(entry)
        return None if code is None else [float(x) for x in codec.toBbox(code)]

    def _code(self, entry: Entry) -> Any:
        """Return the run-length code of an annotation's outline, ``None`` where there is not."""
        found = entry.get('segmentation')
        image = self._images[entry['image_id']]
        if isinstance(found, dict) and isinstance(found['counts'], str):
            return found
        if not found:
            return None
        codes = codec.frPyObjects(found, image['height'], image['width'])
        return codec.merge(codes) if isinstance(codes, list) else codes

    def _check_boxes(self, entries: Sequence[Entry]) -> None:
        """Refuse boxes without extent or outside their pictures, and boxes in other units."""
        boxes = np.array([entry['bbox'] for entry in entries], float)
        images = (self._images[entry['image_id']] for entry in entries)
        sizes = np.array([(image['width'], image['height']) for image in images], float)
        if self.needs.keypoints:  # boxes without labelled key points are not used
            used = np.array([bool(e['num_keypoints']) and not e['iscrowd'] for e in entries])
        else:
            used = np.ones(len(entries), bool)
        if not used.any():
            return
        low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
        if (high[used] <= 1).all() and (sizes[used].min(axis=1) > 1).all():
            raise self._error(
                f'all boxes lie within one pixel, the first is {_shown(boxes[used][0].tolist())}: '
                "shares of the picture? COCO's boxes are in pixels"
            )
        reach = ((low < -_SLACK) | (high > sizes + _SLACK)).any(axis=1) & used
        corners = (boxes[:, 2:] > low) & (boxes[:, 2:] <= sizes + _SLACK)
        if reach.sum() > _OUTSIDE * used.sum() and corners[used].all():
            first = entries[int(reach.argmax())]
            raise self._error(
                f'{int(reach.sum())} of {int(used.sum())} boxes reach out of their pictures, as '
                f"annotation {first['id']} with {_shown(first['bbox'])}: corners? COCO's boxes are "
                'left, top, width and height'
            )
        outside = ((low >= sizes) | (high <= 0)).any(axis=1) & used
        empty = (boxes[:, 2:] <= 0).any(axis=1) & used
        self._refuse_beyond(entries, empty, 'has a box without width or height: {bbox}')
        self._refuse_beyond(entries, outside, 'has a box outside its picture: {bbox}')

    def _refuse_beyond(self, entries: Sequence[Entry], wrong: np.ndarray, problem: str) -> None:
        """Refuse a file of which more entries are unusable than a careful release has."""
        count = int(wrong.sum())
        if count > _BLEMISHES * len(entries):
            place = int(wrong.argmax())
            entry = entries[place]
            text = problem.format(bbox=_shown(entry['bbox']))
            more = f' (so have {count - 1} more)' if count > 1 else ''
            raise self._error(
                f'{self._at(entry, place)} {text}{more}; correct it or take it out of the file'
            )

    def _areas(self, entries: Sequence[Entry]) -> None:
        """Give the areas that are missing; key points without area are scored by their boxes."""
        for place, entry in enumerate(entries):
            given = entry.get('area')
            area = _number(given)
            if given is not None and (area is None or area < 0):
                raise self._error(
                    f"{self._at(entry, place)} has the 'area' {_shown(given)}: must be the pixels "
                    'that it covers; without the key it is computed'
                )
            if area is not None and (area > 0 or not self._needs_area(entry)):
                entry['area'] = given if _are_numbers([given]) else area
            elif not self.needs.keypoints:
                code = self._code(entry)
                box = entry['bbox'][2] * entry['bbox'][3]
                entry['area'] = (float(codec.area(code)) if code else 0.0) or float(box)
            elif given is None:
                entry.pop('area', None)
            else:
                raise self._error(
                    f"{self._at(entry, place)} has the 'area' {_shown(given)} beside labelled key "
                    'points, whose errors are measured by it; give it, or leave it out everywhere'
                )

    def _needs_area(self, entry: Entry) -> bool:
        if self.needs.keypoints:
            return bool(entry['num_keypoints']) and not entry['iscrowd']
        return bool(entry['bbox'][2] > 0 and entry['bbox'][3] > 0)

    def _check_outlines(self, entries: Sequence[Entry]) -> None:
        without = [not entry['iscrowd'] and not entry.get('segmentation') for entry in entries]
        if any(without):
            place = without.index(True)
            more = f' ({sum(without)} of {len(entries)} have none)' if sum(without) > 1 else ''
            raise self._error(
                f'{self._at(entries[place], place)} has a box, but no polygon of three corners and '
                f'no run-length code{more}, though masks are asked for: add outlines, or declare '
                'options masks=False and a metric of boxes'
            )


def as_id(value: Any) -> int | str | None:
    """Return an id as a whole number, or as text where it is not one; ``None`` if it is neither."""
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str) or not value:
        return None
    is_number = value.isascii() and value.isdigit() and value == (value.lstrip('0') or '0')
    return int(value) if is_number and len(value) < _LONGEST_ID else value


def _are_good_ids(entries: Iterable[Entry]) -> bool:
    """Whether ids are whole numbers from 1, each given once: pycocotools takes 0 for unmatched."""
    ids = [entry.get('id') for entry in entries]
    return all(type(id_) is int and id_ > 0 for id_ in ids) and len(set(ids)) == len(ids)


def _are_numbers(values: Any) -> bool:
    return type(values) is list and set(map(type, values)) <= {int, float}


def _flat_numbers(values: Any) -> list[float] | None:
    """Return a list of numbers, of those in quotation marks too; ``None`` where one is not."""
    if _are_numbers(values):
        return values  # type: ignore[no-any-return]
    if not isinstance(values, list):
        return None
    found = [_number(value, finite=False) for value in values]
    return None if None in found else found  # type: ignore[return-value]


def _number(value: Any, *, finite: bool = True) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None
    return None if number is None or (finite and not math.isfinite(number)) else number


def _essence(entry: Entry) -> tuple[Any, ...]:
    keys = ('name', 'file_name', 'coco_url', 'height', 'width', 'keypoints')
    return tuple(entry.get(key) for key in keys)


def _name(entry: Entry) -> str:
    return str(entry.get('file_name') or entry.get('coco_url') or entry.get('name'))


def _type(value: Any) -> str:
    names = {list: 'list', dict: 'object', str: 'text', type(None): 'null'}
    return names.get(type(value), 'number')


def _shown(value: Any) -> str:
    text = 'null' if value is None else repr(value)
    return text if len(text) <= 60 else f'{text[:56]} ...'


def _few(names: Iterable[Any]) -> str:
    texts = [str(name) for name in names]
    return ', '.join(texts[:8]) + (f' and {len(texts) - 8} more' if len(texts) > 8 else '')
