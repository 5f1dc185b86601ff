"""Pictures and label maps of noise, written where an official layout has its own."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIZE = (48, 64)
"""Height and width of a fake picture."""


def random_numbers(path: Path, parts: int = 3) -> np.random.Generator:
    """Return numbers that depend on the last ``parts`` of a path alone."""
    return np.random.default_rng(zlib.crc32('/'.join(path.parts[-parts:]).encode()))


def picture(path: Path, size: tuple[int, int] = SIZE, *, parts: int = 3) -> None:
    """Write a picture of noise that depends on the last ``parts`` of its path."""
    array(path, random_numbers(path, parts).integers(0, 256, (*size, 3)).astype(np.uint8))


def array(path: Path, values: np.ndarray) -> None:
    """Write any picture that OpenCV can encode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values), path


def labels(path: Path, count: int, *, first: int = 0, size: tuple[int, int] = SIZE) -> None:
    """Write a label map with ``count`` labels from ``first`` in blocks, and some pixels of 255."""
    blocks = random_numbers(path).integers(first, first + count, (size[0] // 8, size[1] // 8))
    values = np.kron(blocks, np.ones((8, 8))).astype(np.uint8)
    values[:4, :4] = 255
    array(path, values)


def depth(path: Path, *, scale: float, far: float, size: tuple[int, int] = SIZE) -> None:
    """Write a 16-bit depth map up to ``far`` metres, ``scale`` metres a step, with holes."""
    slope = np.linspace(0.1 * far, 0.9 * far, size[0])[:, None] * np.ones(size)
    slope[:6, :6] = 0
    array(path, np.round(slope / scale).astype(np.uint16))


def lines(path: Path, *rows: object) -> None:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(f'{row}\n' for row in rows), encoding='utf-8')


def written_json(path: Path, content: Any) -> None:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding='utf-8')
