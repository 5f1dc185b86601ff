"""Random scenes: open ones with several creatures off centre, and portraits of one subject."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos
from typing import NamedTuple

import numpy as np

from benchmark.world.anatomy import gait, place_joints
from benchmark.world.arrays import Floats, Points
from benchmark.world.blocks import Block, draw_crate, draw_low_wall, draw_shelf, draw_table
from benchmark.world.camera import Camera, camera_for_foot, forward_of_depth
from benchmark.world.clutter import THINGS, Thing, draw_thing
from benchmark.world.creatures import Figure, outline_points
from benchmark.world.palette import Individual, draw_individual
from benchmark.world.render import Actor, Scene, body_scale, place_actor
from benchmark.world.scenery import (
    Room,
    Scenery,
    draw_profile,
    draw_scenery,
    draw_turn,
    farthest_bound,
    flat_profile,
)
from benchmark.world.species import SEEN_SPECIES, Species

DEPTH_GAP = 0.4
"""Least difference (m) between the distances of two actors, more than any relief."""

INDOOR_SCALE = 0.55
"""Size of creatures and things indoors, compared with those in the open."""

SHOWN_SIZES = (0.2, 0.8)
"""Least and largest side of a creature in an open scene, as a share of the picture's."""

_ATTEMPTS = 30


class Framing(NamedTuple):
    """How large the subject of a portrait is, and what may stand around it.

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


def draw_figure(rng: np.random.Generator, species: Species, scale: float = 1.0) -> Figure:
    """Return a random individual of ``species`` in a random phase of its walk."""
    individual = draw_individual(rng, species)
    individual = individual._replace(scale=scale * individual.scale)
    return pose_figure(individual, rng.uniform(0, 2 * np.pi))


def draw_facing(rng: np.random.Generator) -> float:
    """Return a random viewing direction, mostly from the side."""
    return float(rng.choice([-1.0, 1.0]) * rng.uniform(0.72, 1.0))


def draw_noise(rng: np.random.Generator, size: int) -> Floats:
    """Return the sensor noise (size, size, 3) of one picture, of unit variance."""
    return rng.standard_normal((size, size, 3), dtype=np.float32)


def _draw_species(rng: np.random.Generator, pool: Sequence[Species]) -> Species:
    return pool[int(rng.integers(len(pool)))]


def _draw_thing(rng: np.random.Generator, scale: float) -> Thing:
    return draw_thing(rng, THINGS[int(rng.integers(len(THINGS)))], scale)


def _body_box(body: Figure | Thing, facing: float) -> Points:
    """Return left, lowest, right and highest point (m) of a body, seen from the side ``facing``."""
    points = outline_points(body) if isinstance(body, Figure) else body.extent
    points = points * (facing, 1.0) * body_scale(body)
    return np.array([*points.min(0), *points.max(0)])


class _Site(NamedTuple):
    """A stage to be furnished; ``scale`` is the size factor of its objects."""

    camera: Camera
    scenery: Scenery
    room: Room | None
    reach: float
    scale: float


def _draw_room(rng: np.random.Generator, turn: float, least: float) -> Room:
    back = float(rng.uniform(least, max(min(farthest_bound(turn), least + 3.5), least)))
    left, right = rng.uniform(1.3, 4.0, 2)
    return Room(back, float(left), float(right), float(rng.uniform(2.2, 3.4)), turn)


def _draw_camera(rng: np.random.Generator, size: int, *, indoors: bool) -> Camera:
    pitch = float(rng.uniform(-0.25, 0.7))
    height = rng.uniform(0.3, 1.3) + max(pitch, 0.0) * rng.uniform(1.0, 3.2)
    focal = size * float(rng.uniform(0.85, 1.4))
    return Camera(
        size=size, focal=focal, height=float(height) * (0.75 if indoors else 1.0), pitch=pitch
    )


def _draw_site(rng: np.random.Generator, size: int) -> _Site:
    indoors = bool(rng.random() < 0.5)
    turn = draw_turn(rng, indoors=indoors)
    camera = _draw_camera(rng, size, indoors=indoors)
    if indoors:
        room = _draw_room(rng, turn, 2.4)
        profile = flat_profile()
        if rng.random() < 0.35:
            profile = draw_profile(rng, 0.55 * room.back, room.back, 0.25)
        return _Site(camera, draw_scenery(rng, profile, turn, room), room, room.back, INDOOR_SCALE)
    reach = float(rng.uniform(5.0, farthest_bound(turn)))
    profile = draw_profile(rng, float(rng.uniform(1.0, 2.5)), reach, 0.6)
    return _Site(camera, draw_scenery(rng, profile, turn, reach), None, reach, 1.0)


def _draw_spot(
    rng: np.random.Generator, site: _Site, low: float, high: float
) -> tuple[float, float]:
    """Return a random place (x, z) in view with z from ``low`` to ``high`` (m)."""
    z = float(low + (high - low) * rng.random())
    return site.camera.ray_toward(float(rng.uniform(0.05, 0.95)) * site.camera.size, z), z


def _is_free(site: _Site, blocks: Sequence[Block], x: float, z: float, margin: float) -> bool:
    """Return whether nothing stands, hangs or rises within ``margin`` (m)."""
    ground, room = site.scenery.ground, site.room
    away = ground.distance(x, z)
    if away > site.reach - margin or ground.is_near_step(x, z, margin):
        return False
    if room is not None:
        side = x * cos(room.turn) - z * np.sin(room.turn)
        if not margin - room.left < side < room.right - margin:
            return False
    return not any(block.is_near(x, z, margin) for block in blocks)


def _draw_furniture(rng: np.random.Generator, site: _Site) -> list[Block]:
    """Return tables, shelves, crates and low walls; crates are numbered from 0."""
    blocks: list[Block] = []
    if site.room is not None and rng.random() < 0.5:
        side = float(rng.uniform(-0.6, 0.6)) * min(site.room.left, site.room.right)
        x, z = site.room.place(side, site.room.back - 0.01)
        blocks.append(draw_shelf(rng, x, z, -site.room.turn, float(rng.uniform(0.5, 1.5))))
    kinds = ('table', 'crate', 'crate') if site.room else ('crate', 'wall', 'crate')
    for kind in kinds:
        x, z = _draw_spot(rng, site, 1.3, 0.8 * site.reach)
        if rng.random() < 0.35 or not _is_free(site, blocks, x, z, 0.8 * site.scale + 0.25):
            continue
        bottom = site.scenery.ground.height(x, z)
        if kind == 'table':
            top, legs = draw_table(rng, x, z, bottom)
            blocks += [top, *legs]
        elif kind == 'wall':
            blocks.append(draw_low_wall(rng, x, z, bottom - 0.1))
        else:
            crate = draw_crate(rng, x, z, bottom, 0.75 if site.room else 1.1)
            blocks.append(crate._replace(identity=sum(b.is_object for b in blocks)))
    return blocks


def _supports(blocks: Sequence[Block], camera: Camera) -> list[Block]:
    """Return the blocks with a visible top on which something can stand."""
    return [b for b in blocks if min(b.size[0], b.size[2]) > 0.24 and b.top < camera.height + 1.0]


def _draw_place(
    rng: np.random.Generator, site: _Site, blocks: Sequence[Block], margin: float
) -> tuple[float, float, float] | None:
    """Return x, base and z of a free place on the ground or on a block."""
    supports = _supports(blocks, site.camera)
    if supports and rng.random() < 0.55:
        block = supports[int(rng.integers(len(supports)))]
        along, across = rng.uniform(-0.35, 0.35, 2) * (block.size[0], block.size[2])
        x, z = block.point(float(along), float(across))
        return x, block.top, z
    x, z = _draw_spot(rng, site, 1.2, site.reach)
    if not _is_free(site, blocks, x, z, margin):
        return None
    return x, site.scenery.ground.height(x, z), z


def _shown_box(actor: Actor, camera: Camera, body: Points) -> Points | None:
    """Return left, top, right and bottom (px) of an actor whose ``body`` box is known (m)."""
    place = place_actor(actor, camera)
    if place is None:
        return None
    corners = body.reshape(2, 2) / (actor.facing * body_scale(actor.body), body_scale(actor.body))
    pixels = place.pixels(corners)
    return np.array([*pixels.min(0), *pixels.max(0)])


def _fits(box: Points, others: Sequence[Points], size: int, *, is_creature: bool) -> bool:
    """Return whether a box is large enough, mostly in view and not in another's middle."""
    width, height = box[2:] - box[:2]
    low, high = SHOWN_SIZES if is_creature else (0.1, 0.6)
    if not low * size <= max(width, height) <= high * size:
        return False
    middle = (box[:2] + box[2:]) / 2
    if (middle < 0.06 * size).any() or (middle > 0.94 * size).any():
        return False
    return not any(_covers(box, o, 0.3) or _covers(o, box, 0.3) for o in others)


def _covers(box: Points, other: Points, share: float) -> bool:
    """Return whether the middle of ``other`` lies in the inner ``share`` of ``box``, both ways."""
    half = share * (box[2:] - box[:2])
    apart = np.abs((box[:2] + box[2:]) / 2 - (other[:2] + other[2:]) / 2)
    return bool((apart < half).all())


def _draw_actors(
    rng: np.random.Generator, site: _Site, blocks: Sequence[Block], creatures: int, things: int
) -> list[Actor]:
    """Return at most that many creatures and things, each at a visible place."""
    actors: list[Actor] = []
    boxes: list[Points] = []
    first = sum(block.is_object for block in blocks)
    for number in range(creatures + things):
        is_creature = number < creatures
        body: Figure | Thing = (
            draw_figure(rng, _draw_species(rng, SEEN_SPECIES), site.scale)
            if is_creature
            else _draw_thing(rng, 0.85 * site.scale)
        )
        facing = draw_facing(rng)
        extent = _body_box(body, facing)
        margin = 0.3 * float(extent[2] - extent[0]) + 0.15
        for _ in range(_ATTEMPTS):
            place = _draw_place(rng, site, blocks, margin)
            if place is None or any(abs(place[2] - a.z) < DEPTH_GAP for a in actors):
                continue
            actor = Actor(first + len(actors), body, place[0], place[2], facing, place[1])
            box = _shown_box(actor, site.camera, extent)
            if box is not None and _fits(box, boxes, site.camera.size, is_creature=is_creature):
                actors.append(actor)
                boxes.append(box)
                break
    return actors


def draw_open_scene(rng: np.random.Generator, size: int) -> Scene:
    """Return a scene of up to 4 creatures, 3 things and some blocks, indoors or in the open."""
    while True:
        site = _draw_site(rng, size)
        blocks = _draw_furniture(rng, site)
        creatures, things = int(rng.integers(2, 5)), int(rng.integers(1, 4))
        actors = _draw_actors(rng, site, blocks, creatures, things)
        if any(isinstance(actor.body, Figure) for actor in actors):
            break
    return Scene(site.scenery, site.camera, tuple(actors), draw_noise(rng, size), tuple(blocks))


def _subject_camera(
    rng: np.random.Generator, figure: Figure, facing: float, framing: Framing, size: int
) -> tuple[Camera, float, float]:
    """Return a camera that frames the subject at height 0, and the subject's world x and z."""
    left, lowest, right, highest = _body_box(figure, abs(facing))
    width, height = right - left, highest - lowest
    fill = rng.uniform(*framing.fill) * size
    scale = fill / max(width, height)
    focal, pitch = size * rng.uniform(0.9, 1.4), rng.uniform(-0.15, 0.5)
    free = 0.5 * framing.wander * np.maximum(size - scale * np.array([width, height]), 0)
    column, row = size / 2 + rng.uniform(-1, 1, 2) * free
    row += 0.5 * scale * height
    lowest_row = size / 2 - focal * np.tan(pitch) + 0.12 * size
    depth = focal / scale
    camera = camera_for_foot(
        size=size, focal=focal, pitch=pitch, row=float(max(row, lowest_row)), depth=depth
    )
    middle = np.sign(facing) * 0.5 * (left + right)
    x = (column - camera.center) * depth / focal - middle
    return camera, float(x), forward_of_depth(camera, depth)


def _draw_portrait_site(rng: np.random.Generator, camera: Camera, z: float, level: float) -> _Site:
    """Return a stage whose ground is at ``level`` (m) up to the subject at ``z`` (m)."""
    indoors, scale = bool(rng.random() < 0.5), 0.8
    turn = draw_turn(rng, indoors=indoors)
    if indoors:
        profile = flat_profile(level)
        room = _draw_room(rng, turn, z + 1.2)
        room = room._replace(ceiling=room.ceiling + camera.height)
        return _Site(camera, draw_scenery(rng, profile, turn, room), room, room.back, scale)
    reach = z + float(rng.uniform(2.0, 5.0))
    profile = draw_profile(rng, z + 0.8, reach, 0.5) + np.array([0.0, level])
    return _Site(camera, draw_scenery(rng, profile, turn, reach), None, reach, 1.0)


def _surroundings(
    rng: np.random.Generator, site: _Site, z: float, framing: Framing, pool: Sequence[Species]
) -> list[Actor]:
    neighbors = int(rng.integers(0, framing.neighbors + 1))
    things = int(rng.integers(0, framing.clutter + 1))
    actors: list[Actor] = []
    for number in range(neighbors + things):
        species = _draw_species(rng, pool)
        body = draw_figure(rng, species, site.scale) if number < neighbors else None
        thing, facing = _draw_thing(rng, site.scale), draw_facing(rng)
        x, away = _draw_spot(rng, site, z + 0.7, site.reach - 0.3)
        gap = min((abs(away - other.z) for other in actors), default=1.0)
        if gap >= DEPTH_GAP and _is_free(site, (), x, away, 0.3):
            base = site.scenery.ground.height(x, away)
            actors.append(Actor(1 + len(actors), body or thing, x, away, facing, base))
    return actors


def _cover(rng: np.random.Generator, site: _Site, subject: Actor) -> Actor:
    """Return a thing between camera and subject, to the side."""
    camera = site.camera
    z = subject.z - rng.uniform(0.25, 0.4) * (subject.z - camera.z)
    u = camera.center + rng.choice([-1, 1]) * rng.uniform(0.55, 1.0) * 0.5 * camera.size
    base = site.scenery.ground.profile[0, 1]
    x = camera.ray_toward(float(u), float(z))
    return Actor(99, _draw_thing(rng, 0.8), x, float(z), base=float(base))


def draw_portrait(
    rng: np.random.Generator,
    size: int,
    species: Species,
    framing: Framing,
    pool: Sequence[Species],
) -> Scene:
    """Return a scene with one subject in front; one in four stands on a crate.

    Args:
        rng: source of all draws.
        size: side of the picture in pixels.
        species: that of the subject.
        framing: how large the subject is, and what may stand around it.
        pool: species of the creatures in the background.
    """
    figure, facing = draw_figure(rng, species), draw_facing(rng)
    camera, x, z = _subject_camera(rng, figure, facing, framing, size)
    blocks: tuple[Block, ...] = ()
    level = 0.0
    if rng.random() < 0.25:
        crate = draw_crate(rng, x, z, 0.0, 1.5)
        level = -crate.size[1]
        blocks = (crate._replace(bottom=level, turn=0.4 * crate.turn),)
    site = _draw_portrait_site(rng, camera, z, level)
    subject = Actor(0, figure, x, z, facing)
    actors = [subject, *_surroundings(rng, site, z, framing, pool)]
    if rng.random() < framing.cover:
        actors.append(_cover(rng, site, subject))
    return Scene(site.scenery, camera, tuple(actors), draw_noise(rng, size), blocks)


COVERED_FRAMING = Framing(fill=(0.5, 0.9), wander=0.9, neighbors=1, clutter=3, cover=0.25)
FINE_FRAMING = Framing(fill=(0.8, 1.0), wander=0.8, neighbors=0, clutter=2, cover=0.1)
PRETRAINING_FRAMING = Framing(fill=(0.4, 1.0), wander=0.9, neighbors=2, clutter=3, cover=0.25)
