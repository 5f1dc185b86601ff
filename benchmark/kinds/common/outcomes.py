"""Outcomes of every test example, stored by metrics in addition to their scores.

A metric sets ``outcomes`` while it computes: by the key of each number it returns, a
:class:`~benchmark.statistics.outcome_files.Measured` from which that number can be computed again.
A metric without the attribute keeps nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from benchmark.statistics.outcome_files import Measured


def collected(metrics: Iterable[Any], paths: Sequence[str]) -> dict[str, Measured]:
    """Return the outcomes of all metrics; unnamed examples are named by file.

    Args:
        metrics: evaluators that have computed.
        paths: the file of each sample of the test split, in its order; empty where unknown.
    """
    names = short_names(paths)
    found: dict[str, Measured] = {}
    for metric in metrics:
        kept: Mapping[str, Measured] = getattr(metric, 'outcomes', {})
        for key, item in kept.items():
            is_nameless = not item.names and item.form.count == len(names)
            found[key] = Measured(item.form, names) if is_nameless else item
    return found


def short_names(paths: Sequence[str]) -> tuple[str, ...]:
    """Return paths below the folder that all of them share, with ``/`` between parts."""
    if not paths:
        return ()
    top = os.path.commonpath([str(PurePath(path).parent) for path in paths]) or '.'
    return tuple(PurePath(os.path.relpath(path, top)).as_posix() for path in paths)


def sample_paths(dataset: Any) -> list[str]:
    """Return the picture of each sample of a data set; empty where samples have none."""
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    named = (info.get('img_path') if isinstance(info, Mapping) else None for info in infos)
    found = [path for path in named if isinstance(path, str)]
    return found if len(found) == len(dataset) else []


def summed_by(keys: Sequence[Any], *columns: np.ndarray) -> tuple[list[Any], list[np.ndarray]]:
    """Return the distinct ``keys`` in order of occurrence, and each column summed over them."""
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    rows = np.array([places[key] for key in keys])
    sums = []
    for column in columns:
        total = np.zeros((len(places), *column.shape[1:]), np.float64)
        np.add.at(total, rows, column)
        sums.append(total)
    return list(places), sums


def smallest(counts: np.ndarray) -> np.ndarray:
    """Return whole numbers from 0 in the smallest type that holds them."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
