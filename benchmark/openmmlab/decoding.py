"""The one place where files become pixels: which way up, how deep, and what is refused.

Labels with places (label and depth maps, boxes, key points) belong to the pixels as they are
stored, whatever a picture's EXIF orientation says, unless the shape that goes with the labels is
that of the turned picture. Pictures that have a class and no places are turned upright.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from benchmark import packed
from benchmark.errors import DataError

_OFTEN = (
    '.jpg',
    '.jpeg',
    '.jpe',
    '.jfif',
    '.png',
    '.apng',
    '.bmp',
    '.dib',
    '.webp',
    '.tif',
    '.tiff',
)
_SELDOM = ('.gif', '.ppm', '.pgm', '.pbm', '.pnm', '.jp2', '.avif', '.heic', '.heif')
PICTURES = (*_OFTEN, *_SELDOM)
"""Endings, in lower case, by which a file is taken for a picture: it is read or refused by name."""

Shape = tuple[int, int]
"""Height and width in pixels."""

Decoder = Callable[[bytes, bool], np.ndarray | None]
"""Decodes a picture to BGR, as it is stored or else turned; ``None`` where it cannot."""

_ORIENTATION = 0x0112
_TURNS_BY_90 = range(5, 9)
_BITS_PER_SAMPLE, _SAMPLE_FORMAT = 258, 339
_UNSIGNED = 1
_LEAST_OF_16_BITS = 4096
"""A picture of 16 bits whose largest value is below this shows less than a sixteenth of its range:
nearly black once it has 8 bits, most likely 12-bit values as they came from a camera."""


def is_picture(name: str | PurePath) -> bool:
    """Whether a file's name is that of a picture; hidden files are not pictures."""
    path = PurePath(name)
    return path.suffix.lower() in PICTURES and not path.name.startswith('.')


class Header(NamedTuple):
    """What a picture's file says of itself.

    ``shape`` is that of the stored pixels, ``orientation`` EXIF's (1: upright), ``bits`` those of
    a sample, ``mode`` Pillow's.
    """

    format: str
    mode: str
    shape: Shape
    orientation: int
    bits: int
    is_float: bool

    @property
    def upright_shape(self) -> Shape:
        """The shape after turning by the orientation."""
        return self.shape[::-1] if self.orientation in _TURNS_BY_90 else self.shape


def read_header(data: bytes) -> Header | None:
    """Return the header of an encoded picture; ``None`` where Pillow does not know the format."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            bits, is_float = _depth_of(picture, data)
            orientation = _orientation_of(picture, data)
            width, height = picture.size
            form, mode = picture.format or '', picture.mode
    # Pillow raises many kinds of errors for damaged headers
    except Exception:
        return None
    return Header(form, mode, (height, width), orientation, bits, is_float)


def _orientation_of(picture: Image.Image, data: bytes) -> int:
    """Return EXIF's orientation; 1 where there is none."""
    # Pillow decodes a PNG whole to look for EXIF behind the pixels, for each of millions of maps
    if picture.format == 'PNG' and b'eXIf' not in data:
        return 1
    found: int = picture.getexif().get(_ORIENTATION, 1)
    return found


def _depth_of(picture: Image.Image, data: bytes) -> tuple[int, bool]:
    """Return bits per sample and whether samples are floating-point numbers."""
    if picture.format == 'PNG':
        return data[24], False  # the header's own field: the mode does not tell 16-bit colours
    if picture.format == 'TIFF':
        tags = picture.tag_v2  # type: ignore[attr-defined]
        kinds = tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))
        return max(tags.get(_BITS_PER_SAMPLE, (1,))), max(kinds) != _UNSIGNED
    if picture.format == 'PPM':
        return _bits_of_pnm(data), picture.mode == 'F'
    return {'1': 1, 'I;16': 16, 'I;16B': 16, 'I': 32, 'F': 32}.get(picture.mode, 8), False


def _bits_of_pnm(data: bytes) -> int:
    """Return the bits of a PNM file that uses all values of 1, 8 or 16 bits, else 0."""
    lines = data[:512].split(b'\n')
    words = b' '.join(line.partition(b'#')[0] for line in lines).split()
    return 1 if words[0] in (b'P1', b'P4') else {255: 8, 65535: 16}.get(int(words[3]), 0)


def read_bytes(file: str | Path) -> bytes:
    """Return a file's content.

    Raises:
        DataError: it is missing, cannot be read or is empty.
    """
    try:
        data = packed.read_bytes(file)
    except FileNotFoundError:
        raise DataError(f'{file}: no such file{_namesake(Path(file))}') from None
    except OSError as error:
        raise DataError(f'{file}: cannot be read ({error.strerror})') from None
    if not data:
        raise DataError(f'{file}: is empty (0 bytes); fetch or write it again')
    return data


def _namesake(path: Path) -> str:
    """Return the end of a message that names a file which differs in case or ending only."""
    if not packed.is_folder(path.parent):
        return ''
    names = sorted(packed.names_in(path.parent)[1])
    wanted = path.name.casefold()
    alike = [name for name in names if name.casefold() == wanted] or [
        name for name in names if PurePath(name).stem == path.stem and is_picture(name)
    ]
    return f'; there is {alike[0]}' if alike else ''


def read_upright(file: str | Path) -> np.ndarray:
    """Return a picture without places, turned upright, as BGR (H, W, 3) of 8 bits.

    Raises:
        DataError: it cannot be read whole, or its values have no stated range.
    """
    return decode(file, read_bytes(file), is_placed=False)


def read_placed(file: str | Path, shape: Shape | None = None) -> np.ndarray:
    """Return a picture whose labels have places as BGR (H, W, 3) of 8 bits.

    ``shape`` is the one that its labels were made for, where that is known; what it decides is
    only which way up the picture is.

    Raises:
        DataError: it cannot be read whole, or its values have no stated range.
    """
    return decode(file, read_bytes(file), is_placed=True, shape=shape)


def decode(
    file: str | Path,
    data: bytes,
    *,
    is_placed: bool,
    shape: Shape | None = None,
    decoder: Decoder | None = None,
) -> np.ndarray:
    """Return an encoded picture as BGR (H, W, 3) of 8 bits; of several frames the first.

    Transparency is dropped, grey is repeated, of 16 bits the upper 8 stay.

    Args:
        file: names the picture in errors.
        data: its content.
        is_placed: whether it has labels with places.
        shape: that of the labels, where it is known.
        decoder: decodes what has 8 bits, in place of OpenCV.

    Raises:
        DataError: it cannot be decoded whole, or its values have no stated range.
    """
    header = None if _is_plain(data) else read_header(data)
    _refuse_depth(file, data, header)
    ignores = is_placed and _stays_as_stored(file, header, shape)
    if decoder is None or (header is not None and header.bits > 8):
        flag = cv2.IMREAD_COLOR | (cv2.IMREAD_IGNORE_ORIENTATION if ignores else 0)
        image = _imdecode(data, flag)
    else:
        image = decoder(data, ignores)
    if image is None or _is_cut_short(data):
        raise DataError(f'{file}: {_why_not(data)}')
    return image


def _is_plain(data: bytes) -> bool:
    """Whether a JPEG or PNG has 8 bits and no EXIF, told without parsing it: most do."""
    if data.startswith(b'\xff\xd8'):
        return b'Exif\0\0' not in data
    return data.startswith(b'\x89PNG') and data[24:25] <= b'\x08' and b'eXIf' not in data


def _refuse_depth(file: str | Path, data: bytes, header: Header | None) -> None:
    if header is None or header.bits in (1, 2, 4, 8):
        return
    if header.is_float or header.bits != 16:
        values = f'{header.bits}-bit values' if header.bits else 'values of an odd range'
        values = 'floating-point numbers' if header.is_float else values
        raise DataError(
            f'{file}: holds {values}, which no known rule scales; allowed are 8 and 16 bits: scale '
            'the pictures to 0 to 255 and write them with 8 bits'
        )
    pixels = _imdecode(data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    largest = 0 if pixels is None else int(pixels.max())
    if 0 < largest < _LEAST_OF_16_BITS:
        raise DataError(
            f'{file}: has 16 bits, but no value above {largest} of 65535: read by its upper 8 bits '
            f'it would be nearly black; if these are {largest.bit_length()}-bit values, scale the '
            'pictures to 0 to 255 and write them with 8 bits'
        )


def _stays_as_stored(file: str | Path, header: Header | None, shape: Shape | None) -> bool:
    """Whether the labels of a picture belong to its stored pixels, not to the turned ones."""
    if header is None or header.orientation == 1:
        return True
    # OpenCV turns TIFF in any case and WebP in none, so that neither rule could be kept
    if header.format in ('TIFF', 'WEBP'):
        raise DataError(
            f'{file}: a {header.format} file with EXIF orientation {header.orientation}; save it '
            'without the tag, its pixels being those that the labels belong to'
        )
    is_telling = header.shape != header.upright_shape
    return not (is_telling and shape == header.upright_shape)


def _imdecode(data: bytes, flag: int) -> np.ndarray | None:
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        return None


def _is_cut_short(data: bytes) -> bool:
    """Whether a JPEG ends before its pixels do: some decoders fill the rest with grey."""
    if not data.startswith(b'\xff\xd8') or data.rstrip(b'\0').endswith(b'\xff\xd9'):
        return False
    # inside coded pixels the marker of a scan cannot occur; the picture in EXIF comes before
    return data.find(b'\xff\xd9', data.rfind(b'\xff\xda')) < 0


def _why_not(data: bytes) -> str:
    if read_header(data) is not None:
        return 'cannot be read whole as a picture (truncated or damaged); fetch or write it again'
    return 'cannot be read as a picture'


def fault_of(file: str | Path, *, is_placed: bool) -> str:
    """Return why a picture cannot be used for training, with its name; nothing where it can."""
    try:
        decode(file, read_bytes(file), is_placed=is_placed)
    except DataError as error:
        return str(error)
    return ''


def is_broken(file: str | Path) -> bool:
    """Whether a picture, label map or depth map cannot be decoded whole."""
    try:
        data = read_bytes(file)
    except DataError:
        return True
    return _imdecode(data, cv2.IMREAD_UNCHANGED) is None or _is_cut_short(data)


def header_of(file: str | Path) -> Header | None:
    """Return the header of a picture file; ``None`` where there is none.

    Raises:
        DataError: it is missing or empty.
    """
    return read_header(read_bytes(file))
