"""Array types and the few OpenCV calls that the world needs, typed and thread-safe."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]

_SUBPIXEL_BITS = 4


def fill_polygon(image: Bytes, points: Points, value: int = 1) -> None:
    """Fill the polygon of (N, 2) pixel positions (x, y) in place."""
    fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(image, [fixed], (value,), cv2.LINE_8, _SUBPIXEL_BITS)


def fill_circle(image: Bytes, center: Points, radius: float, value: int = 1) -> None:
    """Fill a disc, in place.

    Args:
        image: labels (h, w) to draw on.
        center: its centre (x, y) in pixels.
        radius: in pixels; below 0 counts as 0.
        value: what its pixels become.
    """
    x, y, r = (round(float(v) * (1 << _SUBPIXEL_BITS)) for v in (*center, radius))
    cv2.circle(image, (x, y), max(r, 0), (value,), -1, cv2.LINE_8, _SUBPIXEL_BITS)


def distance_inside(mask: Bytes) -> Floats:
    """Return each pixel's distance (px) to the nearest zero pixel of ``mask``."""
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def blur(image: Floats, sigma: float) -> Floats:
    """Return ``image`` after a Gaussian blur of ``sigma`` px."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def gradients(image: Floats) -> tuple[Floats, Floats]:
    """Return the central differences per pixel along x and along y."""
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def shrink(image: Floats, factor: int) -> Floats:
    """Return ``image`` averaged over blocks of ``factor`` x ``factor`` pixels."""
    height, width = image.shape[:2]
    size = (width // factor, height // factor)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def sample_wrapped(tile: Bytes, x: Floats, y: Floats) -> Floats:
    """Return the periodic ``tile``, 0..255 as 0..1, read at pixels ``x``, ``y`` (|x| < 32768)."""
    read = cv2.remap(tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(read, np.float32) / np.float32(255)


def warp_wrapped(tile: Bytes, matrix: Points, height: int, width: int) -> Floats:
    """Return a picture filled with a periodic tile, with values in 0..1.

    Args:
        tile: values (h, w) in 0..255.
        matrix: affine map (2, 3) from pixels of the tile to pixels of the picture.
        height: rows of the picture.
        width: columns of the picture.
    """
    warped = cv2.warpAffine(
        tile, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    return np.asarray(warped, np.float32) / np.float32(255)


def bounds(mask: Bytes) -> tuple[slice, slice]:
    """Return the rows and columns around the nonzero pixels, one pixel wider where there is room.

    An empty mask gives empty slices.
    """
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        return slice(0, 0), slice(0, 0)
    bottom, right = min(y + height + 1, mask.shape[0]), min(x + width + 1, mask.shape[1])
    return slice(max(y - 1, 0), bottom), slice(max(x - 1, 0), right)


def fill_tube(image: Bytes, points: Points, radii: Points, value: int = 1) -> None:
    """Fill a tapered tube with round ends, in place.

    Args:
        image: labels (h, w) to draw on.
        points: positions (N, 2), x and y in pixels, along its middle.
        radii: radius (N,) in pixels at each of them.
        value: what its pixels become.
    """
    moves = points[1:] - points[:-1]
    lengths = np.maximum(np.hypot(moves[:, 0], moves[:, 1]), 1e-6)
    normals = np.column_stack([-moves[:, 1], moves[:, 0]]) / lengths[:, None]
    first, second = normals * radii[:-1, None], normals * radii[1:, None]
    quads = np.concatenate(
        [points[:-1] + first, points[1:] + second, points[1:] - second, points[:-1] - first], 1
    )
    scale = 1 << _SUBPIXEL_BITS
    for quad in np.round(quads * scale).astype(np.int32).reshape(-1, 4, 2):
        cv2.fillConvexPoly(image, quad, (value,), cv2.LINE_8, _SUBPIXEL_BITS)
    discs = np.round(np.column_stack([points, np.maximum(radii, 0)]) * scale).astype(int)
    for x, y, radius in discs.tolist():
        cv2.circle(image, (x, y), radius, (value,), -1, cv2.LINE_8, _SUBPIXEL_BITS)


def rgb_from_hsv(hue: float, saturation: float, value: float) -> Floats:
    """Return the RGB colour (3,) in 0..1 of a hue in turns (any real), saturation and value."""
    sector = (hue % 1.0) * 6.0
    offsets = np.array([5.0, 3.0, 1.0]) + sector
    ramp = np.clip(np.minimum(offsets % 6, 4 - offsets % 6), 0, 1)
    return (value - value * saturation * ramp).astype(np.float32)
