"""Which samples are drawn, and what is written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from benchmark.kinds.common.gallery import SIDE, Gallery, Picture, caption, fit, palette


class Plain(Gallery):
    """Draws the image, and remembers which."""

    def truth(self, image: np.ndarray, sample: Any) -> np.ndarray:
        return image

    def draw(self, image: np.ndarray, sample: Any) -> Picture:
        return Picture(image, 255 - image)


def images(folder: Path, count: int) -> list[Any]:
    """Write pictures of 40 x 60 px, each of its own grey, and return samples of them."""
    samples = []
    for number in range(count):
        path = folder / f'{number}.png'
        cv2.imwrite(str(path), np.full((40, 60, 3), 10 * number, np.uint8))
        samples.append(SimpleNamespace(img_path=str(path)))
    return samples


def show(gallery: Gallery, samples: list[Any], batch: int) -> list[int]:
    """Return the numbers of the drawn samples, told by their grey."""
    loader = SimpleNamespace(dataset=samples)
    runner: Any = SimpleNamespace(test_dataloader=loader)
    gallery.before_test(runner)
    for start in range(0, len(samples), batch):
        gallery.after_test_iter(runner, start // batch, outputs=samples[start : start + batch])
    greys = [cv2.imread(str(gallery._folder / name))[5, 5, 0] for name in gallery.files]
    return [round(int(grey) / 10) for grey in greys]


@pytest.mark.parametrize(
    ('count', 'wanted', 'expected'),
    [(20, 4, [2, 7, 12, 17]), (9, 3, [1, 4, 7]), (3, 4, [0, 1, 2]), (1, 4, [0]), (5, 1, [2])],
)
@pytest.mark.parametrize('batch', [1, 3, 32])
def test_samples_are_spread_whatever_the_batch(
    count: int, wanted: int, expected: list[int], batch: int, tmp_path: Path
) -> None:
    gallery = Plain(folder=str(tmp_path / 'out'), classes=('a',), count=wanted)
    assert show(gallery, images(tmp_path, count), batch) == expected
    assert gallery.files == [f'prediction_{i}.png' for i in range(len(expected))]


def test_truth_is_left_and_prediction_right(tmp_path: Path) -> None:
    gallery = Plain(folder=str(tmp_path / 'out'), classes=('a',), count=1)
    show(gallery, images(tmp_path, 3), 1)
    picture = cv2.imread(str(tmp_path / 'out' / 'prediction_0.png'))
    height = round(SIDE * 40 / 60)
    assert picture.shape == (height, 2 * SIDE + 6, 3)
    assert (picture[:, :SIDE] == 10).all()
    assert (picture[:, SIDE : SIDE + 6] == 255).all()
    assert (picture[:, SIDE + 6 :] == 245).all()


def test_unreadable_image_is_left_out(tmp_path: Path) -> None:
    samples = images(tmp_path, 4)
    Path(samples[1].img_path).write_bytes(b'no picture')
    Path(samples[2].img_path).unlink()
    gallery = Plain(folder=str(tmp_path / 'out'), classes=('a',), count=4)
    assert show(gallery, samples, 2) == [0, 3]
    assert gallery.files == ['prediction_0.png', 'prediction_1.png']


def test_longer_side_is_fitted() -> None:
    assert fit(np.zeros((100, 50, 3), np.uint8)).shape == (SIDE, SIDE // 2, 3)
    assert fit(np.zeros((300, 600, 3), np.uint8)).shape == (SIDE // 2, SIDE, 3)


def test_long_caption_stays_inside() -> None:
    image = np.zeros((50, 25, 3), np.uint8)
    band = caption(image, 'a species with a very long name indeed')[SIDE:]
    assert band.shape[1] == SIDE // 2
    assert (band[:, -2:] == 250).all()
    assert (band < 200).any()


@pytest.mark.parametrize('count', [2, 11, 32])
def test_colours_are_distinct(count: int) -> None:
    colours = palette(count)
    assert colours == palette(count)
    assert len(set(colours)) == count
    assert palette(count + 1)[:count] == colours
