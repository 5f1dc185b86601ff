"""Boxes that stand or hang in a scene: crates, tables, shelves and low walls."""

from __future__ import annotations

from math import cos, sin
from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import rgb_from_hsv
from benchmark.world.camera import Camera
from benchmark.world.facets import Facet, Surface
from benchmark.world.labels import SEMANTIC_CLASSES, TABLE, WALL
from benchmark.world.textures import SURFACE_TILE, ground_tiles, wall_tiles

CRATE = SEMANTIC_CLASSES.index('crate')
PLANKS, BRICKS = 5, 7


class Block(NamedTuple):
    """An upright box; lengths in metres.

    ``x`` and ``z`` are the middle of its footprint, ``bottom`` its lowest height, ``size``
    its width, height and thickness, ``turn`` the angle (radians) from x towards z of its
    width. ``label`` indexes :data:`SEMANTIC_CLASSES`. One with an ``identity`` of 0 or more
    is an object of its own, others are part of the stage.
    """

    x: float
    z: float
    bottom: float
    size: tuple[float, float, float]
    turn: float
    label: int
    surface: Surface
    identity: int = -1

    @property
    def top(self) -> float:
        """Return the height (m) of its upper side."""
        return self.bottom + self.size[1]

    @property
    def is_object(self) -> bool:
        """Return whether the block gets its own instance mask."""
        return self.identity >= 0

    def local(self, x: float, z: float) -> tuple[float, float]:
        """Return a point of the ground plan as metres along width and thickness."""
        c, s = cos(self.turn), sin(self.turn)
        return c * (x - self.x) + s * (z - self.z), -s * (x - self.x) + c * (z - self.z)

    def point(self, along: float, across: float) -> tuple[float, float]:
        """Return the world x and z of a point given as metres along width and thickness."""
        c, s = cos(self.turn), sin(self.turn)
        return self.x + c * along - s * across, self.z + s * along + c * across

    def is_near(self, x: float, z: float, margin: float) -> bool:
        """Return whether a point of the ground plan lies in the footprint or near it."""
        along, across = self.local(x, z)
        return abs(along) < self.size[0] / 2 + margin and abs(across) < self.size[2] / 2 + margin


def block_facets(block: Block, camera: Camera, owner: int) -> list[Facet]:
    """Return the sides of the block that face the camera."""
    width, height, thick = block.size
    up = np.array([0.0, height, 0.0])
    wide = width * np.array([cos(block.turn), 0.0, sin(block.turn)])
    deep = thick * np.array([-sin(block.turn), 0.0, cos(block.turn)])
    low = np.array([block.x, block.bottom, block.z]) - (wide + deep) / 2
    sides = (
        (low, wide, up, -deep),
        (low + deep, wide, up, deep),
        (low, deep, up, -wide),
        (low + wide, deep, up, wide),
        (low + up, wide, deep, up),
        (low, wide, deep, -up),
    )
    return [
        Facet(origin, along, across, block.label, block.surface, owner)
        for origin, along, across, outward in sides
        if outward @ (camera.position - origin) > 0
    ]


def _wood(rng: np.random.Generator, metres: float, rim: float) -> Surface:
    color = rgb_from_hsv(rng.uniform(0.03, 0.16), rng.uniform(0.25, 0.7), rng.uniform(0.4, 0.95))
    offset = (float(rng.uniform(0, SURFACE_TILE)), float(rng.uniform(0, SURFACE_TILE)))
    return Surface(ground_tiles()[PLANKS], np.stack([0.6 * color, color]), offset, metres, rim)


def draw_crate(rng: np.random.Generator, x: float, z: float, bottom: float, scale: float) -> Block:
    """Return a crate of planks.

    Args:
        rng: source of all draws.
        x: world x of its middle in metres.
        z: world z of its middle in metres.
        bottom: height of its lower side in metres.
        scale: factor on its size and on that of its planks; 1 is 0.4 to 0.95 m wide.
    """
    size = scale * rng.uniform((0.4, 0.35, 0.4), (0.95, 0.9, 0.8))
    turn = float(rng.uniform(-0.8, 0.8))
    surface = _wood(rng, 1.4 * scale, 0.06 * scale)
    return Block(x, z, bottom, (size[0], size[1], size[2]), turn, CRATE, surface)


def draw_low_wall(rng: np.random.Generator, x: float, z: float, bottom: float) -> Block:
    """Return a low wall of bricks or stones.

    Args:
        rng: source of all draws.
        x: world x of its middle in metres.
        z: world z of its middle in metres.
        bottom: height of its lower side in metres.
    """
    size = rng.uniform((1.0, 0.3, 0.25), (2.6, 0.85, 0.6))
    value = rng.uniform(0.4, 0.9)
    colors = [
        rgb_from_hsv(rng.uniform(0, 0.15), rng.uniform(0.05, 0.5), v) for v in (0.6 * value, value)
    ]
    tile = wall_tiles()[int(rng.choice([2, 4]))]
    offset = (float(rng.uniform(0, SURFACE_TILE)), 0.0)
    surface = Surface(tile, np.stack(colors), offset, 2.0)
    return Block(
        x, z, bottom, (size[0], size[1], size[2]), float(rng.uniform(-0.6, 0.6)), WALL, surface
    )


def draw_table(
    rng: np.random.Generator, x: float, z: float, bottom: float
) -> tuple[Block, tuple[Block, ...]]:
    """Return a table's top and its four legs.

    Args:
        rng: source of all draws.
        x: world x of its middle in metres.
        z: world z of its middle in metres.
        bottom: height in metres of the floor below its legs.
    """
    width, thick = rng.uniform(0.9, 1.7), rng.uniform(0.6, 1.0)
    height, slab, leg = rng.uniform(0.4, 0.85), 0.06, 0.08
    surface, turn = _wood(rng, 1.2, 0.02), float(rng.uniform(-0.6, 0.6))
    top = Block(x, z, bottom + height - slab, (width, slab, thick), turn, TABLE, surface)
    places = [
        top.point(i * (width / 2 - leg), j * (thick / 2 - leg)) for i in (-1, 1) for j in (-1, 1)
    ]
    size = (leg, height - slab, leg)
    legs = tuple(Block(px, pz, bottom, size, turn, TABLE, surface) for px, pz in places)
    return top, legs


def draw_shelf(rng: np.random.Generator, x: float, z: float, turn: float, height: float) -> Block:
    """Return a board whose back edge hangs at a point of a wall.

    Args:
        rng: source of all draws.
        x: world x of the point in metres.
        z: world z of the point in metres.
        turn: angle in radians from x towards z of its width, which runs along the wall.
        height: height of its lower side in metres.
    """
    width, thick = rng.uniform(0.8, 1.8), rng.uniform(0.35, 0.5)
    x, z = x + 0.5 * thick * sin(turn), z - 0.5 * thick * cos(turn)
    return Block(x, z, height, (width, 0.06, thick), turn, TABLE, _wood(rng, 1.2, 0.02))
