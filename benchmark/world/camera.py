"""A pinhole camera: projection of points, and the rays of its pixels.

World coordinates are metres: x right, height up, z forward. Pictures are in pixel indices:
(0, 0) is the centre of the first pixel. Depth is the distance along the optical axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin, tan
from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Floats, Points


class Projected(NamedTuple):
    """Projection of a world point: column ``u`` and row ``v`` in pixels, ``depth`` in metres."""

    u: float
    v: float
    depth: float


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A camera for square pictures that looks forward along z, and downwards by its pitch.

    Attributes:
        size: side of the picture in pixels.
        focal: focal length in pixels.
        height: world height in metres.
        pitch: angle in radians by which it looks down.
        x: world x in metres, to the right.
        z: world z in metres, forward.
    """

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

    @property
    def position(self) -> Points:
        """Return the world position (x, height, z) in metres."""
        return np.array([self.x, self.height, self.z])

    @property
    def axes(self) -> Points:
        """Return the unit vectors (3, 3) to the right, downwards and along the optical axis."""
        c, s = cos(self.pitch), sin(self.pitch)
        return np.array([[1.0, 0.0, 0.0], [0.0, -c, -s], [0.0, -s, c]])

    def slopes(self, pixels: Floats) -> Floats:
        """Return pixel indices as tangents of the angle to the optical axis."""
        return ((pixels - self.center) / self.focal).astype(np.float32)

    def project(self, x: float, height: float, z: float) -> Projected:
        """Return the projection of a world point, which must be in front of the camera."""
        right, down, depth = (
            float(v) for v in self.axes @ (np.array([x, height, z]) - self.position)
        )
        scale = self.focal / depth
        return Projected(self.center + scale * right, self.center + scale * down, depth)

    def upright_depth(self, z: float, rows: Floats) -> Floats:
        """Return the depth (m) at each row of the upright plane that faces the camera at ``z``."""
        forward = np.maximum(cos(self.pitch) - self.slopes(rows) * sin(self.pitch), 1e-3)
        return np.asarray((z - self.z) / forward, np.float32)

    def heights(self, depth: Floats, rows: Floats) -> Floats:
        """Return the height (m) of points at ``depth`` in ``rows``."""
        rise = -sin(self.pitch) - self.slopes(rows) * cos(self.pitch)
        return np.asarray(self.height + depth * rise, np.float32)

    def ray_toward(self, u: float, z: float) -> float:
        """Return the world x (m) seen in column ``u`` (px) at ``z`` along the optical axis."""
        return self.x + (z - self.z) / cos(self.pitch) * (u - self.center) / self.focal


def camera_for_foot(*, size: int, focal: float, pitch: float, row: float, depth: float) -> Camera:
    """Return the camera at z 0 that sees a point of the ground in a row of its picture.

    Args:
        size: side of the picture in pixels.
        focal: focal length in pixels.
        pitch: angle in radians by which it looks down.
        row: pixel row of the point, which has to lie below the horizon.
        depth: distance in metres of the point, of height 0, along the optical axis.
    """
    level = Camera(size=size, focal=focal, height=0.0, pitch=pitch)
    fall = float(sin(pitch) + level.slopes(np.array([row], np.float32))[0] * cos(pitch))
    return Camera(size=size, focal=focal, height=depth * fall, pitch=pitch)


def forward_of_depth(camera: Camera, depth: float) -> float:
    """Return the world z (m) of the point of height 0 straight ahead at ``depth`` (m)."""
    return camera.z + (depth - camera.height * sin(camera.pitch)) / cos(camera.pitch)
