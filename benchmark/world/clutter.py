"""Drawing of the clutter that is not a block: rocks and plants."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import (
    Floats,
    Points,
    fill_polygon,
    fill_tube,
    rgb_from_hsv,
    warp_wrapped,
)
from benchmark.world.labels import CLUTTER, SEMANTIC_CLASSES
from benchmark.world.sprites import (
    OVERSAMPLING,
    Layer,
    Light,
    Placement,
    Sprite,
    ellipse,
    finish,
    flatten,
    patch_around,
)
from benchmark.world.textures import SURFACE_TILE, ground_tiles

Polygon = Points


class Shape(NamedTuple):
    """One sheet of an object: polygons and tubes in body coordinates (m), foot at height 0.

    ``tubes`` are (points (N, 2), radii (N,)); ``tone`` picks the colour.
    """

    polygons: tuple[Polygon, ...]
    tubes: tuple[tuple[Points, Points], ...]
    tone: int
    thickness: float
    offset: float
    shade: float = 1.0


class Thing(NamedTuple):
    """An object with a fixed appearance; ``kind`` is its index into :data:`CLUTTER`.

    ``tones`` are its RGB colours in 0..1; ``grain`` is the contrast of its texture.
    """

    kind: int
    shapes: tuple[Shape, ...]
    tones: Floats
    grain: float
    tile: int

    @property
    def extent(self) -> Points:
        """Return body coordinates (N, 2) that enclose the whole object."""
        polygons = [p for shape in self.shapes for p in shape.polygons]
        tubes = [t for shape in self.shapes for t, _ in shape.tubes]
        return np.vstack(polygons + tubes)


def _rock(rng: np.random.Generator) -> Thing:
    width, height = rng.uniform(0.22, 0.55), rng.uniform(0.2, 0.5)
    turn = np.linspace(0, 2 * np.pi, int(rng.integers(7, 12)), endpoint=False)
    bumps = 1 + rng.uniform(-0.2, 0.2, len(turn))
    outline = np.stack([width * bumps * np.cos(turn), height * bumps * np.sin(turn)], 1)
    outline[:, 1] = np.maximum(outline[:, 1], -0.45 * height)
    outline[:, 1] -= outline[:, 1].min()
    color = rgb_from_hsv(rng.uniform(0.02, 0.14), rng.uniform(0.02, 0.25), rng.uniform(0.35, 0.85))
    shape = Shape((outline,), (), 0, 0.6 * height, 0.0)
    return Thing(CLUTTER.index('rock'), (shape,), color[None], 0.5, int(rng.integers(3)))


def _leaf(base: Points, angle: float, length: float, width: float) -> Polygon:
    along = np.array([np.cos(angle), np.sin(angle)])
    return ellipse(base + 0.5 * length * along, (0.5 * length, 0.5 * width), angle, 14)


def _fern(rng: np.random.Generator) -> tuple[Shape, ...]:
    count = int(rng.integers(5, 10))
    angles = np.pi / 2 + np.linspace(-1.1, 1.1, count) + rng.normal(0, 0.1, count)
    lengths = rng.uniform(0.5, 1.0) * rng.uniform(0.75, 1.15, count)
    leaves = [_leaf(np.zeros(2), a, n, 0.16) for a, n in zip(angles, lengths, strict=True)]
    order = rng.permutation(count)
    return tuple(
        Shape((leaves[j],), (), int(i % 2), 0.05, 0.02 * i, 0.8 + 0.2 * i / count)
        for i, j in enumerate(order)
    )


def _shrub(rng: np.random.Generator) -> tuple[Shape, ...]:
    height = rng.uniform(0.7, 1.5)
    stem = np.array([[0, 0], [rng.normal(0, 0.04), 0.5 * height], [0, 0.8 * height]])
    trunk = Shape((), ((stem, np.array([0.06, 0.045, 0.03])),), 2, 0.05, 0.0)
    crowns = []
    for index in range(int(rng.integers(3, 6))):
        spread = 0.32 * height * np.array([rng.uniform(-0.7, 0.7), rng.uniform(-0.35, 0.6)])
        axes = (rng.uniform(0.16, 0.26) * height, rng.uniform(0.13, 0.2) * height)
        crown = ellipse(np.array([0, 0.72 * height]) + spread, axes, rng.uniform(-0.4, 0.4), 11)
        crowns.append(Shape((crown,), (), index % 2, 0.6 * axes[1], 0.03 * index))
    return (trunk, *crowns)


def _plant(rng: np.random.Generator) -> Thing:
    shapes = _fern(rng) if rng.random() < 0.5 else _shrub(rng)
    hue, value = rng.normal(0.28, 0.05), rng.uniform(0.3, 0.65)
    greens = [rgb_from_hsv(hue + d, 0.55, value * k) for d, k in ((0.0, 1.0), (0.02, 1.3))]
    bark = rgb_from_hsv(0.07, 0.45, 0.4)
    return Thing(CLUTTER.index('plant'), shapes, np.stack([*greens, bark]), 0.35, 1)


def _scaled(thing: Thing, factor: float) -> Thing:
    shapes = tuple(
        shape._replace(
            polygons=tuple(factor * p for p in shape.polygons),
            tubes=tuple((factor * points, factor * radii) for points, radii in shape.tubes),
            thickness=factor * shape.thickness,
            offset=factor * shape.offset,
        )
        for shape in thing.shapes
    )
    return thing._replace(shapes=shapes)


_MAKERS: dict[str, Callable[[np.random.Generator], Thing]] = {'rock': _rock, 'plant': _plant}
THINGS = tuple(_MAKERS)


def draw_thing(rng: np.random.Generator, kind: str, scale: float = 1.0) -> Thing:
    """Return a random object of the ``kind`` that :data:`THINGS` names."""
    return _scaled(_MAKERS[kind](rng), scale)


def _layer(shape: Shape, place: Placement, size: tuple[int, int], part: int) -> Layer:
    layer = Layer.empty(size, part, shape.thickness, shape.offset, shape.shade)
    for polygon in shape.polygons:
        fill_polygon(layer.mask, place.pixels(polygon))
    for points, radii in shape.tubes:
        fill_tube(layer.mask, place.pixels(points), place.scale * radii)
    layer.paint[...] = shape.tone
    return layer


def _grain(thing: Thing, place: Placement, size: tuple[int, int]) -> Floats:
    """Return the brightness (h, w) around 1 that the object's texture adds."""
    tile = ground_tiles()[thing.tile]
    step = max(0.8 * SURFACE_TILE / max(place.scale, 1.0), 0.4)
    matrix = np.array([[1 / step, 0, 0], [0, 1 / step, 0]])
    return np.asarray(1 + thing.grain * (warp_wrapped(tile, matrix, *size) - 0.5))


def draw_thing_sprite(thing: Thing, place: Placement, size: int, light: Light) -> Sprite | None:
    """Return an object's sprite, or ``None`` if it is out of sight.

    Args:
        thing: the object.
        place: where in the picture it stands, and how large.
        size: side of the picture in pixels.
        light: the light of the scene.
    """
    patch = patch_around(place.pixels(thing.extent), 0.1 * place.scale + 2, size)
    if patch is None:
        return None
    part = SEMANTIC_CLASSES.index(CLUTTER[thing.kind])
    shape, local = patch.oversampled, place.on_patch(patch.x, patch.y)
    sheet = flatten([_layer(s, local, shape, part) for s in thing.shapes], local.scale)
    albedo = thing.tones.take(sheet.paint, axis=0) * _grain(thing, local, shape)[..., None]
    return finish(sheet, albedo, (patch.x, patch.y), place.scale * OVERSAMPLING, light)
