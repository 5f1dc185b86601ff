"""Images in one folder per class."""

from __future__ import annotations

from typing import Any

from mmpretrain.datasets import CustomDataset

from benchmark.errors import DataError
from benchmark.registry import DATASETS


@DATASETS.register_module()
class ImageFolders(CustomDataset):
    """An image folder whose labels follow the declared class names.

    mmpretrain's own numbers the folders alphabetically, whatever the class names say. Takes its
    arguments; ``metainfo['classes']`` are the folders' names by label.

    Raises:
        DataError: a class has no folder, or a folder is no class.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return path and label of every image."""
        samples: list[dict[str, Any]] = super().load_data_list()
        declared = list(self.CLASSES)
        found = sorted(self.folder_to_idx, key=self.folder_to_idx.__getitem__)
        if set(found) != set(declared):
            raise DataError(
                f'{self.img_prefix}: folders and declared classes differ: '
                f'{sorted(set(found) ^ set(declared))}'
            )
        for sample in samples:
            sample['gt_label'] = declared.index(found[sample['gt_label']])
        return samples
