"""Images in one folder per class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpretrain.datasets import CustomDataset

from benchmark import packed
from benchmark.errors import DataError
from benchmark.openmmlab.decoding import PICTURES, is_picture
from benchmark.registry import DATASETS


@DATASETS.register_module()
class ImageFolders(CustomDataset):
    """An image folder whose labels follow the declared class names.

    mmpretrain's own numbers the folders alphabetically, whatever the class names say. Takes its
    arguments; ``metainfo['classes']`` are the folders' names by label.

    Raises:
        DataError: a class has no folder, or a folder is no class.
    """

    def __init__(self, extensions: Sequence[str] = PICTURES, **arguments: Any) -> None:
        super().__init__(extensions=extensions, **arguments)

    def is_valid_file(self, filename: str) -> bool:
        """Whether a file is read: hidden ones, which some systems add, are not."""
        accepted: bool = super().is_valid_file(filename)
        return accepted and is_picture(filename)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return path and label of every image."""
        declared = list(self.CLASSES)
        folder = Path(self.img_prefix)
        if not packed.is_folder(folder):
            raise DataError(f'{folder}: no such folder')
        names = {name for name in packed.names_in(folder)[0] if not name.startswith('.')}
        if names != set(declared):
            raise DataError(
                f'{self.img_prefix}: folders and declared classes differ: '
                f'{sorted(names ^ set(declared))}'
            )
        samples: list[dict[str, Any]] = super().load_data_list()
        found = sorted(self.folder_to_idx, key=self.folder_to_idx.__getitem__)
        for sample in samples:
            sample['gt_label'] = declared.index(found[sample['gt_label']])
        return samples
