"""The stage: a terrain under a sky or a room, with colours, light and air."""

from __future__ import annotations

from itertools import pairwise
from math import cos, radians, sin, tan
from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Bytes, Floats, Points, rgb_from_hsv, sample_wrapped, shrink
from benchmark.world.blocks import Block, block_facets
from benchmark.world.camera import Camera
from benchmark.world.facets import Facet, Hits, Surface, cast_rays
from benchmark.world.labels import GROUND, HILL, SKY, WALL
from benchmark.world.sprites import OVERSAMPLING, Light
from benchmark.world.textures import SURFACE_TILE, cloud_tile, ground_tiles, wall_tiles

HALF_VIEW = radians(31)
"""Half of the widest angle of view."""

FARTHEST = 9.8
"""Largest depth (m) of anything except the sky."""

ENDLESS = 40.0


class Ground(NamedTuple):
    """A ground that rises and falls along one direction: slopes and steps.

    ``profile`` (N, 2) lists distance (m) along the direction, ``turn`` radians from z
    towards x, and height (m). Two points at the same distance are a step.
    """

    profile: Points
    turn: float
    surface: Surface

    def distance(self, x: float, z: float) -> float:
        """Return how far (m) a point of the ground plan lies along the direction."""
        return x * sin(self.turn) + z * cos(self.turn)

    def height(self, x: float, z: float) -> float:
        """Return the height (m) of the ground."""
        return float(np.interp(self.distance(x, z), self.profile[:, 0], self.profile[:, 1]))

    def is_near_step(self, x: float, z: float, margin: float) -> bool:
        """Return whether the ground has a step within ``margin`` (m)."""
        steps = self.profile[:-1][np.diff(self.profile[:, 0]) == 0, 0]
        return bool((np.abs(steps - self.distance(x, z)) < margin).any())

    def facets(self) -> list[Facet]:
        """Return a facet for each piece of the profile."""
        c, s = cos(self.turn), sin(self.turn)
        along = 2 * ENDLESS * np.array([c, 0.0, -s])
        corners = [np.array([d * s, h, d * c]) - along / 2 for d, h in self.profile]
        return [
            Facet(first, along, second - first, GROUND, self.surface)
            for first, second in pairwise(corners)
        ]


class Scenery(NamedTuple):
    """Everything in a scene that is not an object.

    ``bounds`` are the walls, the ceiling or the hills around. ``haze`` is the share of light
    lost per metre.
    """

    ground: Ground
    bounds: tuple[Facet, ...]
    sky: Floats
    light: Light
    tint: Floats
    haze: float
    haze_color: Floats
    grain: float
    vignette: float


class Backdrop(NamedTuple):
    """The stage with its blocks.

    ``image`` (s, s, 3) is in 0..1, ``depth`` (s, s) in m, infinite in the sky; ``semantic``
    and ``owner`` (s, s) are each pixel's class and number of its block, from 1, or 0.
    """

    image: Floats
    depth: Floats
    semantic: Bytes
    owner: Bytes


def _muted_color(rng: np.random.Generator, hue: float, value: float) -> Floats:
    return rgb_from_hsv(hue + rng.normal(0, 0.03), rng.uniform(0.05, 0.42), value)


def _surface(rng: np.random.Generator, tiles: tuple[Bytes, ...], metres: float) -> Surface:
    hue, value = rng.random(), rng.uniform(0.35, 0.92)
    contrast = rng.uniform(0.06, 0.2)
    colors = [_muted_color(rng, hue, np.clip(value + s * contrast, 0.08, 1)) for s in (-1, 1)]
    offset = (float(rng.uniform(0, SURFACE_TILE)), float(rng.uniform(0, SURFACE_TILE)))
    tile = tiles[int(rng.integers(len(tiles)))]
    return Surface(tile, np.stack(colors), offset, metres * float(rng.uniform(0.7, 1.4)))


def _hill_surface(rng: np.random.Generator) -> Surface:
    """Return greens, browns or blues with soft noise."""
    hue, value = float(rng.choice([0.08, 0.28, 0.58])) + rng.normal(0, 0.04), rng.uniform(0.3, 0.7)
    colors = [rgb_from_hsv(hue, rng.uniform(0.15, 0.5), v) for v in (0.75 * value, 1.2 * value)]
    return Surface(wall_tiles()[int(rng.integers(2))], np.stack(colors), (0.0, 0.0), 4.0)


def draw_light(rng: np.random.Generator) -> Light:
    """Return a random light from above left or above right."""
    direction = np.array([rng.uniform(-0.8, 0.8), rng.uniform(-0.9, -0.35), rng.uniform(0.45, 0.9)])
    direction /= np.linalg.norm(direction)
    return Light(
        (float(direction[0]), float(direction[1]), float(direction[2])), rng.uniform(0.3, 0.55)
    )


def draw_turn(rng: np.random.Generator, *, indoors: bool) -> float:
    """Return how far (radians) the stage is turned against the camera."""
    return float(rng.uniform(-0.6, 0.6) if indoors else rng.uniform(-0.35, 0.35))


def farthest_bound(turn: float) -> float:
    """Return the largest distance (m) of a wall turned so that all of it is near enough."""
    return FARTHEST * (cos(turn) - tan(HALF_VIEW) * sin(abs(turn)))


def flat_profile(level: float = 0.0) -> Points:
    """Return the profile of a level ground."""
    return np.array([[-4.0, level], [ENDLESS, level]])


def draw_profile(rng: np.random.Generator, start: float, stop: float, rise: float) -> Points:
    """Return the profile of a ground: level at first, then with slopes and steps, at last level.

    Args:
        rng: source of all draws.
        start: distance in metres up to which it is level.
        stop: distance in metres about which the last slope ends.
        rise: greatest height of a step in metres.

    Returns:
        Corners (N, 2), distance and height in metres.
    """
    points = [[-4.0, 0.0], [start, 0.0]]
    distance, height = start, 0.0
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.5:
            height += float(rng.choice([-1.0, 1.0, 1.0]) * rng.uniform(0.3, 1.0)) * rise
            points.append([distance, height])
        length = float(rng.uniform(0.3, 0.7)) * (stop - start)
        height += float(rng.uniform(-0.14, 0.2)) * length
        distance += length
        points.append([distance, height])
    return np.array([*points, [distance + ENDLESS, height]])


def _cut_profile(profile: Points, end: float) -> Points:
    """Return the profile up to the distance ``end`` (m)."""
    kept = profile[profile[:, 0] < end]
    return np.vstack([kept, [end, np.interp(end, profile[:, 0], profile[:, 1])]])


def _upright(
    first: tuple[float, float], second: tuple[float, float], low: float, high: float
) -> tuple[Points, Points, Points]:
    """Return origin and edges of the wall between two points (x, z) of the ground plan."""
    origin = np.array([first[0], low, first[1]])
    along = np.array([second[0] - first[0], 0.0, second[1] - first[1]])
    return origin, along, np.array([0.0, high - low, 0.0])


class Room(NamedTuple):
    """How far (m) the back, left and right wall and the ceiling are; ``turn`` as the ground's."""

    back: float
    left: float
    right: float
    ceiling: float
    turn: float

    def place(self, side: float, distance: float) -> tuple[float, float]:
        """Return world x and z of a point ``side`` metres to the right at ``distance``."""
        c, s = cos(self.turn), sin(self.turn)
        return side * c + distance * s, -side * s + distance * c


def _room_facets(rng: np.random.Generator, room: Room) -> list[Facet]:
    walls = _surface(rng, wall_tiles(), 2.0)
    other = walls if rng.random() < 0.6 else _surface(rng, wall_tiles(), 2.0)
    corners = [
        room.place(-room.left, -3.0),
        room.place(-room.left, room.back),
        room.place(room.right, room.back),
        room.place(room.right, -3.0),
    ]
    low = -2.0
    facets = [
        Facet(*_upright(a, b, low, room.ceiling), WALL, surface)
        for (a, b), surface in zip(pairwise(corners), (other, walls, other), strict=True)
    ]
    (x, z), (x1, z1), _, (x3, z3) = corners
    pale = rgb_from_hsv(rng.random(), 0.06, rng.uniform(0.7, 0.95))
    ceiling = Surface(wall_tiles()[0], np.stack([0.93 * pale, pale]), (0.0, 0.0), 2.0)
    edges = np.array([x1 - x, 0.0, z1 - z]), np.array([x3 - x, 0.0, z3 - z])
    return [*facets, Facet(np.array([x, room.ceiling, z]), *edges, WALL, ceiling)]


def _hill_facets(rng: np.random.Generator, ground: Ground, distance: float) -> list[Facet]:
    """Return hills, or a wall in the open, across the whole view at ``distance`` (m)."""
    place = Room(0, 0, 0, 0, ground.turn).place
    ends = place(-ENDLESS, distance), place(ENDLESS, distance)
    foot = float(np.interp(distance, ground.profile[:, 0], ground.profile[:, 1]))
    if rng.random() < 0.4:
        surface, high = _surface(rng, wall_tiles(), 3.2), foot + float(rng.uniform(0.8, 3.0))
        return [Facet(*_upright(*ends, foot - 3, high), WALL, surface)]
    waves = np.stack([rng.uniform(0.1, 0.5, 3), rng.uniform(0.05, 0.35, 3), rng.uniform(0, 6, 3)])
    high = foot + float(rng.uniform(1.0, 4.0))
    return [Facet(*_upright(*ends, foot - 3, high), HILL, _hill_surface(rng), ridge=waves)]


def draw_scenery(
    rng: np.random.Generator, profile: Points, turn: float, room: Room | float
) -> Scenery:
    """Return a random stage, in a room or in the open.

    Args:
        rng: source of all draws.
        profile: corners (N, 2) of the ground, distance and height in metres.
        turn: angle in radians by which the ground's direction is turned from z towards x.
        room: its walls; or, in the open, the distance in metres at which the ground ends.
    """
    indoors = isinstance(room, Room)
    sky_hue, bright = rng.normal(0.58, 0.05), rng.uniform(0.75, 1.0)
    low = rgb_from_hsv(sky_hue + rng.normal(0, 0.1), rng.uniform(0.03, 0.25), bright)
    surface = _surface(rng, ground_tiles(), 1.6 if indoors else 2.4)
    if isinstance(room, Room):
        ground = Ground(_cut_profile(profile, room.back), turn, surface)
        bounds = _room_facets(rng, room)
    else:
        ground = Ground(_cut_profile(profile, room), turn, surface)
        bounds = _hill_facets(rng, ground, room)
    return Scenery(
        ground=ground,
        bounds=tuple(bounds),
        sky=np.stack([rgb_from_hsv(sky_hue, rng.uniform(0.2, 0.55), bright * 0.92), low]),
        light=draw_light(rng),
        tint=rng.uniform(0.9, 1.1, 3).astype(np.float32),
        haze=0.0 if indoors else float(rng.choice([0.0, 0.02, 0.06])),
        haze_color=low,
        grain=float(rng.uniform(0.004, 0.02)),
        vignette=float(rng.uniform(0.0, 0.25)),
    )


def _sky_image(scenery: Scenery, camera: Camera, rows: Floats, columns: Floats) -> Floats:
    size = camera.size
    rise = np.clip((camera.horizon - rows) / (0.7 * size), 0, 1)[..., None]
    sky = scenery.sky[1] + rise * (scenery.sky[0] - scenery.sky[1])
    shape = (len(rows), columns.shape[1])
    x = np.broadcast_to(columns * 0.6 + 20 * camera.x, shape)
    y = np.broadcast_to(rows * 1.1, shape)
    clouds = sample_wrapped(cloud_tile(), x.astype(np.float32), y.astype(np.float32))
    white = np.full(3, 0.97, np.float32)
    return np.asarray(sky + 0.6 * clouds[..., None] * (white - sky), np.float32)


def _brightness(facet: Facet, camera: Camera, light: Light) -> float:
    """Return the brightness of the facet's side that faces the camera."""
    normal = facet.normal
    if normal @ (camera.position - facet.origin) < 0:
        normal = -normal
    x, y, z = light.direction
    facing = float(normal @ np.array([x, -y, -z]))
    return light.ambient + 0.2 + (0.85 - light.ambient) * max(facing, 0.0)


def _paint_facet(facet: Facet, hits: Hits, area: tuple[slice, slice]) -> Floats:
    """Return the facet's colours (h, w, 3) within ``area``, before any light."""
    surface = facet.surface
    u, v, depth = hits.u[area], hits.v[area], np.minimum(hits.depth[area], 100)
    step = SURFACE_TILE / surface.metres
    tile = sample_wrapped(surface.tile, u * step + surface.offset[0], v * step + surface.offset[1])
    fade = 1 / (1 + (depth / (4 * surface.metres)) ** 2)
    mix = (0.5 + (tile - 0.5) * fade)[..., None]
    image = surface.colors[0] + mix * (surface.colors[1] - surface.colors[0])
    if surface.rim:
        wide, high = facet.lengths
        edge = np.minimum(np.minimum(u, wide - u), np.minimum(v, high - v))
        image = image * np.where(edge < surface.rim, 0.72, 1)[..., None]
    return np.asarray(image, np.float32)


def _contact_light(
    facet: Facet, blocks: tuple[Block, ...], hits: Hits, area: tuple[slice, slice]
) -> Floats:
    """Return the share of light (h, w) on the ground near the feet of blocks (contact shadows)."""
    wide, deep = facet.lengths
    along, across = facet.along / wide, facet.across / deep
    x, z = (
        np.float32(facet.origin[i])
        + hits.u[area] * np.float32(along[i])
        + hits.v[area] * np.float32(across[i])
        for i in (0, 2)
    )
    left = np.ones(x.shape, np.float32)
    for block in blocks:
        c, s = np.float32(cos(block.turn)), np.float32(sin(block.turn))
        east, north = x - np.float32(block.x), z - np.float32(block.z)
        outside = np.maximum(np.abs(c * east + s * north) - np.float32(block.size[0] / 2), 0) ** 2
        outside += np.maximum(np.abs(c * north - s * east) - np.float32(block.size[2] / 2), 0) ** 2
        reach = 0.25 * min(block.size) + 0.03
        left *= 1 - np.float32(0.45) * np.exp(outside / np.float32(-(reach**2)))
    return left


def _span(mask: Bytes) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _paint_hits(
    scenery: Scenery,
    camera: Camera,
    blocks: tuple[Block, ...],
    facets: tuple[Facet, ...],
    hits: Hits,
    image: Floats,
) -> None:
    """Paint onto ``image``, in place, the facets that the rays hit."""
    for number in 1 + np.flatnonzero(np.bincount(hits.number.ravel(), minlength=2)[1:]):
        facet, there = facets[number - 1], hits.number == number
        area = _span(there.view(np.uint8))
        colors = _paint_facet(facet, hits, area) * _brightness(facet, camera, scenery.light)
        if facet.label == GROUND and blocks:
            colors *= _contact_light(facet, blocks, hits, area)[..., None]
        np.copyto(image[area], colors, where=there[area][..., None])


def _fine_grid(size: int) -> tuple[Floats, Floats]:
    """Return rows (n, 1) and columns (1, n) of the oversampled picture in pixel indices."""
    k = OVERSAMPLING
    axis = ((np.arange(size * k) - (k - 1) / 2) / k).astype(np.float32)
    return axis[:, None], axis[None]


def stands_on(ground: Ground, block: Block) -> bool:
    """Return whether the block stands on the ground."""
    return abs(ground.height(block.x, block.z) - block.bottom) < 0.25


def stage_facets(scenery: Scenery, blocks: tuple[Block, ...], camera: Camera) -> tuple[Facet, ...]:
    """Return all facets of the stage and of its numbered blocks."""
    boxes = [f for n, block in enumerate(blocks, 1) for f in block_facets(block, camera, n)]
    return (*scenery.ground.facets(), *scenery.bounds, *boxes)


def pixel_grid(size: int) -> tuple[Floats, Floats]:
    """Return rows (s, 1) and columns (1, s) of the pixels' centres."""
    axis = np.arange(size, dtype=np.float32)
    return axis[:, None], axis[None]


def draw_backdrop(scenery: Scenery, blocks: tuple[Block, ...], camera: Camera) -> Backdrop:
    """Return the stage with its blocks, as ``camera`` sees it.

    Labels are those of the pixels' centres, colours are averaged over each pixel.
    """
    facets = stage_facets(scenery, blocks, camera)
    rows, columns = _fine_grid(camera.size)
    fine = cast_rays(facets, camera, rows, columns)
    image = np.zeros((*fine.depth.shape, 3), np.float32)
    if (fine.number == 0).any():
        image[...] = _sky_image(scenery, camera, rows, columns)
    standing = tuple(b for b in blocks if stands_on(scenery.ground, b))
    _paint_hits(scenery, camera, standing, facets, fine, image)
    hits = cast_rays(facets, camera, *pixel_grid(camera.size))
    labels = np.array([SKY, *(facet.label for facet in facets)], np.uint8)
    owners = np.array([0, *(facet.owner for facet in facets)], np.uint8)
    return Backdrop(
        shrink(image, OVERSAMPLING), hits.depth, labels[hits.number], owners[hits.number]
    )
