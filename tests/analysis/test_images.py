from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark.analysis import images as module
from benchmark.analysis.images import fit, load_images
from benchmark.errors import DataError
from benchmark.world import SplitCounts, WorldSpec, ensure_world

NOTHING = SplitCounts(0, 0, 0)


def load(source: Path | str, size: int | None = None, count: int = 9) -> module.ImageSet:
    return load_images(str(source), count=count, size=size, data_root=Path('nowhere'))


class TestFolder:
    def test_pictures_are_read_in_order_cut_to_squares_and_resized(self, tmp_path: Path) -> None:
        wide = np.zeros((40, 60, 3), np.uint8)
        wide[:, 10:50] = (0, 0, 255)  # red, as OpenCV orders channels
        cv2.imwrite(str(tmp_path / 'b.png'), wide)
        (tmp_path / 'sub').mkdir()
        cv2.imwrite(str(tmp_path / 'sub' / 'a.png'), wide[::-1])
        (tmp_path / 'notes.txt').write_text('no picture')
        found = load(tmp_path, 20)
        assert found.names == ('b.png', 'sub/a.png')
        assert found.pixels.shape == (2, 20, 20, 3)
        assert (found.pixels == (255, 0, 0)).all()
        assert found.labels is None
        assert load(tmp_path, count=1).pixels.shape == (1, 224, 224, 3)

    def test_the_hash_tells_pictures_apart(self, tmp_path: Path) -> None:
        cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((8, 8, 3), np.uint8))
        first = load(tmp_path, 8).facts()
        cv2.imwrite(str(tmp_path / 'a.png'), np.ones((8, 8, 3), np.uint8))
        second = load(tmp_path, 8).facts()
        assert first['sha256'] != second['sha256']
        assert {**first, 'sha256': ''} == {**second, 'sha256': ''}

    @pytest.mark.parametrize(
        ('content', 'reason'), [(None, 'holds no picture'), (b'text', 'cannot be read')]
    )
    def test_what_is_wrong_is_one_line(
        self,
        content: bytes | None,
        reason: str,
        tmp_path: Path,
        one_line: Callable[[BaseException], str],
    ) -> None:
        if content is not None:
            (tmp_path / 'a.png').write_bytes(content)
        with pytest.raises(DataError) as caught:
            load(tmp_path)
        assert reason in one_line(caught.value)
        with pytest.raises(DataError, match='no such folder'):
            load(tmp_path / 'gone')


class TestWorld:
    def test_labels_come_with_the_pictures(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spec = WorldSpec(
            size=64,
            scenes=SplitCounts(0, 0, 3),
            covered_per_class=NOTHING,
            fine_per_class=NOTHING,
            sequences=NOTHING,
        )
        monkeypatch.setattr(module, 'ensure_world', lambda root: ensure_world(root, spec))
        found = load_images('world', count=2, size=None, data_root=tmp_path)
        assert found.labels is not None
        assert found.pixels.shape == (2, 64, 64, 3)
        assert found.labels.shape == (2, 64, 64)
        assert len(np.unique(found.labels)) > 2
        larger = load_images('world', count=2, size=128, data_root=tmp_path)
        assert larger.labels is not None
        # labels are numbers of classes: none in between may appear
        assert set(np.unique(larger.labels)) == set(np.unique(found.labels))


def test_photographs_need_no_network() -> None:
    pytest.importorskip('skimage')
    found = load('photos', 96)
    assert found.pixels.shape == (4, 96, 96, 3)
    assert len({image.tobytes() for image in found.pixels}) == 4


def test_a_square_of_the_right_size_stays_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(fit(image, 16), image)
