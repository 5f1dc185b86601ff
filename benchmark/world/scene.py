"""Random scenes: open ones with several creatures off centre, and portraits of one subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmark.world.anatomy import gait, place_joints
from benchmark.world.arrays import Floats
from benchmark.world.camera import Camera, camera_for_foot, forward_of_depth
from benchmark.world.clutter import Thing, draw_thing
from benchmark.world.creatures import Figure, outline_points
from benchmark.world.labels import CLUTTER
from benchmark.world.palette import Individual, draw_individual
from benchmark.world.render import Actor, Scene, body_scale
from benchmark.world.scenery import draw_scenery
from benchmark.world.species import SEEN_SPECIES, Species

NEAREST, FARTHEST_WALL = 2.0, 9.6
DEPTH_GAP = 0.5
"""Least difference (m) between the distances of two actors, more than any relief."""


class Framing(NamedTuple):
    """How large a portrait shows its subject, and what may stand around it.

    ``fill`` is the range of the subject's longer side as a share of the picture,
    ``wander`` the subject's shift from the centre as a share of the room left.
    """

    fill: tuple[float, float]
    wander: float
    neighbors: int
    clutter: int
    cover: float


def pose_figure(individual: Individual, phase: float) -> Figure:
    """Return the individual at ``phase`` (radians) of its walk."""
    plan = individual.species.plan
    return Figure(individual, place_joints(plan, gait(plan, phase, individual.jitter)))


def draw_figure(rng: np.random.Generator, species: Species) -> Figure:
    """Return a random individual of ``species`` in a random phase of its walk."""
    return pose_figure(draw_individual(rng, species), rng.uniform(0, 2 * np.pi))


def draw_facing(rng: np.random.Generator) -> float:
    """Return a random way to look, seen mostly from the side."""
    return float(rng.choice([-1.0, 1.0]) * rng.uniform(0.72, 1.0))


def draw_noise(rng: np.random.Generator, size: int) -> Floats:
    """Return the sensor noise (size, size, 3) of one picture, of unit variance."""
    return rng.standard_normal((size, size, 3), dtype=np.float32)


def _draw_species(rng: np.random.Generator, pool: Sequence[Species]) -> Species:
    return pool[int(rng.integers(len(pool)))]


def _draw_clutter(rng: np.random.Generator) -> Thing:
    return draw_thing(rng, int(rng.integers(len(CLUTTER))))


def _spread_depths(rng: np.random.Generator, count: int, low: float, high: float) -> list[float]:
    """Return up to ``count`` distances at least :data:`DEPTH_GAP` apart, nearer ones more often."""
    kept: list[float] = []
    for near in rng.uniform(0, 1, 6 * count):
        depth = low + (high - low) * near**1.3
        if len(kept) < count and all(abs(depth - other) >= DEPTH_GAP for other in kept):
            kept.append(float(depth))
    return kept


def _sideways(rng: np.random.Generator, camera: Camera, z: float, reach: float) -> float:
    """Return a world x (m) that is seen within ``reach`` half widths of the centre."""
    depth = camera.project(0.0, 0.0, z).depth
    return float(camera.x + rng.uniform(-reach, reach) * depth * 0.5 * camera.size / camera.focal)


def _nearest_visible(camera: Camera) -> float:
    """Return the world z (m) of the ground at the picture's lower border, or 2 m."""
    bottom = np.array([camera.size * 0.99], np.float32)
    depth = camera.ground_depth(bottom)
    return max(float(camera.forwards(depth, bottom)[0]), NEAREST)


def _draw_camera(rng: np.random.Generator, size: int) -> Camera:
    pitch = float(rng.uniform(0.0, 0.6))
    height = float(rng.uniform(0.5, 1.4) + rng.uniform(0.5, 2.4) * pitch)
    return Camera(
        size=size, focal=size * float(rng.uniform(0.85, 1.35)), height=height, pitch=pitch
    )


def draw_open_scene(rng: np.random.Generator, size: int) -> Scene:
    """Return a scene of 2-5 creatures and 2-5 things anywhere in view."""
    camera = _draw_camera(rng, size)
    near = _nearest_visible(camera)
    wall_z = float(rng.uniform(max(4.0, near + 2.2), FARTHEST_WALL))
    creatures, things = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    depths = _spread_depths(rng, creatures + things, near, wall_z - 0.5)
    roles = rng.permutation(creatures + things)[: len(depths)] < creatures
    actors = []
    for identity, (z, is_creature) in enumerate(zip(depths, roles, strict=True)):
        body = draw_figure(rng, _draw_species(rng, SEEN_SPECIES)) if is_creature else None
        x = _sideways(rng, camera, z, 0.92)
        actors.append(Actor(identity, body or _draw_clutter(rng), x, z, draw_facing(rng)))
    return Scene(draw_scenery(rng, wall_z), camera, tuple(actors), draw_noise(rng, size))


def _subject_camera(
    rng: np.random.Generator, figure: Figure, facing: float, framing: Framing, size: int
) -> tuple[Camera, float, float]:
    """Return a camera that frames the subject, and the subject's world x and z."""
    points = outline_points(figure) * (abs(facing), 1.0) * body_scale(figure)
    low, high = points.min(0), points.max(0)
    width, height = high - low
    fill = rng.uniform(*framing.fill) * size
    scale = fill / max(width, height)
    focal, pitch = size * rng.uniform(0.9, 1.4), rng.uniform(0.02, 0.3)
    free = 0.5 * framing.wander * np.maximum(size - scale * np.array([width, height]), 0)
    column, row = size / 2 + rng.uniform(-1, 1, 2) * free
    row += 0.5 * scale * height
    lowest_row = size / 2 - focal * np.tan(pitch) + 0.12 * size
    depth = focal / scale
    camera = camera_for_foot(
        size=size, focal=focal, pitch=pitch, row=float(max(row, lowest_row)), depth=depth
    )
    middle = np.sign(facing) * 0.5 * (low[0] + high[0])
    x = (column - camera.center) * depth / focal - middle
    return camera, float(x), forward_of_depth(camera, depth)


def _surroundings(
    rng: np.random.Generator,
    camera: Camera,
    z: float,
    wall_z: float,
    framing: Framing,
    pool: Sequence[Species],
) -> list[Actor]:
    neighbors = int(rng.integers(0, framing.neighbors + 1))
    things = int(rng.integers(0, framing.clutter + 1))
    actors = []
    for identity, depth in enumerate(
        _spread_depths(rng, neighbors + things, z + 0.7, wall_z - 0.3), 1
    ):
        body = draw_figure(rng, _draw_species(rng, pool)) if identity <= neighbors else None
        x = _sideways(rng, camera, depth, 1.0)
        actors.append(Actor(identity, body or _draw_clutter(rng), x, depth, draw_facing(rng)))
    return actors


def _cover(rng: np.random.Generator, camera: Camera, subject: Actor) -> Actor:
    """Return a thing between camera and subject, to the side."""
    z = subject.z - rng.uniform(0.25, 0.4) * (subject.z - camera.z)
    width = 0.5 * camera.size / camera.focal * camera.project(0, 0, z).depth
    x = camera.x + rng.choice([-1, 1]) * rng.uniform(0.55, 1.0) * width
    return Actor(99, _draw_clutter(rng), float(x), float(z))


def draw_portrait(
    rng: np.random.Generator,
    size: int,
    species: Species,
    framing: Framing,
    pool: Sequence[Species],
) -> Scene:
    """Return a scene with one subject of ``species`` in front; ``pool`` stocks the background."""
    figure, facing = draw_figure(rng, species), draw_facing(rng)
    camera, x, z = _subject_camera(rng, figure, facing, framing, size)
    subject = Actor(0, figure, x, z, facing)
    wall_z = z + float(rng.uniform(1.8, 6.0))
    actors = [subject, *_surroundings(rng, camera, z, wall_z, framing, pool)]
    if rng.random() < framing.cover:
        actors.append(_cover(rng, camera, subject))
    return Scene(draw_scenery(rng, wall_z), camera, tuple(actors), draw_noise(rng, size))


COVERED_FRAMING = Framing(fill=(0.45, 0.85), wander=0.9, neighbors=2, clutter=3, cover=0.3)
FINE_FRAMING = Framing(fill=(0.8, 1.0), wander=0.8, neighbors=0, clutter=2, cover=0.1)
PRETRAINING_FRAMING = Framing(fill=(0.35, 1.0), wander=0.9, neighbors=2, clutter=3, cover=0.25)
