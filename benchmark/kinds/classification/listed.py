"""Classification data sets whose lists no OpenMMLab library reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmpretrain.datasets import BaseDataset

from benchmark.errors import DataError
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
        try:
            found = json.loads(Path(self.ann_file).read_text(encoding='utf-8'))
            labels = {item['image_id']: item['category_id'] for item in found['annotations']}
            return [
                {
                    'img_path': str(Path(self.data_root) / image['file_name']),
                    'gt_label': labels[image['id']],
                }
                for image in found['images']
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f'{self.ann_file}: not readable as iNaturalist lists ({error})'
            ) from None


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
        paths = _pairs(Path(self.ann_file))
        classes = _pairs(root / 'image_class_labels.txt')
        splits = _pairs(root / 'train_test_split.txt')
        if not paths.keys() == classes.keys() == splits.keys():
            raise DataError(f'{root}: its three lists do not name the same pictures')
        numbers = {name: n for n, name in enumerate(sorted(set(classes.values()), key=int))}
        return [
            {'img_path': str(root / 'images' / path), 'gt_label': numbers[classes[key]]}
            for key, path in paths.items()
            if splits[key] == self._wanted
        ]


def _pairs(path: Path) -> dict[str, str]:
    """Return the first two words of every line.

    Raises:
        DataError: the file is missing or a line has fewer.
    """
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
        return dict(line.split()[:2] for line in lines if line.strip())  # type: ignore[misc]
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: not readable as lines of id and value ({error})') from None
