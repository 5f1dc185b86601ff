"""MOTChallenge's layout, read frame by frame: as released, without a list in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from PIL import Image, UnidentifiedImageError

from benchmark import packed
from benchmark.errors import DataError
from benchmark.kinds.mot.sequence import (
    SequenceFacts,
    find_frames,
    read_facts,
    read_truth,
    wanted,
)
from benchmark.registry import DATASETS

_PARTS = ('all', 'first', 'second')
_REACH = 10
"""Frames between a key frame and its reference frame at most (QDTrack in mmdet)."""


@DATASETS.register_module()
class MotFrames(BaseDataset):
    """The frames of sequences as MOT17, MOT20 and DanceTrack lay them out, one item each.

    Below ``data_prefix['img_path']`` lies one folder per sequence with ``seqinfo.ini``, ``img1``
    and ``gt/gt.txt``. An item is a list of frames, key by key: for testing the frame alone, for
    training (where frames without persons are left out) also a frame near it.

    Args:
        part: ``'all'`` frames of each sequence, or its ``'first'`` or ``'second'`` half.
        detector: end of the names of the sequences to take; MOT17 has each one three times, for
            three detectors' boxes, which are not used.
        references: whether training items have a second frame.

    Raises:
        DataError: a file is missing or malformed, or no frame is left.
    """

    def __init__(
        self, *, part: str = 'all', detector: str = '', references: bool = True, **arguments: Any
    ) -> None:
        if part not in _PARTS:
            raise DataError(f"part of a sequence is '{part}', allowed are {', '.join(_PARTS)}")
        self._part = part
        self._detector = detector
        self._references = references
        super().__init__(**arguments)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return one entry per frame, sequence by sequence."""
        root = Path(self.data_prefix['img_path'])
        folders = sorted(path for path in root.glob(f'*{self._detector}') if path.is_dir())
        frames = [frame for folder in folders for frame in self._usable(folder)]
        if not frames:
            raise DataError(f"{root}: holds no frames of sequences called '*{self._detector}'")
        return [{**frame, 'img_id': number} for number, frame in enumerate(frames)]

    def _usable(self, folder: Path) -> list[dict[str, Any]]:
        """Return the frames of a sequence; to learn from, those with persons."""
        described = self._frames(folder)
        if self.test_mode:
            return described
        usable = [frame for frame in described if len(frame['ids'])]
        if self._references and len(usable) == 1:
            raise DataError(f'{folder}: needs two frames with persons to learn from')
        return usable

    def _frames(self, folder: Path) -> list[dict[str, Any]]:
        facts = read_facts(folder)
        names = find_frames(folder, facts)
        _check_size(names[0], facts)
        rows = read_truth(folder / 'gt/gt.txt', len(names))
        rows = rows[wanted(rows)]
        chosen = part_of(len(names), self._part)
        return [
            {
                'img_path': str(names[index]),
                'folder': str(folder),
                'frame_id': index - chosen.start,
                'first_frame': chosen.start + 1,
                'ori_video_length': len(chosen),
                'height': facts.height,
                'width': facts.width,
                'boxes': rows[rows[:, 0] == index + 1, 2:6],
                'ids': rows[rows[:, 0] == index + 1, 1].astype(int),
            }
            for index in chosen
        ]

    def prepare_data(self, idx: int) -> Any:
        """Return the item of a frame after the pipeline."""
        indices = [idx] if self.test_mode or not self._references else self._with_reference(idx)
        frames = [_with_instances(self.get_data_info(index)) for index in indices]
        item: dict[str, Any] = {key: [frame[key] for frame in frames] for key in frames[0]}
        item['video_length'] = [len(frames)] * len(frames)
        if not self.test_mode:
            item['key_frame_flags'] = [index == idx for index in indices]
        return self.pipeline(item)

    def _with_reference(self, idx: int) -> list[int]:
        """Return a frame's index and that of another near it in its sequence, in order."""
        folder = self.get_data_info(idx)['folder']
        near = range(max(0, idx - _REACH), min(len(self), idx + _REACH + 1))
        others = [i for i in near if i != idx and self.get_data_info(i)['folder'] == folder]
        # mmengine seeds numpy's global state in every worker
        return sorted([idx, int(np.random.choice(others))])


def part_of(count: int, part: str) -> range:
    """Return the indices of a part of ``count`` frames; the first half has the middle one.

    The halves are those of CenterTrack and ByteTrack, by which half-val numbers are published.
    """
    middle = count // 2 + 1
    return {'all': range(count), 'first': range(middle), 'second': range(middle, count)}[part]


def _with_instances(frame: dict[str, Any]) -> dict[str, Any]:
    boxes, ids = frame.pop('boxes'), frame.pop('ids')
    frame['instances'] = [
        {
            'bbox': [left, top, left + width, top + height],
            'bbox_label': 0,
            'ignore_flag': 0,
            'instance_id': int(identity),
        }
        for (left, top, width, height), identity in zip(boxes.tolist(), ids, strict=True)
    ]
    return frame


def _check_size(frame: Path, facts: SequenceFacts) -> None:
    """Refuse a sequence whose first frame is not as large as its facts say."""
    try:
        with packed.open_file(frame) as file, Image.open(file) as picture:
            found = picture.size
    except (OSError, UnidentifiedImageError):
        return  # named where it is read
    if found != (facts.width, facts.height):
        raise DataError(
            f'{frame}: {found[0]} x {found[1]} pixels, seqinfo.ini says {facts.width} x '
            f'{facts.height}'
        )
