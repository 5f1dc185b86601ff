"""Files that a data set would leave out without a word: pictures, and labels without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from mmengine.dataset import BaseDataset

from benchmark import packed
from benchmark.errors import DataError
from benchmark.openmmlab.decoding import is_picture

_ENDINGS_SHOWN = 4


class Folder(NamedTuple):
    """A folder whose pictures a data set reads all, and where the label maps of these lie.

    ``reads`` says whether a relative path is read; ``rule`` describes that, ``remedy`` how it is
    changed. ``label_of`` returns the relative path of a picture's label map below ``labels``, and
    ``is_label`` whether a file there is one; unset where a picture's folder is its label.
    """

    pictures: Path
    reads: Callable[[str], bool]
    rule: str
    remedy: str
    labels: Path | None = None
    label_of: Callable[[str], str] = str
    is_label: Callable[[str], bool] = bool


def check_folders(part: BaseDataset) -> list[str]:
    """Return what is odd about the folder that a data set reads: labels without a picture.

    Raises:
        DataError: pictures would be left out, or have no label.
    """
    folder = _folder_of(part)
    if folder is None:
        return []
    names = sorted(packed.files_below(folder.pictures))
    read = [name for name in names if folder.reads(name)]
    if not _shares_files(folder):
        unread = [name for name in names if is_picture(name) and not folder.reads(name)]
        if unread:
            raise DataError(
                f'{folder.pictures / unread[0]}: would be left out, and {len(unread) - 1} more '
                f'({_endings(unread)}): {folder.rule}; {folder.remedy}'
            )
    return _check_labels(folder, read) if folder.labels else []


def _check_labels(folder: Folder, read: Sequence[str]) -> list[str]:
    assert folder.labels is not None
    there = set(packed.files_below(folder.labels))
    wanted = {folder.label_of(name): name for name in read}
    if len(wanted) < len(read):
        twice = next(name for name in read if wanted[folder.label_of(name)] != name)
        raise DataError(
            f'{folder.pictures / twice}: has the name of another picture, '
            f'{wanted[folder.label_of(twice)]}, but for its ending; both would get one label map'
        )
    missing = [label for label in wanted if label not in there]
    if missing:
        raise DataError(
            f'{folder.pictures / wanted[missing[0]]}: has no label map '
            f'{folder.labels / missing[0]}{_and_more(missing)}{_alike(folder.labels, missing[0])}'
        )
    if _shares_files(folder):
        return []
    alone = sorted(name for name in there if folder.is_label(name) and name not in wanted)
    if not alone:
        return []
    return [f'{folder.labels / alone[0]}: is the label of no picture{_and_more(alone)}']


def _and_more(names: Sequence[str]) -> str:
    return f', and {len(names) - 1} more' if len(names) > 1 else ''


def _alike(folder: Path, name: str) -> str:
    place = (folder / name).parent
    others = sorted(packed.names_in(place)[1]) if packed.is_folder(place) else []
    stem = PurePath(name).stem.casefold()
    found = next((other for other in others if PurePath(other).stem.casefold() == stem), None)
    return f'; there is {found}' if found else ''


def _shares_files(folder: Folder) -> bool:
    """Whether label maps lie among the pictures, so that a name says too little."""
    return folder.labels is not None and folder.labels.is_relative_to(folder.pictures)


def no_folder(part: BaseDataset) -> str:
    """Return that the folder that a data set reads is not there; nothing where it is."""
    folder = _folder_of(part)
    if folder is None or packed.is_folder(folder.pictures):
        return ''
    return f'{folder.pictures}: no such folder'


def why_empty(part: BaseDataset) -> str:
    """Return why a data set found no sample: in its folder, or else in its annotations."""
    folder = _folder_of(part)
    if folder is None:
        return f'{_annotations(part)}: no sample of it can be used'
    others = list(packed.files_below(folder.pictures))
    found = f'found {_endings(others)}' if others else 'the folder is empty'
    return f'{folder.pictures}: no picture to read; {folder.rule}; {found}; {folder.remedy}'


def _annotations(part: BaseDataset) -> str:
    prefix: Any = part.data_prefix
    folders = [str(path) for path in getattr(prefix, 'values', list)() if path]
    return part.ann_file or ', '.join(folders) or str(part.data_root)


def _endings(names: Sequence[str]) -> str:
    """Return how names end and how many of each there are, the most frequent first."""
    counts = Counter(PurePath(name).suffix or 'none' for name in names)
    shown = [f'{ending} ({n})' for ending, n in counts.most_common(_ENDINGS_SHOWN)]
    return ', '.join(shown) + (' ...' if len(counts) > _ENDINGS_SHOWN else '')


def _folder_of(part: BaseDataset) -> Folder | None:
    """Return the folder that a data set reads whole; ``None`` where it reads a list."""
    classes = {step.__name__: step for step in type(part).__mro__}
    if 'DepthFolders' in classes:
        return _depth_folder(part)
    if 'BaseSegDataset' in classes and not Path(part.ann_file or '.').is_file():
        return _segmentation_folder(part)
    is_listed = bool(part.ann_file)
    if 'CustomDataset' in classes and hasattr(part, 'extensions') and not is_listed:
        return _class_folders(part)
    return None


def _class_folders(part: Any) -> Folder:
    endings = ', '.join(sorted(part.extensions))
    return Folder(
        Path(part.img_prefix),
        lambda name: '/' in name and part.is_valid_file(name),
        f'read are files in the folder of a class that end in one of {endings}',
        'move them there, or save them in one of these formats',
    )


def _segmentation_folder(part: Any) -> Folder:
    picture, label = part.img_suffix, part.seg_map_suffix
    labels = part.data_prefix.get('seg_map_path')
    return Folder(
        Path(part.data_prefix['img_path']),
        lambda name: name.endswith(picture),
        f"read are names that end in '{picture}' (img_suffix)",
        'rename the others, or declare another img_suffix',
        Path(labels) if labels else None,
        lambda name: name[: -len(picture)] + label,
        lambda name: name.endswith(label),
    )


def _depth_folder(part: Any) -> Folder:
    return Folder(
        Path(part.data_prefix['img_path']),
        is_picture,
        'read are pictures of any format',
        'put them there',
        Path(part.data_prefix['depth_path']),
        lambda name: PurePath(name).with_suffix('.png').as_posix(),
        lambda name: name.endswith('.png'),
    )
