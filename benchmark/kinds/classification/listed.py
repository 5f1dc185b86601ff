"""Classification data sets whose lists the OpenMMLab libraries cannot read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmpretrain.datasets import BaseDataset

from benchmark.errors import DataError
from benchmark.kinds.common.listing import read_pairs
from benchmark.openmmlab.coco import as_id, load_json
from benchmark.registry import DATASETS


@DATASETS.register_module()
class INaturalist(BaseDataset):
    """iNaturalist 2018 and 2019: pictures and categories in COCO's format, ``id`` being the label.

    Takes mmpretrain's arguments; file names are relative to ``data_root``.

    Raises:
        DataError: the annotations cannot be read.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return path and label of every picture."""
        found = load_json(self.ann_file)
        try:
            images, annotations = found['images'], found['annotations']
            names = {as_id(image['id']): image['file_name'] for image in images}
            pairs = [
                (as_id(entry['image_id']), as_id(entry['category_id'])) for entry in annotations
            ]
        except (KeyError, TypeError) as error:
            raise DataError(
                f'{self.ann_file}: not readable as iNaturalist lists ({error})'
            ) from None
        self._refuse_repetitions(images, names)
        labels = self._labels(names, pairs, self._category_names(found))
        return [
            {'img_path': str(Path(self.data_root) / names[id_]), 'gt_label': labels[id_]}
            for id_ in names
        ]

    def _refuse_repetitions(self, images: list[Any], names: Mapping[Any, str]) -> None:
        """Raise if an id or a picture is listed twice."""
        if None in names:
            raise DataError(f'{self.ann_file}: {names[None]} has no whole number or text as id')
        if len(names) < len(images):
            twice = next(i for i, n in Counter(as_id(x['id']) for x in images).items() if n > 1)
            raise DataError(f'{self.ann_file}: two pictures have the id {twice}')
        path, count = next(iter(Counter(names.values()).most_common(1)), ('', 0))
        if count > 1:
            raise DataError(f'{self.ann_file}: lists {path} under {count} ids')

    def _category_names(self, found: Mapping[str, Any]) -> dict[Any, Any]:
        """Return the names of categories by id, if the file has them; ids must be unique."""
        entries = found.get('categories') or ()
        try:
            names = {as_id(entry['id']): entry.get('name') for entry in entries}
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f'{self.ann_file}: not readable as iNaturalist categories ({error})'
            ) from None
        if len(names) < len(entries):
            raise DataError(f'{self.ann_file}: two categories have the same id; give each its own')
        self.annotated_names = tuple(
            f'{id_}: {name}' for id_, name in sorted(names.items(), key=str)
        )
        return names

    def _labels(
        self, names: Mapping[Any, str], pairs: list[tuple[Any, Any]], categories: Mapping[Any, Any]
    ) -> dict[Any, int]:
        """Return the label (single category) of every picture by the picture's id."""
        labels: dict[Any, int] = {}
        for id_, label in pairs:
            if id_ not in names:
                raise DataError(
                    f'{self.ann_file}: an annotation is of image {id_}, not in the file'
                )
            if not isinstance(label, int) or (categories and label not in categories):
                raise DataError(
                    f'{self.ann_file}: {names[id_]} has the category {label!r}, which is not the '
                    'number of one in the file'
                )
            if labels.setdefault(id_, label) != label:
                raise DataError(
                    f'{self.ann_file}: {names[id_]} has the categories {labels[id_]} and {label}; '
                    'must have one'
                )
        if missing := next((id_ for id_ in names if id_ not in labels), None):
            raise DataError(f'{self.ann_file}: {names[missing]} has no annotation')
        return labels


@DATASETS.register_module()
class IndexedImages(BaseDataset):
    """NABirds: three files that give every picture's path, class and split by its id.

    The classes that occur, some hundred of more numbers, are numbered from 0 in order. Takes
    mmpretrain's arguments.

    Args:
        split: ``'train'`` or ``'test'``.

    Raises:
        DataError: a file is missing or the three do not list the same pictures.
    """

    def __init__(self, *, data_root: str, split: str, **arguments: Any) -> None:
        self._wanted = {'train': '1', 'test': '0'}[split]
        super().__init__(ann_file='images.txt', data_root=data_root, **arguments)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return path and label of every picture of the split."""
        root = Path(self.data_root)
        paths = read_pairs(Path(self.ann_file))
        classes = read_pairs(root / 'image_class_labels.txt')
        splits = read_pairs(root / 'train_test_split.txt')
        if not paths.keys() == classes.keys() == splits.keys():
            raise DataError(f'{root}: its three lists do not name the same pictures')
        numbers = {name: n for n, name in enumerate(sorted(set(classes.values()), key=int))}
        return [
            {'img_path': str(root / 'images' / path), 'gt_label': numbers[classes[key]]}
            for key, path in paths.items()
            if splits[key] == self._wanted
        ]
