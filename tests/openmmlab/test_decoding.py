"""Which way up a picture is, how deep it is, and which files are refused by name."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmark.errors import DataError
from benchmark.openmmlab.decoding import is_picture, read_placed, read_upright

TURNED = Image.Exif()
TURNED[0x0112] = 6


def noise(height: int = 24, width: int = 40) -> np.ndarray:
    rough = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return cv2.GaussianBlur(rough, (0, 0), 3)


def saved(path: Path, pixels: np.ndarray, **how: object) -> Path:
    Image.fromarray(pixels).save(path, **how)
    return path


@pytest.mark.parametrize('ending', ['.png', '.jpg'])
def test_labels_with_places_belong_to_stored_pixels_unless_their_shape_says_otherwise(
    tmp_path: Path, ending: str
) -> None:
    path = saved(tmp_path / f'a{ending}', noise(), exif=TURNED)
    stored, upright = read_placed(path), read_upright(path)
    assert stored.shape == (24, 40, 3)
    assert np.array_equal(upright, np.rot90(stored, -1))
    assert np.array_equal(read_placed(path, (24, 40)), stored)
    assert np.array_equal(read_placed(path, (40, 24)), upright)
    square = saved(tmp_path / f'square{ending}', noise(32, 32), exif=TURNED)
    bare = saved(tmp_path / f'bare{ending}', noise(32, 32))
    assert np.array_equal(read_placed(square, (32, 32)), read_placed(bare))


def test_formats_that_opencv_turns_by_rules_of_its_own_are_refused_with_places(
    tmp_path: Path,
) -> None:
    for name in ('a.webp', 'a.tif'):
        path = saved(tmp_path / name, noise(), exif=TURNED)
        with pytest.raises(DataError, match=rf'{name}: a (WEBP|TIFF) file with EXIF orientation 6'):
            read_placed(path)
        assert read_upright(path).size == 24 * 40 * 3


def test_of_sixteen_bits_the_upper_eight_stay_and_dark_values_are_refused(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (8, 8, 3)).astype(np.uint16)
    cv2.imwrite(str(tmp_path / 'deep.png'), deep)
    assert np.array_equal(read_upright(tmp_path / 'deep.png'), (deep >> 8).astype(np.uint8))
    for ending in ('png', 'tif'):
        cv2.imwrite(str(tmp_path / f'camera.{ending}'), deep >> 4)
        with pytest.raises(DataError, match=rf'camera\.{ending}: has 16 bits, .* 12-bit values'):
            read_placed(tmp_path / f'camera.{ending}')


def test_values_that_no_rule_scales_are_refused_by_name(tmp_path: Path) -> None:
    saved(tmp_path / 'share.tif', noise()[..., 0].astype(np.float32) / 255)
    with pytest.raises(DataError, match=r'share\.tif: contains floating-point numbers'):
        read_upright(tmp_path / 'share.tif')
    (tmp_path / 'odd.pgm').write_bytes(b'P5\n2 2\n1000\n' + bytes(8))
    with pytest.raises(DataError, match=r'odd\.pgm: contains values of an odd range'):
        read_upright(tmp_path / 'odd.pgm')


@pytest.mark.parametrize('kept', [0.4, 0.97])
@pytest.mark.parametrize('is_progressive', [False, True])
def test_a_jpeg_that_ends_early_is_refused(
    tmp_path: Path, kept: float, is_progressive: bool
) -> None:
    path = saved(tmp_path / 'a.jpg', noise(300, 300), progressive=is_progressive)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DataError, match=r'a\.jpg: cannot be read whole'):
        read_upright(path)
    path.write_bytes(whole + b'what a camera adds')
    assert read_upright(path).shape == (300, 300, 3)


def test_an_empty_and_a_missing_file_are_named_and_so_is_one_that_is_alike(tmp_path: Path) -> None:
    (tmp_path / 'a.jpg').write_bytes(b'')
    with pytest.raises(DataError, match=r'a\.jpg: is empty \(0 bytes\)'):
        read_upright(tmp_path / 'a.jpg')
    (tmp_path / 'B.JPG').write_bytes(b'x')
    with pytest.raises(DataError, match=r'b\.jpg: no such file; there is B\.JPG'):
        read_upright(tmp_path / 'b.jpg')


def test_modes_that_people_have_become_three_channels(tmp_path: Path) -> None:
    colours = Image.fromarray(noise())
    for mode, ending in (
        ('L', 'png'), ('LA', 'png'), ('RGBA', 'png'), ('P', 'png'), ('1', 'png'), ('CMYK', 'jpg'),
        ('P', 'gif'),
    ):  # fmt: skip
        path = tmp_path / f'{mode}.{ending}'
        colours.convert(mode).save(path)
        assert read_upright(path).shape == (24, 40, 3), mode


def test_of_several_frames_the_first_is_read(tmp_path: Path) -> None:
    frames = [Image.fromarray(noise()), Image.fromarray(255 - noise())]
    content = io.BytesIO()
    frames[0].save(content, 'PNG', save_all=True, append_images=frames[1:])
    (tmp_path / 'a.png').write_bytes(content.getvalue())
    assert np.array_equal(read_upright(tmp_path / 'a.png')[..., ::-1], noise())


def test_pictures_are_told_by_their_names_whatever_the_case() -> None:
    assert all(map(is_picture, ('a.JPG', 'b/c.webp', 'd.Tiff', 'e.heic')))
    assert not any(map(is_picture, ('._a.jpg', '.b.png', 'c.txt', 'jpg')))
