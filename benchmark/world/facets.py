"""Flat rectangles in space, and their intersections with the rays of a camera."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Bytes, Floats, Mask, Points
from benchmark.world.camera import Camera

CLOSEST = 0.05
"""Least depth (m) at which a ray hits anything."""


class Surface(NamedTuple):
    """A texture tile of ``metres`` between two RGB colours (2, 3) in 0..1.

    ``offset`` moves the tile (tile px); ``rim`` (m) is the width of a darker border.
    """

    tile: Bytes
    colors: Floats
    offset: tuple[float, float]
    metres: float
    rim: float = 0.0


class Facet(NamedTuple):
    """A rectangle with a corner at ``origin`` and perpendicular edges ``along`` and ``across``.

    All three are (3,): x, height and z in metres. ``label`` indexes
    :data:`SEMANTIC_CLASSES`; ``owner`` is the number of the block that it belongs to, from
    1, or 0. ``ridge`` (3, 3) are amplitudes (m), frequencies (1/m) and phases of waves that
    lower the edge opposite to ``along``.
    """

    origin: Points
    along: Points
    across: Points
    label: int
    surface: Surface
    owner: int = 0
    ridge: Points | None = None

    @property
    def lengths(self) -> tuple[float, float]:
        """Return the lengths (m) of both edges."""
        return float(np.linalg.norm(self.along)), float(np.linalg.norm(self.across))

    @property
    def normal(self) -> Points:
        """Return the unit normal (3,)."""
        (a, b, c), (d, e, f) = self.along, self.across
        normal = np.array([b * f - c * e, c * d - a * f, a * e - b * d])
        return np.asarray(normal / np.linalg.norm(normal))


class Hits(NamedTuple):
    """The first intersection of each ray, all (h, w).

    ``depth`` is in metres, infinite where nothing is hit; ``number`` is the facet's, from
    1, or 0; ``u`` and ``v`` (m) are where on the facet.
    """

    depth: Floats
    number: Bytes
    u: Floats
    v: Floats


def _window(facet: Facet, camera: Camera, rows: Floats, columns: Floats) -> tuple[slice, slice]:
    """Return the rows and columns between which the facet can be seen."""
    edges = [facet.along * i + facet.across * j for i in (0, 1) for j in (0, 1)]
    corners = (facet.origin + np.array(edges) - camera.position) @ camera.axes.T
    if corners[:, 2].min() < CLOSEST:
        return slice(None), slice(None)
    pixels = camera.center + camera.focal * corners[:, :2] / corners[:, 2:]
    (left, top), (right, bottom) = pixels.min(0), pixels.max(0)
    down = slice(*np.searchsorted(rows[:, 0], (top, bottom)))
    return down, slice(*np.searchsorted(columns[0], (left, right)))


def _below_ridge(ridge: Points, length: float, u: Floats, v: Floats) -> Mask:
    amplitude, frequency, phase = ridge.astype(np.float32)
    waves = sum(
        a * (1 + np.sin(2 * np.pi * f * u + p))
        for a, f, p in zip(amplitude, frequency, phase, strict=True)
    )
    return np.asarray(v < length - waves)


def _meet(
    facet: Facet, camera: Camera, across: Floats, down: Floats
) -> tuple[Floats, Floats, Floats, Mask]:
    """Return depth, both positions (m) on the facet, and where rays hit it, all (h, w)."""
    apart, axes = facet.origin - camera.position, camera.axes

    def along_rays(vector: Points) -> Floats:
        right, below, ahead = (axes @ vector).astype(np.float32)
        return np.asarray(ahead + right * across + below * down, np.float32)

    lengths = facet.lengths
    with np.errstate(divide='ignore', invalid='ignore', over='ignore'):
        depth = np.float32(facet.normal @ apart) / along_rays(facet.normal)
        u, v = (
            depth * along_rays(edge / length) - np.float32(edge @ apart / length)
            for edge, length in zip((facet.along, facet.across), lengths, strict=True)
        )
        hit = (depth > CLOSEST) & (u >= 0) & (u <= lengths[0]) & (v >= 0) & (v <= lengths[1])
        if facet.ridge is not None:
            hit &= _below_ridge(facet.ridge, lengths[1], u, v)
    return depth, u, v, hit


def cast_rays(facets: tuple[Facet, ...], camera: Camera, rows: Floats, columns: Floats) -> Hits:
    """Return what rays through pixels hit first.

    Args:
        facets: what may be hit.
        camera: where the rays start.
        rows: pixel rows (h, 1), fractions allowed.
        columns: pixel columns (1, w), fractions allowed.

    Returns:
        Maps (h, w); facets are numbered from 1, and 0 with infinite depth is no hit.
    """
    shape = (rows.shape[0], columns.shape[1])
    hits = Hits(
        np.full(shape, np.inf, np.float32),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )
    for number, facet in enumerate(facets, 1):
        window = _window(facet, camera, rows, columns)
        down, across = camera.slopes(rows[window[0]]), camera.slopes(columns[:, window[1]])
        if not down.size or not across.size:
            continue
        depth, u, v, hit = _meet(facet, camera, across, down)
        nearer = hit & (depth < hits.depth[window])
        np.copyto(hits.number[window], np.uint8(number), where=nearer)
        for target, value in ((hits.depth, depth), (hits.u, u), (hits.v, v)):
            np.copyto(target[window], value, where=nearer)
    return hits
