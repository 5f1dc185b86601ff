"""The stage: ground, wall or hills, and sky, with their colours, light and air."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Bytes, Floats, Points, rgb_from_hsv, sample_wrapped, shrink
from benchmark.world.camera import Camera
from benchmark.world.labels import GROUND, SKY, WALL
from benchmark.world.sprites import OVERSAMPLING, Light
from benchmark.world.textures import SURFACE_TILE, cloud_tile, ground_tiles, wall_tiles

GROUND_TILE_METRES = 2.4
WALL_TILE_METRES = 3.2


class Surface(NamedTuple):
    """A texture tile between two RGB colours (2, 3) in 0..1, moved by ``offset`` tile px."""

    tile: Bytes
    colors: Floats
    offset: tuple[float, float]
    zoom: float


class Scenery(NamedTuple):
    """Everything of a scene that is not an object.

    ``wall_z`` is the world z (m) of the wall; ``ridge`` (3, 3) holds the amplitude (m),
    frequency (1/m) and phase of the hills' outline around ``crest`` (m), which is
    infinite indoors. ``haze`` is the share of light lost per metre.
    """

    ground: Surface
    wall: Surface
    wall_z: float
    crest: float
    ridge: Points
    sky: Floats
    light: Light
    tint: Floats
    haze: float
    haze_color: Floats
    grain: float
    vignette: float


class Backdrop(NamedTuple):
    """The empty stage: colour (s, s, 3) in 0..1, depth (s, s) in m and semantic (s, s)."""

    image: Floats
    depth: Floats
    semantic: Bytes


def _muted_color(rng: np.random.Generator, hue: float, value: float) -> Floats:
    return rgb_from_hsv(hue + rng.normal(0, 0.03), rng.uniform(0.05, 0.42), value)


def _surface(rng: np.random.Generator, tiles: tuple[Bytes, ...]) -> Surface:
    hue, value = rng.random(), rng.uniform(0.35, 0.92)
    contrast = rng.uniform(0.06, 0.2)
    colors = [_muted_color(rng, hue, np.clip(value + s * contrast, 0.08, 1)) for s in (-1, 1)]
    offset = (float(rng.uniform(0, SURFACE_TILE)), float(rng.uniform(0, SURFACE_TILE)))
    tile = tiles[int(rng.integers(len(tiles)))]
    return Surface(tile, np.stack(colors), offset, float(rng.uniform(0.7, 1.4)))


def draw_light(rng: np.random.Generator) -> Light:
    """Return light from above, from the left or the right."""
    direction = np.array([rng.uniform(-0.8, 0.8), rng.uniform(-0.9, -0.35), rng.uniform(0.45, 0.9)])
    direction /= np.linalg.norm(direction)
    return Light(
        (float(direction[0]), float(direction[1]), float(direction[2])), rng.uniform(0.3, 0.55)
    )


def draw_scenery(rng: np.random.Generator, wall_z: float) -> Scenery:
    """Return a random stage whose wall, or hills under a sky, stands at ``wall_z`` metres."""
    outdoors = rng.random() < 0.55
    ridge = np.stack([rng.uniform(0.1, 0.5, 3), rng.uniform(0.05, 0.35, 3), rng.uniform(0, 6, 3)])
    sky_hue, bright = rng.normal(0.58, 0.05), rng.uniform(0.75, 1.0)
    low = rgb_from_hsv(sky_hue + rng.normal(0, 0.1), rng.uniform(0.03, 0.25), bright)
    wall = _surface(rng, wall_tiles())
    return Scenery(
        ground=_surface(rng, ground_tiles()),
        wall=wall,
        wall_z=wall_z,
        crest=float(rng.uniform(0.6, 2.4)) if outdoors else float('inf'),
        ridge=ridge,
        sky=np.stack([rgb_from_hsv(sky_hue, rng.uniform(0.2, 0.55), bright * 0.92), low]),
        light=draw_light(rng),
        tint=rng.uniform(0.9, 1.1, 3).astype(np.float32),
        haze=float(rng.choice([0.0, rng.uniform(0.01, 0.05), rng.uniform(0.05, 0.13)])),
        haze_color=low if outdoors else wall.colors.mean(0),
        grain=float(rng.uniform(0.004, 0.025)),
        vignette=float(rng.uniform(0.0, 0.25)),
    )


def _fine_grid(size: int) -> tuple[Floats, Floats]:
    """Return rows (n, 1) and columns (1, n) of the oversampled picture in pixel indices."""
    k = OVERSAMPLING
    axis = ((np.arange(size * k) - (k - 1) / 2) / k).astype(np.float32)
    return axis[:, None], axis[None]


def _paint(surface: Surface, x: Floats, y: Floats, metres: float, fade: Floats) -> Floats:
    """Return the surface's colours where its material is at ``x``, ``y`` (m); shape (s, s, 3)."""
    step = SURFACE_TILE / (metres * surface.zoom)
    tile = sample_wrapped(surface.tile, x * step + surface.offset[0], y * step + surface.offset[1])
    mix = (0.5 + (tile - 0.5) * fade)[..., None]
    return np.asarray(surface.colors[0] + mix * (surface.colors[1] - surface.colors[0]))


def _ground_image(
    scenery: Scenery, camera: Camera, depth: Floats, rows: Floats, columns: Floats
) -> Floats:
    fade = (1 / (1 + (depth / 7) ** 2)).astype(np.float32)
    x, z = camera.sideways(depth, columns), camera.forwards(depth, rows)
    z = np.broadcast_to(z, x.shape)
    return _paint(scenery.ground, x, z, GROUND_TILE_METRES, fade)


def _wall_image(scenery: Scenery, x: Floats, height: Floats) -> Floats:
    fade = np.ones((1, 1), np.float32)
    y = np.broadcast_to(-height, x.shape)
    return _paint(scenery.wall, x, y, WALL_TILE_METRES, fade)


def _sky_image(scenery: Scenery, camera: Camera, size: int) -> Floats:
    rows = np.arange(size, dtype=np.float32)
    rise = np.clip((camera.horizon - rows) / (0.7 * size), 0, 1)[:, None, None]
    sky = scenery.sky[1] + rise * (scenery.sky[0] - scenery.sky[1])
    x = np.broadcast_to(rows[None] * 0.6, (size, size)) + 20 * camera.x
    y = np.broadcast_to(rows[:, None] * 1.1, (size, size))
    clouds = sample_wrapped(cloud_tile(), x.astype(np.float32), y.astype(np.float32))
    white = np.full(3, 0.97, np.float32)
    return np.asarray(sky + 0.6 * clouds[..., None] * (white - sky))


def _ridge_height(scenery: Scenery, x: Floats) -> Floats:
    amplitude, frequency, phase = scenery.ridge.astype(np.float32)
    waves = amplitude * np.sin(2 * np.pi * frequency * x[..., None] + phase)
    return np.asarray(scenery.crest + waves.sum(-1), np.float32)


class _Shares(NamedTuple):
    """Shares (s, s) of each pixel that the ground and the sky cover."""

    ground: Floats
    sky: Floats


def _surface_shares(scenery: Scenery, camera: Camera) -> _Shares:
    rows, columns = _fine_grid(camera.size)
    wall_depth = camera.upright_depth(scenery.wall_z, rows)
    height = camera.heights(wall_depth, rows)
    ridge = _ridge_height(scenery, camera.sideways(wall_depth[camera.size :][:1], columns))
    ground = np.repeat(height < 0, columns.shape[1], 1)
    return _Shares(
        *(shrink(np.asarray(a, np.float32), OVERSAMPLING) for a in (ground, height > ridge))
    )


def draw_backdrop(scenery: Scenery, camera: Camera) -> Backdrop:
    """Return the stage without objects, as ``camera`` sees it; the sky's depth is infinite."""
    axis = np.arange(camera.size, dtype=np.float32)
    rows, columns = axis[:, None], axis[None]
    shares = _surface_shares(scenery, camera)
    wall_depth = camera.upright_depth(scenery.wall_z, rows)
    depth = np.minimum(camera.ground_depth(rows), wall_depth)
    image = _wall_image(
        scenery, camera.sideways(wall_depth, columns), camera.heights(wall_depth, rows)
    )
    if shares.sky.any():
        image += shares.sky[..., None] * (_sky_image(scenery, camera, camera.size) - image)
    ground = _ground_image(scenery, camera, depth, rows, columns)
    image += shares.ground[..., None] * (ground - image)
    semantic = np.where(shares.ground >= 0.5, GROUND, np.where(shares.sky >= 0.5, SKY, WALL))
    depth = np.where(semantic == SKY, np.inf, depth)
    return Backdrop(
        np.asarray(image, np.float32),
        np.asarray(depth, np.float32),
        np.asarray(semantic, np.uint8),
    )
