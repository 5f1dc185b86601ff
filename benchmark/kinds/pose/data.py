"""COCO key points of any creature, described in a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from benchmark.errors import DataError
from benchmark.registry import DATASETS


@DATASETS.register_module()
class KeypointDataset(BaseCocoStyleDataset):
    """One sample per annotated instance of a COCO key point file, cut out by its own box.

    Takes mmpose's arguments, but ``metainfo`` in short: ``keypoints`` (names), ``sigmas`` (one
    number, or one per key point), and optionally ``skeleton`` and ``flip_pairs`` (pairs of
    indices counted from 0), ``joint_weights`` (one per key point) and ``upper_body`` (indices).

    Raises:
        DataError: the file is missing, or holds another number of key points.
    """

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping[str, Any] | None = None) -> dict[str, Any]:
        expanded = expand_metainfo(metainfo) if metainfo else {}
        loaded: dict[str, Any] = super()._load_metainfo(expanded)
        return loaded

    def _load_annotations(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        if not Path(self.ann_file).is_file():
            raise DataError(f'{self.ann_file}: no such annotation file')
        loaded: tuple[list[dict[str, Any]], list[dict[str, Any]]] = super()._load_annotations()
        return loaded

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any] | None:
        """Return mmpose's description of an instance, ``None`` where it has no key points."""
        flat = raw_data_info['raw_ann_info'].get('keypoints', ())
        names = len(self._metainfo['keypoint_id2name'])
        if flat and len(flat) != 3 * names:
            raise DataError(
                f'{self.ann_file}: annotation {raw_data_info["raw_ann_info"]["id"]} has '
                f'{len(flat) / 3:g} key points, the task declares {names}'
            )
        parsed: dict[str, Any] | None = super().parse_data_info(raw_data_info)
        return parsed


def expand_metainfo(short: Mapping[str, Any]) -> dict[str, Any]:
    """Return mmpose's description of key points from the short one of :class:`KeypointDataset`."""
    names = list(short['keypoints'])
    partners = _partners(short.get('flip_pairs', ()))
    upper = set(short.get('upper_body', ()))
    return {
        'dataset_name': 'keypoints',
        'keypoint_info': {
            index: {
                'name': name,
                'id': index,
                'swap': names[partners.get(index, index)],
                'type': 'upper' if index in upper else 'lower',
            }
            for index, name in enumerate(names)
        },
        'skeleton_info': {
            number: {'link': (names[start], names[end]), 'id': number}
            for number, (start, end) in enumerate(short.get('skeleton', ()))
        },
        'joint_weights': list(short.get('joint_weights', [1.0] * len(names))),
        'sigmas': spread(short['sigmas'], len(names)),
    }


def _partners(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    return {**dict(pairs), **{right: left for left, right in pairs}}


def spread(sigmas: float | Sequence[float], count: int) -> list[float]:
    """Return one sigma per key point from one for all, or from a sequence of them."""
    return [float(sigmas)] * count if isinstance(sigmas, int | float) else list(sigmas)
