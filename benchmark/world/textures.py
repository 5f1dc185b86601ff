"""Periodic texture tiles for grounds, walls and coats, made once per process.

The tiles do not depend on the world's seed; they change with ``VERSION`` only.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

import numpy as np

from benchmark.world.arrays import Bytes, Floats, blur, fill_circle, shrink
from benchmark.world.streams import Stream, generator

TILE = 256
SURFACE_TILE = 128
"""Side (px) of the tiles of coats, and of grounds and walls."""

VARIANTS = 3


def _positions() -> tuple[Floats, Floats]:
    axis = np.arange(TILE, dtype=np.float32) / TILE
    x, y = np.meshgrid(axis, axis)
    return x.astype(np.float32), y.astype(np.float32)


def _noise(
    rng: np.random.Generator, slope: float, lowest: float = 1.0, highest: float = 128.0
) -> Floats:
    """Return periodic noise with amplitude 1 / frequency^slope, zero mean and unit variance.

    Frequencies are in periods per tile.
    """
    frequency = np.hypot(*np.meshgrid(np.fft.rfftfreq(TILE) * TILE, np.fft.fftfreq(TILE) * TILE))
    frequency[0, 0] = np.inf  # no mean
    spectrum = np.fft.rfft2(rng.standard_normal((TILE, TILE))) * frequency**-slope
    kept = (frequency >= lowest) & (frequency <= highest)
    field = np.fft.irfft2(spectrum * kept, s=(TILE, TILE))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def _tile(values: Floats) -> Bytes:
    """Return a field in 0..1 as an 8-bit tile."""
    return np.asarray(np.round(255 * np.clip(values, 0, 1)), np.uint8)


def _unit(field: Floats) -> Floats:
    return np.asarray(np.clip(0.5 + 0.25 * field, 0, 1), np.float32)


def _step(field: Floats, sharpness: float = 8.0) -> Floats:
    return np.asarray(np.clip(0.5 + sharpness * field, 0, 1), np.float32)


def _wave(position: Floats, periods: int, warp: Floats) -> Floats:
    return np.asarray(np.sin(2 * np.pi * periods * position + warp), np.float32)


def _seams(position: Floats, count: int, width: float) -> Floats:
    within = np.mod(position * count, 1)
    return np.asarray(np.minimum(within, 1 - within) < width * count, np.float32)


def _bricks(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    x, y = _positions()
    shift = np.floor(y * rows) % 2 * 0.5 / columns
    seams = np.maximum(_seams(y, rows, 0.008), _seams(np.mod(x + shift, 1), columns, 0.006))
    row, column = np.floor(y * rows), np.floor(np.mod(x + shift, 1) * columns)
    shade = rng.uniform(0.35, 1, (rows, columns))[row.astype(int), column.astype(int)]
    return np.asarray(np.clip(shade * (1 - seams) + 0.06 * _noise(rng, 0.8), 0, 1), np.float32)


def _planks(rng: np.random.Generator, count: int) -> Floats:
    x, _ = _positions()
    shade = rng.uniform(0.35, 0.95, count)[np.floor(x * count).astype(int)]
    grain = 0.1 * np.sin(40 * np.pi * x + 3 * _noise(rng, 1.8)) + 0.04 * _noise(rng, 0.6)
    return np.asarray(np.clip((shade + grain) * (1 - _seams(x, count, 0.006)), 0, 1), np.float32)


def _checks(rng: np.random.Generator, count: int) -> Floats:
    x, y = _positions()
    parity = (np.floor(x * count) + np.floor(y * count)) % 2
    return np.asarray(np.clip(0.2 + 0.6 * parity + 0.05 * _noise(rng, 0.8), 0, 1), np.float32)


def _cells(rng: np.random.Generator, count: int) -> Floats:
    """Return periodic cobbles: bright cells with dark joints."""
    x, y = _positions()
    nearest = np.full((2, TILE, TILE), 9.0, np.float32)
    for px, py in rng.uniform(0, 1, (count, 2)):
        across, down = np.abs(x - px), np.abs(y - py)
        far = np.hypot(np.minimum(across, 1 - across), np.minimum(down, 1 - down))
        nearest[1] = np.minimum(nearest[1], np.maximum(nearest[0], far))
        nearest[0] = np.minimum(nearest[0], far)
    joint = (nearest[1] - nearest[0]) * np.sqrt(count)
    return np.asarray(np.clip(0.15 + 1.4 * joint + 0.05 * _noise(rng, 0.8), 0, 1), np.float32)


def _ripples(rng: np.random.Generator) -> Floats:
    _, y = _positions()
    waves = 1.4 * _wave(y, 9, 2 * _noise(rng, 2.0)) + 0.4 * _noise(rng, 0.5)
    return _unit(np.asarray(waves, np.float32))


@cache
def ground_tiles() -> tuple[Bytes, ...]:
    """Return the tiles (128, 128) in 0..255 that a ground can be made of."""
    rng = generator(0, Stream.TEXTURES, 0)
    fields = (
        _unit(_noise(rng, 0.7)),
        _unit(_noise(rng, 1.1)),
        _unit(_noise(rng, 1.7)),
        _ripples(rng),
        _checks(rng, 4),
        _planks(rng, 6),
        _cells(rng, 40),
        _bricks(rng, 8, 4),
    )
    return tuple(_tile(shrink(field, TILE // SURFACE_TILE)) for field in fields)


@cache
def wall_tiles() -> tuple[Bytes, ...]:
    """Return the tiles (128, 128) in 0..255 that a wall can be made of."""
    rng = generator(0, Stream.TEXTURES, 1)
    fields = (
        _unit(_noise(rng, 1.2)),
        _unit(_noise(rng, 1.8)),
        _bricks(rng, 10, 5),
        _planks(rng, 9),
        _cells(rng, 60),
        _step(_wave(_positions()[0], 8, np.zeros((TILE, TILE), np.float32)), 1.0),
    )
    return tuple(_tile(shrink(field, TILE // SURFACE_TILE)) for field in fields)


@cache
def cloud_tile() -> Bytes:
    """Return the tile (128, 128) in 0..255 of a sky's clouds."""
    clouds = _step(_noise(generator(0, Stream.TEXTURES, 2), 1.9), 0.45)
    return _tile(shrink(clouds, TILE // SURFACE_TILE))


def _scatter_discs(rng: np.random.Generator, count: int, radius: float, hole: float) -> Floats:
    """Return discs (or rings, where ``hole`` > 0) that do not touch, wrapped at the borders."""
    image = np.zeros((TILE, TILE), np.uint8)
    kept = np.empty((0, 2))
    for center in rng.uniform(0, TILE, (8 * count, 2)):
        apart = np.abs(kept - center)
        if np.hypot(*np.minimum(apart, TILE - apart).T).min(initial=TILE) < 2.35 * radius:
            continue
        kept = np.vstack([kept, center])
        size = radius * rng.uniform(0.8, 1.1)
        shifts = [(a, b) for a in (-TILE, 0, TILE) for b in (-TILE, 0, TILE)]
        for shift in shifts:
            fill_circle(image, center + shift, size, 255)
            fill_circle(image, center + shift, size * hole, 0 if hole else 255)
    return blur(np.asarray(image / 255, np.float32), 0.7)


def _coat_variant(rng: np.random.Generator) -> dict[str, Floats]:
    x, y = _positions()
    return {
        'plain': np.zeros((TILE, TILE), np.float32),
        'stripes': _step(_wave(x, 14, 0.9 * _noise(rng, 2.0)) - 0.1, 4.0),
        'bands': _step(_wave(y, 14, 0.9 * _noise(rng, 2.0)) - 0.1, 4.0),
        'spots': _scatter_discs(rng, 160, 6.5, 0.0),
        'rings': _scatter_discs(rng, 90, 9.0, 0.55),
        'blotches': _step(_noise(rng, 0.8, 5, 12) - 0.25, 6.0),
    }


@cache
def coat_tiles() -> MappingProxyType[str, tuple[Bytes, ...]]:
    """Return the tiles (256, 256) in 0..255 of each coat by name."""
    rng = generator(0, Stream.TEXTURES, 3)
    variants = [_coat_variant(rng) for _ in range(VARIANTS)]
    return MappingProxyType({name: tuple(_tile(v[name]) for v in variants) for name in variants[0]})
