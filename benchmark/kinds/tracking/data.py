"""GOT-10k's layout: pairs of crops for training, whole videos for testing.

Boxes are x, y, width, height in pixels, where pixel i spans i to i + 1; the files count from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.registry import TRANSFORMS
from mmengine.structures import BaseDataElement
from torch import Tensor
from torchvision.transforms.functional import (
    adjust_brightness,
    adjust_contrast,
    adjust_saturation,
    rgb_to_grayscale,
)

from benchmark import packed
from benchmark.errors import DataError
from benchmark.kinds.common.frames import numbered_frames, other_size, refuse_gaps
from benchmark.kinds.common.tables import read_boxes, read_flags, read_lines
from benchmark.openmmlab.decoding import read_placed
from benchmark.openmmlab.texts import read_text
from benchmark.registry import DATASETS

_FLIP = 0.5


class Region(NamedTuple):
    """A square of an image (left, top, side in its pixels) shown at ``size`` x ``size`` pixels."""

    left: float
    top: float
    side: float
    size: int

    def to_crop(self, box: np.ndarray) -> np.ndarray:
        """Return the box (4,) of the image in pixels of the crop."""
        return (box - [self.left, self.top, 0.0, 0.0]) * (self.size / self.side)

    def to_image(self, box: np.ndarray) -> np.ndarray:
        """Return the box (4,) of the crop in pixels of the image."""
        return box * (self.side / self.size) + [self.left, self.top, 0.0, 0.0]


def region_around(box: np.ndarray, factor: float, size: int) -> Region:
    """Return the square around a box's centre whose side is ``factor`` * sqrt(width * height)."""
    side = factor * float(np.sqrt(box[2] * box[3]))
    left, top = box[:2] + box[2:] / 2 - side / 2
    return Region(float(left), float(top), side, size)


def crop(image: np.ndarray, region: Region) -> np.ndarray:
    """Return ``region`` of an image (H, W, 3), bilinear; the image's mean colour lies outside."""
    scale = region.size / region.side
    # OpenCV's coordinates are those of pixel centres
    shift_x = (0.5 - region.left) * scale - 0.5
    shift_y = (0.5 - region.top) * scale - 0.5
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    size = (region.size, region.size)
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderValue=cv2.mean(image))


@dataclass(frozen=True)
class Crops:
    """How template and search region are cut out.

    Attributes:
        template_size: side in pixels.
        search_size: side in pixels.
        template_factor: extent in sizes of the target.
        search_factor: extent in sizes of the target.
    """

    template_size: int
    search_size: int
    template_factor: float
    search_factor: float

    def template(self, image: np.ndarray, box: np.ndarray) -> Tensor:
        """Return the template around ``box`` as RGB (3, t, t), 0 to 255."""
        region = region_around(box, self.template_factor, self.template_size)
        return _to_tensor(crop(image, region))

    def search(self, image: np.ndarray, box: np.ndarray) -> tuple[Tensor, Region]:
        """Return the search region around ``box`` as RGB (3, s, s), 0 to 255, and where it is."""
        region = region_around(box, self.search_factor, self.search_size)
        return _to_tensor(crop(image, region)), region


def _to_tensor(image: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))


def read_frame(path: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """Return a frame as BGR (H, W, 3), of ``size`` (width, height) where that is known.

    Raises:
        DataError: the file cannot be read as a picture, or has another size than the film.
    """
    image = read_placed(path)
    found = (image.shape[1], image.shape[0])
    if size is not None and found != size:
        raise DataError(other_size(path, found, size))
    return image


class Video:
    """A sequence that hands out crops of its frames; frames are read when they are asked for.

    Args:
        frames: files in order.
        crops: how crops are cut out.
    """

    def __init__(self, frames: Sequence[str], crops: Crops) -> None:
        self.frames = frames
        self._crops = crops
        height, width = read_frame(frames[0]).shape[:2]
        self.frame_size = (width, height)

    def __len__(self) -> int:
        return len(self.frames)

    def template(self, index: int, box: np.ndarray) -> Tensor:
        """Return the template around ``box`` (4,) in frame ``index``, RGB (3, t, t)."""
        return self._crops.template(read_frame(self.frames[index], self.frame_size), box)

    def search(self, index: int, box: np.ndarray) -> tuple[Tensor, Region]:
        """Return frame ``index`` around ``box`` (4,), RGB (3, s, s), and where that is."""
        return self._crops.search(read_frame(self.frames[index], self.frame_size), box)


@DATASETS.register_module()
class GOT10k(BaseDataset):
    """Sequences in the layout of GOT-10k (arXiv 1810.11981), one item each.

    Below ``data_root`` / ``ann_file``'s folder lie ``list.txt`` and one folder per sequence with
    ``00000001.jpg`` ..., ``groundtruth.txt`` and, where known, ``absence.label`` and
    ``cover.label``; in place of pictures ``frames.txt`` may say where they are. Frames follow each
    other by their numbers, padded or not. A frame is visible when the target is there and not
    wholly covered; a box of NaN is that of no target.

    Args:
        is_withheld: whether ``groundtruth.txt`` holds the box of frame 1 alone, as in official
            test splits; the others are NaN then and no further frame counts as visible.
        arguments: those of mmengine's data sets.

    Raises:
        DataError: a file is missing or malformed, or frame 1 of a test sequence shows no target.
    """

    def __init__(self, *, is_withheld: bool = False, **arguments: Any) -> None:
        self._is_withheld = is_withheld
        super().__init__(**arguments)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return name, frames, boxes (n, 4) and visibility (n,) of every usable sequence."""
        listing = Path(self.ann_file)
        read = _read_first_box if self._is_withheld else _read_sequence
        sequences = [read(listing.parent / name) for name in _names(listing)]
        for sequence in sequences:
            if self.test_mode and not sequence['visible'][0]:
                raise DataError(f'{sequence["folder"]}: the target is not visible in frame 1')
        usable = [sequence for sequence in sequences if sequence['visible'].any()]
        if not usable:
            raise DataError(f'{listing}: no sequence in which the target is visible')
        return usable


def _names(listing: Path) -> list[str]:
    names = read_lines(listing)
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise DataError(f"{listing}: names the sequence '{repeated}' twice")
    return names


class Frames(Sequence[str]):
    """The paths of numbered frames; a data set of millions of them does not hold them all.

    Args:
        pattern: path with a place for the number, as in ``film/{:08d}.jpg``.
        first: number of the first frame.
        count: how many there are.
    """

    def __init__(self, pattern: str, first: int, count: int) -> None:
        self._pattern = pattern
        self._numbers = range(first, first + count)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        chosen = self._numbers[index]
        if isinstance(chosen, range):
            return [self._pattern.format(number) for number in chosen]
        return self._pattern.format(chosen)


def find_frames(folder: Path) -> Sequence[str]:
    """Return the frames of a sequence: its pictures, or those that ``frames.txt`` leads to.

    The file holds a pattern relative to the folder, the number of the first frame and a count.

    Raises:
        DataError: the file is malformed, the first or last of its frames is not there, or the
            numbers of pictures leave their order open.
    """
    listing = folder / 'frames.txt'
    if not listing.is_file():
        return _pictures(folder)
    try:
        pattern, first, count = read_text(listing).rsplit(maxsplit=2)
        frames = Frames(f'{_plain(folder)}/{pattern}', int(first), int(count))
        ends = [frames[0], frames[-1]]
    except (ValueError, IndexError) as error:
        raise DataError(f'{listing}: not readable as pattern, first and count ({error})') from None
    for path in ends:
        if not packed.is_file(path):
            raise DataError(f'{path}: named by {listing}, but not there')
    return frames


def _pictures(folder: Path) -> Sequence[str]:
    found = numbered_frames(folder)
    refuse_gaps(folder, found)
    paths = [str(folder / name) for name in found.values()]
    if not paths:
        return paths
    # those of the usual names need no room
    for name in ('{:08d}.jpg', '{:d}.jpg'):
        numbered = Frames(f'{_plain(folder)}/{name}', next(iter(found)), len(paths))
        if list(numbered) == paths:
            return numbered
    return paths


def _plain(folder: Path) -> str:
    """Return a path as a part of a pattern."""
    return str(folder).replace('{', '{{').replace('}', '}}')


def _read_sequence(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise DataError(f'{folder}: no such folder, though {folder.parent}/list.txt names it')
    frames = find_frames(folder)
    boxes = read_boxes(folder / 'groundtruth.txt')
    if not frames or len(boxes) != len(frames):
        raise DataError(
            f'{folder}: {len(frames)} frames, but groundtruth.txt holds {boxes.shape[0]} rows '
            'of x,y,width,height; there must be one per frame'
        )
    return {
        'folder': str(folder),
        'name': folder.name,
        'frames': frames,
        'boxes': np.nan_to_num(boxes) - [1.0, 1.0, 0.0, 0.0],
        'visible': _visible(folder, boxes),
    }


def _read_first_box(folder: Path) -> dict[str, Any]:
    frames, known = find_frames(folder), read_boxes(folder / 'groundtruth.txt')
    if not frames or known.shape != (1, 4):
        raise DataError(
            f'{folder}: {len(frames)} frames, and groundtruth.txt holds {known.shape[0]} rows of '
            'x,y,width,height; of a sequence whose labels are withheld it must hold that of frame 1'
        )
    boxes = np.full((len(frames), 4), np.nan)
    boxes[0] = known[0] - [1.0, 1.0, 0.0, 0.0]
    return {
        'folder': str(folder),
        'name': folder.name,
        'frames': frames,
        'boxes': boxes,
        'visible': np.all(boxes[:, 2:] > 0, axis=1),
    }


def _visible(folder: Path, boxes: np.ndarray) -> np.ndarray:
    visible: np.ndarray = np.all(boxes[:, 2:] > 0, axis=1)
    for name, hidden in (('absence.label', 1), ('cover.label', 0)):
        if (folder / name).is_file():
            labels = read_flags(folder / name)
            if len(labels) != len(boxes):
                raise DataError(f'{folder / name}: {len(labels)} rows for {len(boxes)} frames')
            visible &= labels != hidden
    return visible


@TRANSFORMS.register_module()
class SamplePair:
    """Turns a sequence into a template and a search region from two frames close in time.

    As in SwinTrack (arXiv 2112.00995, official code): the search region's centre is uniform
    within half of ``shift`` target sizes of the target's, and its extent is log-normal.

    Args:
        crops: the fields of :class:`Crops`.
        max_gap: largest distance of the two frames.
        shift: width of the centre's distribution in target sizes.
        scale: standard deviation of the logarithm of the target's assumed width and height.
        grey: share of the pairs without colour.
        colours: how far brightness, contrast and saturation of each crop are from 1 at most.
    """

    def __init__(
        self,
        *,
        crops: dict[str, Any],
        max_gap: int,
        shift: float,
        scale: float,
        grey: float = 0.0,
        colours: float = 0.0,
    ) -> None:
        self._crops = Crops(**crops)
        self._max_gap = max_gap
        self._shift = shift
        self._scale = scale
        self._grey = grey
        self._colours = colours

    def __call__(self, sequence: dict[str, Any]) -> dict[str, Tensor]:
        """Return ``template`` (3, t, t), ``search`` (3, s, s), ``shapes`` (2,) and ``boxes`` (4,).

        ``shapes`` is the target's width and height in the template's frame, ``boxes`` its corners
        in the search region.
        """
        # mmengine seeds numpy's global state in every worker
        rng = np.random.default_rng(np.random.randint(2**31))
        first, second = choose_frames(sequence['visible'], self._max_gap, rng)
        boxes, frames = sequence['boxes'], sequence['frames']
        shown = read_frame(frames[first])
        template = self._crops.template(shown, boxes[first])
        around = jitter(boxes[second], self._shift, self._scale, rng)
        sought = read_frame(frames[second], (shown.shape[1], shown.shape[0]))
        search, region = self._crops.search(sought, around)
        box = region.to_crop(boxes[second])
        if rng.random() < _FLIP:
            template, search = template.flip(2), search.flip(2)
            box[0] = region.size - box[0] - box[2]
        if self._grey and rng.random() < self._grey:
            template, search = (rgb_to_grayscale(crop, 3) for crop in (template, search))
        if self._colours:
            template, search = (
                jitter_colours(crop, self._colours, rng) for crop in (template, search)
            )
        corners = np.concatenate([box[:2], box[:2] + box[2:]])
        return {
            'template': template,
            'search': search,
            'shapes': torch.from_numpy(boxes[first, 2:].astype(np.float32)),
            'boxes': torch.from_numpy(corners.astype(np.float32)),
        }


def jitter_colours(crop: Tensor, most: float, rng: np.random.Generator) -> Tensor:
    """Return a crop (3, h, w) of 0 to 255 with other brightness, contrast and saturation.

    Each is multiplied by up to 1 +- ``most``, in random order, as torchvision's ColorJitter does,
    but with the random numbers of ``rng``.
    """
    changes = (adjust_brightness, adjust_contrast, adjust_saturation)
    for number in rng.permutation(3):
        crop = changes[number](crop, float(rng.uniform(1 - most, 1 + most)))
    return crop


def choose_frames(visible: np.ndarray, max_gap: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return two visible frames at most ``max_gap`` apart; they may be the same."""
    candidates = np.flatnonzero(visible)
    first = int(rng.choice(candidates))
    return first, int(rng.choice(candidates[abs(candidates - first) <= max_gap]))


def jitter(box: np.ndarray, shift: float, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return a box of other size and place from which ``box`` (4,) could have been searched.

    Args:
        box: the box (4,), in pixels.
        shift: range of the moves of its centre, as a share of its size.
        scale: standard deviation of the logarithm of its change in size.
        rng: source of random numbers.
    """
    size = box[2:] * np.exp(scale * rng.standard_normal(2))
    reach = shift * np.sqrt(size.prod())
    centre = box[:2] + box[2:] / 2 + reach * (rng.random(2) - 0.5)
    return np.concatenate([centre - size / 2, size])


@TRANSFORMS.register_module()
class PackVideo:
    """Packs a whole sequence as one test sample.

    Args:
        crops: the fields of :class:`Crops`.
    """

    def __init__(self, *, crops: dict[str, Any]) -> None:
        self._crops = Crops(**crops)

    def __call__(self, sequence: dict[str, Any]) -> dict[str, BaseDataElement]:
        """Return a sample with ``video``, ``truth`` (n, 4) and ``visible`` (n,)."""
        video = Video(sequence['frames'], self._crops)
        sample = BaseDataElement(
            metainfo={'name': sequence['name'], 'frame_size': video.frame_size},
            video=video,
            truth=sequence['boxes'],
            visible=sequence['visible'],
        )
        return {'data_samples': sample}
