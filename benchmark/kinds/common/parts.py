"""Data sets made of others: several in a row, or a slice of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset, ConcatDataset

from benchmark.errors import DataError
from benchmark.hashing import by_hash
from benchmark.registry import DATASETS


@DATASETS.register_module(name='Joined')
def joined(
    *, of: str, parts: Sequence[Mapping[str, Any]], ignore_keys: Sequence[str] = (), **common: Any
) -> ConcatDataset:
    """Return concatenated data sets of the type ``of``; the arguments of each override ``common``.

    A part may be there several ``times``, so that one of fewer samples is seen as often.
    """
    built = []
    for part in parts:
        arguments = {key: value for key, value in part.items() if key != 'times'}
        built += [_build({**common, **arguments, 'type': of})] * part.get('times', 1)
    return ConcatDataset(built, ignore_keys=list(ignore_keys))


@DATASETS.register_module(name='HeldOut')
def held_out(
    *, of: Mapping[str, Any], every: int, rest: bool = False, **common: Any
) -> BaseDataset:
    """Return every ``every``-th sample of the data set ``of``, or all others (``rest``).

    Where samples are sorted by class the slice has them all. ``common`` are the arguments that
    every split gets.
    """
    dataset = _build({**common, **of})
    parts = dataset.datasets if isinstance(dataset, ConcatDataset) else [dataset]
    for part in {id(part): part for part in parts}.values():
        part.full_init()
        part.get_subset_([i for i in range(len(part)) if (i % every == 0) is not rest])
    return ConcatDataset(parts, ignore_keys=dataset.ignore_keys) if len(parts) > 1 else parts[0]


@DATASETS.register_module(name='Chosen')
def chosen(*, of: Mapping[str, Any], count: int, **common: Any) -> BaseDataset:
    """Return the samples of ``count`` files of the data set ``of``, chosen by a hash of the names.

    Files (pictures, or folders of frames) are ordered by the SHA-256 of their paths below the
    data set's folder, and the first are taken. The choice depends neither on the order of samples
    nor on where the data lie. ``common`` are the arguments that every split gets.

    Raises:
        DataError: the data set has fewer files.
    """
    dataset = _build({**common, **of})
    if isinstance(dataset, ConcatDataset):
        raise DataError(f'{of.get("type")}: samples of joined data sets cannot be chosen')
    dataset.full_init()
    names = [_file_name(dataset, index) for index in range(len(dataset))]
    ranked = by_hash(set(names))
    if len(ranked) < count:
        raise DataError(
            f'{dataset.ann_file or dataset.data_root}: has {len(ranked)} files; {count} '
            'were to be chosen'
        )
    kept = set(ranked[:count])
    dataset.get_subset_([index for index, name in enumerate(names) if name in kept])
    return dataset


def _file_name(dataset: BaseDataset, index: int) -> str:
    info = dataset.get_data_info(index)
    path = Path(info.get('img_path') or info['folder'])
    root = Path(dataset.data_root or '')
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _build(config: dict[str, Any]) -> BaseDataset:
    return DATASETS.build({key: value for key, value in config.items() if value is not None})
