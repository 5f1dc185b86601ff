"""Data sets made of others: several in a row, or a slice of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import BaseDataset, ConcatDataset

from benchmark.registry import DATASETS


@DATASETS.register_module(name='Joined')
def joined(
    *, of: str, parts: Sequence[Mapping[str, Any]], ignore_keys: Sequence[str] = (), **common: Any
) -> ConcatDataset:
    """Return data sets of the type ``of`` in a row: the arguments of each lie over ``common``.

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


def _build(config: dict[str, Any]) -> BaseDataset:
    return DATASETS.build({key: value for key, value in config.items() if value is not None})
