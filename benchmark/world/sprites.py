"""Upright flat figures with relief: drawn at twice the resolution, lit, and averaged down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import (
    Bytes,
    Floats,
    Mask,
    Points,
    blur,
    bounds,
    distance_inside,
    gradients,
    shrink,
)

OVERSAMPLING = 2
SOLID = 0.5
"""Least coverage at which a pixel belongs to the figure."""


class Sprite(NamedTuple):
    """A drawn figure whose first pixel is (``x``, ``y``) of the picture.

    ``color`` (h, w, 3) is multiplied by the coverage ``alpha`` (h, w); ``part`` and
    ``layer`` (h, w) say what each pixel shows; ``relief`` (h, w) is in metres toward the
    viewer.
    """

    x: int
    y: int
    color: Floats
    alpha: Floats
    part: Bytes
    layer: Bytes
    relief: Floats

    @property
    def solid(self) -> Mask:
        """Return where the figure counts as present, (h, w)."""
        return np.asarray(self.alpha >= SOLID)


class Light(NamedTuple):
    """A direction (x right, y down, z toward the viewer) of unit length, and the ambient share."""

    direction: tuple[float, float, float]
    ambient: float


@dataclass(frozen=True)
class Placement:
    """The map from body coordinates in metres to pixels.

    Attributes:
        u: pixel column of the body's origin.
        v: pixel row of the body's origin.
        scale: pixels per metre.
        facing: from -1 to 1; its sign is the direction, left or right, and its size the share of
            lengths that is seen.
        squash: factor on heights, which are shortened where they are looked down upon.
    """

    u: float
    v: float
    scale: float
    facing: float
    squash: float

    def pixels(self, points: Points) -> Points:
        """Return (N, 2) body coordinates as pixel indices (x, y)."""
        factors = np.array([self.facing * self.scale, -self.squash * self.scale])
        return np.asarray(np.atleast_2d(points) * factors + (self.u, self.v))

    def on_patch(self, x: int, y: int) -> Placement:
        """Return the same map onto an oversampled patch that starts at pixel (x, y)."""
        k, half = OVERSAMPLING, (OVERSAMPLING - 1) / 2
        u, v = k * (self.u - x) + half, k * (self.v - y) + half
        return Placement(u, v, k * self.scale, self.facing, self.squash)


@dataclass(frozen=True)
class Layer:
    """One sheet of a figure under construction: where it is and which paint lies where.

    Attributes:
        mask: (h, w) of the oversampled patch, above 0 where the sheet is.
        paint: (h, w) of the oversampled patch, index of the paint.
        part: label of its pixels.
        thickness: greatest height of its relief in metres.
        offset: distance in metres by which it lies in front of the figure's middle.
        shade: factor on its colours.
    """

    mask: Bytes
    paint: Bytes
    part: int
    thickness: float
    offset: float
    shade: float = 1.0

    @staticmethod
    def empty(
        shape: tuple[int, int], part: int, thickness: float, offset: float, shade: float = 1.0
    ) -> Layer:
        """Return a layer with nothing on it.

        Args:
            shape: (h, w) of the oversampled patch.
            part: label of its pixels.
            thickness: greatest height of its relief in metres.
            offset: distance in metres by which it lies in front of the figure's middle.
            shade: factor on its colours.
        """
        mask, paint = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        return Layer(mask, paint, part, thickness, offset, shade)

    def limit_paint(self, value: int, shape: Bytes) -> None:
        """Paint ``value`` where ``shape`` and the layer overlap."""
        self.paint[(shape > 0) & (self.mask > 0)] = value


class Sheet(NamedTuple):
    """Layers flattened in order: part, layer number, paint, relief (m) and shade, all (h, w)."""

    part: Bytes
    layer: Bytes
    paint: Bytes
    relief: Floats
    shade: Floats


def ellipse(center: Points, axes: tuple[float, float], angle: float, corners: int = 28) -> Points:
    """Return the outline of an ellipse.

    Args:
        center: its centre (x, y).
        axes: its half axes, along its own x and y.
        angle: by which it is turned from x towards y, in radians.
        corners: points of the outline.

    Returns:
        Points (corners, 2) in the unit of ``center`` and ``axes``.
    """
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    x, y = axes[0] * np.cos(turn), axes[1] * np.sin(turn)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(center + np.stack([cosine * x - sine * y, sine * x + cosine * y], 1))


def round_relief(mask: Bytes, thickness: float, scale: float) -> Floats:
    """Return a rounded height (m) inside ``mask`` that is flat ``thickness`` away from its edge."""
    if mask.size == 0:
        return np.zeros(mask.shape, np.float32)
    reach = np.minimum(distance_inside(mask) / max(thickness * scale, 1.0), 1)
    return np.asarray(thickness * np.sqrt(1 - (1 - reach) ** 2), np.float32)


def flatten(layers: list[Layer], scale: float) -> Sheet:
    """Return the layers seen from the front, later ones covering earlier ones."""
    shape = layers[0].mask.shape
    part, number, paint = (np.zeros(shape, np.uint8) for _ in range(3))
    relief, shade = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    for index, layer in enumerate(layers, 1):
        area = bounds(layer.mask)
        mask = layer.mask[area]
        height = round_relief(mask, layer.thickness, scale) + np.float32(layer.offset)
        for target, value in (
            (part, layer.part),
            (number, index),
            (paint, layer.paint[area]),
            (relief, height),
            (shade, layer.shade),
        ):
            np.copyto(target[area], value, where=mask > 0)
    return Sheet(part, number, paint, relief, shade)


def lit(relief: Floats, scale: float, light: Light) -> Floats:
    """Return the brightness (h, w) of a matt surface of ``relief`` (m) at ``scale`` px per m."""
    across, down = gradients(blur(relief * scale, 1.4))
    x, y, z = light.direction
    facing = (z - across * x - down * y) / np.sqrt(1 + across**2 + down**2)
    return np.asarray(light.ambient + (1.15 - light.ambient) * np.maximum(facing, 0), np.float32)


def _blockwise_max(image: Bytes) -> Bytes:
    k = OVERSAMPLING
    largest = image[::k, ::k]
    for row, column in np.ndindex(k, k):
        largest = np.maximum(largest, image[row::k, column::k])
    return largest


def finish(
    sheet: Sheet, albedo: Floats, corner: tuple[int, int], scale: float, light: Light
) -> Sprite:
    """Return the sprite of a flattened sheet, lit and at the picture's resolution.

    Args:
        sheet: layers of an oversampled patch.
        albedo: its colours (h, w, 3) in 0..1.
        corner: column and row in the picture of the patch's first pixel.
        scale: pixels of the oversampled patch per metre.
        light: the light of the scene.
    """
    present = sheet.layer > 0
    brightness = lit(sheet.relief, scale, light) * sheet.shade * present
    return Sprite(
        *corner,
        color=shrink((albedo * brightness[..., None]).astype(np.float32), OVERSAMPLING),
        alpha=shrink(present.astype(np.float32), OVERSAMPLING),
        part=_blockwise_max(sheet.part),
        layer=_blockwise_max(sheet.layer),
        relief=shrink(sheet.relief, OVERSAMPLING),
    )


class Patch(NamedTuple):
    """The pixels that a figure may touch: first column and row, width and height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def oversampled(self) -> tuple[int, int]:
        """Return the (rows, columns) of the oversampled patch."""
        return self.height * OVERSAMPLING, self.width * OVERSAMPLING


def patch_around(points: Points, pad: float, size: int) -> Patch | None:
    """Return the patch around pixel positions (N, 2), or ``None`` if all of it is out of sight.

    The patch reaches half a picture beyond the borders, so that a figure's full size is
    known where the picture cuts it.
    """
    low = np.maximum(np.floor(points.min(0) - pad), -size // 2).astype(int)
    high = np.minimum(np.ceil(points.max(0) + pad), size + size // 2).astype(int)
    if (high < 1).any() or (low >= size).any() or (high - low < 1).any():
        return None
    return Patch(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
