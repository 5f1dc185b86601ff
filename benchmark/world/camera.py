"""A pinhole camera above a flat ground: projection, depth of ground and upright planes.

World coordinates are metres: x right, z forward, height up, the ground at height 0.
Pictures are in pixel indices: (0, 0) is the centre of the first pixel. Depth is the
distance along the optical axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin, tan
from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Floats


class Projected(NamedTuple):
    """Where a world point is seen: column ``u`` and row ``v`` in pixels, ``depth`` in metres."""

    u: float
    v: float
    depth: float


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A camera at (``x``, ``height``, ``z``) that looks forward, ``pitch`` radians downwards."""

    size: int
    focal: float
    height: float
    pitch: float
    x: float = 0.0
    z: float = 0.0

    @property
    def center(self) -> float:
        """Return the pixel index of the optical axis, the same for rows and columns."""
        return (self.size - 1) / 2

    @property
    def horizon(self) -> float:
        """Return the row (px) of the horizon."""
        return self.center - self.focal * tan(self.pitch)

    def slopes(self, pixels: Floats) -> Floats:
        """Return pixel indices as tangents of the angle to the optical axis."""
        return ((pixels - self.center) / self.focal).astype(np.float32)

    def project(self, x: float, height: float, z: float) -> Projected:
        """Return where the world point is seen."""
        up, forward = height - self.height, z - self.z
        depth = forward * cos(self.pitch) - up * sin(self.pitch)
        down = -up * cos(self.pitch) - forward * sin(self.pitch)
        scale = self.focal / depth
        return Projected(self.center + scale * (x - self.x), self.center + scale * down, depth)

    def ground_depth(self, rows: Floats) -> Floats:
        """Return the depth (m) of the ground at each row; infinite above the horizon."""
        fall = sin(self.pitch) + self.slopes(rows) * cos(self.pitch)
        depth = np.full_like(fall, np.inf)
        np.divide(self.height, fall, out=depth, where=fall > 1e-6)
        return depth

    def upright_depth(self, z: float, rows: Floats) -> Floats:
        """Return the depth (m) at each row of the upright plane that faces the camera at ``z``."""
        forward = np.maximum(cos(self.pitch) - self.slopes(rows) * sin(self.pitch), 1e-3)
        return np.asarray((z - self.z) / forward, np.float32)

    def heights(self, depth: Floats, rows: Floats) -> Floats:
        """Return the height (m) above the ground of points at ``depth`` in ``rows``."""
        rise = -sin(self.pitch) - self.slopes(rows) * cos(self.pitch)
        return np.asarray(self.height + depth * rise, np.float32)

    def forwards(self, depth: Floats, rows: Floats) -> Floats:
        """Return the world z (m) of points at ``depth`` in ``rows``."""
        forward = cos(self.pitch) - self.slopes(rows) * sin(self.pitch)
        return np.asarray(self.z + depth * forward, np.float32)

    def sideways(self, depth: Floats, columns: Floats) -> Floats:
        """Return the world x (m) of points at ``depth`` in ``columns``."""
        return np.asarray(self.x + depth * self.slopes(columns), np.float32)


def camera_for_foot(*, size: int, focal: float, pitch: float, row: float, depth: float) -> Camera:
    """Return the camera at z 0 that sees the ground point at ``depth`` (m) in ``row`` (px).

    The row has to lie below the horizon.
    """
    level = Camera(size=size, focal=focal, height=0.0, pitch=pitch)
    fall = float(sin(pitch) + level.slopes(np.array([row], np.float32))[0] * cos(pitch))
    return Camera(size=size, focal=focal, height=depth * fall, pitch=pitch)


def forward_of_depth(camera: Camera, depth: float) -> float:
    """Return the world z (m) of the ground point straight ahead at ``depth`` (m)."""
    return camera.z + (depth - camera.height * sin(camera.pitch)) / cos(camera.pitch)
