"""Loading pictures, label maps and depth maps by one rule, behind the libraries' own transforms.

A configuration names the libraries' transforms; a data set that is opened has these in their
place (:func:`replace_loaders`), so that whatever reads it (training, testing, trivial predictors,
probes, pretraining, checks) decodes alike.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine.dataset import BaseDataset
from PIL import Image

from benchmark.errors import DataError
from benchmark.openmmlab.decoding import Header, Shape, decode, header_of, read_bytes

IGNORED = 255
"""The label of pixels that are not scored."""

_MAPS = ('seg_map_path', 'depth_map_path')
_SHOWN = 5


class _Rules(NamedTuple):
    """How the pictures and label maps of a data set are read.

    ``is_placed`` where labels have places; ``classes`` is how many there are, 0 where unknown.
    """

    is_placed: bool
    classes: int


def replace_loaders(dataset: BaseDataset) -> None:
    """Put the loaders of this module in place of the libraries' in the pipeline of ``dataset``."""
    rules = _Rules(
        is_placed=has_places(dataset),
        classes=len(dataset.metainfo.get('classes') or ()),
    )
    _replace(dataset.pipeline, rules)


def has_places(dataset: BaseDataset) -> bool:
    """Whether the labels of a data set have places in its pictures: all but classes do."""
    steps = type(dataset).__mro__
    return not any(step.__module__.startswith('mmpretrain.datasets') for step in steps)


def _replace(pipeline: Any, rules: _Rules) -> None:
    """Replace the loaders in a list of transforms, and in those that transforms have inside."""
    transforms = getattr(pipeline, 'transforms', None)
    if transforms is None:
        return
    if not isinstance(transforms, list):
        _replace(transforms, rules)
        return
    for index, transform in enumerate(transforms):
        name = type(transform).__name__
        if isinstance(transform, LoadImageFromFile):
            transforms[index] = LoadPicture(transform, rules)
        elif name == 'LoadAnnotations' and type(transform).__module__.startswith('mmseg'):
            transforms[index] = LoadLabelMap(transform, rules)
        elif name == 'LoadDepthAnnotation':
            transforms[index] = LoadDepthMap(transform)
        else:
            _replace(transform, rules)


class LoadPicture(BaseTransform):
    """Loads a picture as the library's transform would, the right way up for its labels.

    Args:
        inner: the library's transform, whose settings are used.
        rules: of the data set.
    """

    def __init__(self, inner: LoadImageFromFile, rules: _Rules) -> None:
        self._inner = inner
        self._rules = rules

    def __repr__(self) -> str:
        """Return what is replaced."""
        return f'{type(self).__name__}({self._inner!r})'

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Return ``results`` with ``img`` (H, W, 3), BGR, ``img_shape`` and ``ori_shape``.

        Raises:
            DataError: the picture cannot be read whole, or its size is not the annotations'.
        """
        # who brings pixels along, or wants others than BGR, is served by the library
        if 'img' in results or self._inner.color_type != 'color':
            found: dict[str, Any] | None = self._inner.transform(results)
            return found
        backend = self._inner.imdecode_backend or 'cv2'
        image = load_picture(results, is_placed=self._rules.is_placed, backend=backend)
        results['img'] = image.astype(np.float32) if self._inner.to_float32 else image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


def load_picture(sample: Mapping[str, Any], *, is_placed: bool, backend: str = 'cv2') -> np.ndarray:
    """Return the picture of a sample as BGR (H, W, 3), the right way up for its labels.

    ``is_placed`` says whether these have places, ``backend`` is mmcv's name of a decoder.

    Raises:
        DataError: the picture cannot be read whole, or its size is not that of its labels.
    """
    file = sample['img_path']
    data = read_bytes(file)
    shape = _label_shape(sample) if is_placed else None
    decoder = None if backend == 'cv2' else functools.partial(_decode_by, backend)
    image = decode(file, data, is_placed=is_placed, shape=shape, decoder=decoder)
    if shape is not None:
        compare_sizes(file, shape, image.shape, map_=_map_of(sample))
    return image


def _decode_by(backend: str, data: bytes, ignores: bool) -> np.ndarray | None:
    """Return a picture decoded by mmcv's ``backend``, its orientation ignored or heeded."""
    flag = 'color_ignore_orientation' if ignores else 'color'
    try:
        image: np.ndarray = mmcv.imfrombytes(data, flag=flag, backend=backend)
    except OSError:
        return None
    return image


def _label_shape(sample: Mapping[str, Any]) -> Shape | None:
    """Return the (height, width) that a sample's labels are made for, where that is known."""
    if map_ := _map_of(sample):
        header = header_of(map_)
        return header.shape if header else None
    height, width = sample.get('height'), sample.get('width')
    return (int(height), int(width)) if height and width else None


def _size(shape: tuple[int, ...]) -> str:
    """Return height and width as people write a picture's size: width first."""
    return f'{shape[1]} x {shape[0]}'


def _map_of(sample: Mapping[str, Any]) -> str | None:
    return next((sample[key] for key in _MAPS if sample.get(key)), None)


def compare_sizes(
    picture: str, labelled: Shape, found: tuple[int, ...], *, map_: str | None = None
) -> None:
    """Refuse a picture of another size (height, width) than the one that its labels are made for.

    Args:
        picture: file of the picture.
        labelled: size (height, width) that its labels are made for.
        found: size of the picture.
        map_: file of its label or depth map, where it has one.

    Raises:
        DataError: the sizes differ.
    """
    if labelled == tuple(found[:2]):
        return
    if map_ is not None:
        raise DataError(
            f'{map_}: {_size(labelled)} pixels (width x height), its picture {picture} has '
            f'{_size(found)}; both must have one size: use the map that was made for the picture'
        )
    raise DataError(
        f'{picture}: is {_size(found)} pixels (width x height), its annotations are for '
        f'{_size(labelled)}: places in it would be wrong; correct the size in the annotations if '
        'only that is wrong, or use the pictures that were annotated'
    )


class LoadLabelMap(BaseTransform):
    """Loads a label map as mmseg does, after a look at what kind of file it is.

    Args:
        inner: mmseg's transform.
        rules: of the data set.
    """

    def __init__(self, inner: BaseTransform, rules: _Rules) -> None:
        self._inner = inner
        self._classes = rules.classes

    def __repr__(self) -> str:
        """Return what is replaced."""
        return f'{type(self).__name__}({self._inner!r})'

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``results`` with ``gt_seg_map`` (H, W), labels from 0 and 255 for ignored pixels.

        Raises:
            DataError: the map is not one of labels, has another size than the picture, or a label
                that the task does not declare.
        """
        file = results['seg_map_path']
        header = header_of(file)
        _check_label_file(file, header)
        found: dict[str, Any] = self._inner.transform(results)
        labels = found['gt_seg_map']
        _check_same_size(file, labels, found)
        if (
            self._classes
            and (wrong := labels[(labels >= self._classes) & (labels != IGNORED)]).size
        ):
            raise DataError(f'{file}: {_undeclared(wrong, self._classes, found)}')
        return found


def _undeclared(wrong: np.ndarray, classes: int, sample: dict[str, Any]) -> str:
    values = np.unique(wrong)
    listed = ', '.join(map(str, values[:_SHOWN])) + (' ...' if len(values) > _SHOWN else '')
    counted = ' (counted after 1 was taken off)' if sample.get('reduce_zero_label') else ''
    return (
        f'label {listed}{counted} is not from 0 to {classes - 1}, nor {IGNORED} (ignored); declare '
        f'every class in the order of its label, or write the maps anew'
    )


def _check_label_file(file: str, header: Header | None) -> None:
    if header is None:
        raise DataError(f'{file}: cannot be read as a picture')
    if header.format == 'JPEG':
        raise DataError(
            f'{file}: a label map saved as JPEG, which changes labels; save it as PNG from its '
            'source'
        )
    if header.mode not in ('1', 'L', 'P') and not header.mode.startswith('I'):
        raise DataError(
            f'{file}: {header.mode} pixels, a label map has one whole number per pixel; write '
            'labels, not colours, as a PNG of one channel (modes L and P)'
        )
    if header.mode.startswith('I'):
        _check_byte_range(file)


def _check_byte_range(file: str) -> None:
    """Refuse labels of 16 or 32 bits that one byte does not hold: mmseg keeps their remainder."""
    with Image.open(io.BytesIO(read_bytes(file))) as picture:
        values = np.asarray(picture)
    if values.min() < 0 or values.max() > IGNORED:
        wrong = np.unique(values[(values < 0) | (values > IGNORED)])
        raise DataError(
            f'{file}: label {wrong[0]} is not from 0 to {IGNORED}; labels are numbered from 0, '
            f'{IGNORED} is ignored; write the maps anew'
        )


def _check_same_size(file: str, values: np.ndarray, sample: dict[str, Any]) -> None:
    """Refuse a map of another size than its picture, where that is loaded."""
    shape = sample.get('ori_shape')
    if shape is not None and values.shape[:2] != tuple(shape[:2]):
        picture = str(sample.get('img_path'))
        compare_sizes(picture, values.shape[:2], tuple(shape), map_=file)


class LoadDepthMap(BaseTransform):
    """Loads a depth map as mmseg does, after a look at what kind of file it is.

    Args:
        inner: mmseg's transform.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __repr__(self) -> str:
        """Return what is replaced."""
        return f'{type(self).__name__}({self._inner!r})'

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``results`` with ``gt_depth_map`` (H, W) in metres, 0 where there is none.

        Raises:
            DataError: the map has several channels, another size than the picture, or values that
                cannot be depths.
        """
        file = results['depth_map_path']
        if self._inner.decode_backend == 'cv2':
            _check_depth_file(file, header_of(file))
        found: dict[str, Any] = self._inner.transform(results)
        depth = found['gt_depth_map']
        _check_same_size(file, depth, found)
        if not np.isfinite(depth).all() or depth.min(initial=0) < 0:
            raise DataError(
                f'{file}: the depth map holds values that cannot be depths (negative, infinite or '
                'not a number); 0 stands for unknown'
            )
        return found


def _check_depth_file(file: str, header: Header | None) -> None:
    if header is None:
        raise DataError(f'{file}: cannot be read as a picture')
    if header.format == 'JPEG':
        raise DataError(
            f'{file}: a depth map saved as JPEG, which changes depths; save it as 16-bit PNG from '
            'its source'
        )
    if header.mode not in ('L', 'F') and not header.mode.startswith('I'):
        raise DataError(
            f'{file}: {header.mode} pixels, a depth map has one number per pixel; write depths, '
            'not colours, as a 16-bit PNG of one channel'
        )
