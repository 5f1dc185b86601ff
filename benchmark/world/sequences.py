"""Moving sequences: one target among look-alikes, seen by a moving camera.

Each sequence follows one of four plots, in turn: the target leaves the picture and
returns, passes behind things, comes nearer, or mingles with its look-alikes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Points
from benchmark.world.blocks import Block, draw_crate
from benchmark.world.camera import Camera
from benchmark.world.clutter import THINGS, Thing, draw_thing
from benchmark.world.palette import Individual, draw_individual, draw_look_alike
from benchmark.world.render import Actor, Frame, Instance, Scene, render
from benchmark.world.scene import draw_noise, pose_figure
from benchmark.world.scenery import (
    Room,
    Scenery,
    draw_scenery,
    draw_turn,
    farthest_bound,
    flat_profile,
)
from benchmark.world.species import SEEN_SPECIES

TARGET = 0
"""Identity of the actor that a sequence follows."""

FIRST_SHARE = 0.8
"""Least share of the target that the first frame shows."""

_ATTEMPTS = 40


class Track(NamedTuple):
    """A creature's path: world x and z (m), (frames,) each, and the phase of its walk."""

    individual: Individual
    x: Points
    z: Points
    phase: float
    facing: float


class Prop(NamedTuple):
    """A thing that stays where it is, world x and z in metres."""

    thing: Thing
    x: float
    z: float


class Plot(NamedTuple):
    """The tracks (the target first), props and blocks of a sequence, and what moves."""

    name: str
    tracks: tuple[Track, ...]
    props: tuple[Prop, ...]
    blocks: tuple[Block, ...]


class Shot(NamedTuple):
    """A plot on its stage, with one camera per frame."""

    plot: Plot
    scenery: Scenery
    cameras: tuple[Camera, ...]
    noise_key: int


class Ways(NamedTuple):
    """The target's path in a plot: x and z (m), (frames,) each."""

    x: Points
    z: Points


def half_width(camera: Camera, z: float) -> float:
    """Return half the visible width at world ``z``, in metres."""
    return camera.project(0.0, 0.0, z).depth * 0.5 * camera.size / camera.focal


def _leave(rng: np.random.Generator, time: Points, camera: Camera) -> Ways:
    z = rng.uniform(3.2, 4.4)
    side, reach = rng.choice([-1.0, 1.0]), half_width(camera, z) + 1.6
    start = side * rng.uniform(0.0, 0.25) * half_width(camera, z)
    return Ways(start + (side * reach - start) * np.sin(np.pi * time) ** 1.2, z + 0.2 * time)


def _hide(rng: np.random.Generator, time: Points, camera: Camera) -> Ways:
    z = rng.uniform(3.8, 5.0)
    reach = rng.choice([-1.0, 1.0]) * 0.7 * half_width(camera, z)
    return Ways(reach * (2 * time - 1), z + 0.15 * np.sin(np.pi * time))


def _approach(rng: np.random.Generator, time: Points, camera: Camera) -> Ways:
    far, near = rng.uniform(5.5, 7.0), rng.uniform(2.3, 2.9)
    x = rng.uniform(-0.4, 0.4) * half_width(camera, far) * (1 - time)
    return Ways(x + 0.25 * np.sin(3 * time), far + (near - far) * time)


def _mingle(rng: np.random.Generator, time: Points, camera: Camera) -> Ways:
    z = rng.uniform(3.4, 4.6)
    turn = 2 * np.pi * rng.uniform(0.5, 0.9) * time + rng.uniform(0, 6)
    return Ways(0.5 * half_width(camera, z) * np.sin(turn), z + 0.4 * np.cos(turn))


_WAYS: dict[str, Callable[[np.random.Generator, Points, Camera], Ways]] = {
    'leave': _leave,
    'hide': _hide,
    'approach': _approach,
    'mingle': _mingle,
}
PLOTS = tuple(_WAYS)


def _facing(x: Points, favored: float) -> float:
    """Return the facing along the path ``x``: forward, or as preferred when hardly moving."""
    moved = float(x[-1] - x[0])
    return float(np.sign(moved)) if abs(moved) > 0.05 else favored


def _crossing(rng: np.random.Generator, time: Points, camera: Camera, z: float) -> Ways:
    """Return the path of a creature that crosses or strolls at about ``z``."""
    wide = half_width(camera, z)
    start, end = rng.uniform(-0.9, 0.9, 2) * wide
    return Ways(start + (end - start) * time, z + 0.2 * np.sin(np.pi * time + rng.uniform(0, 6)))


def _track(rng: np.random.Generator, individual: Individual, ways: Ways) -> Track:
    favored = float(rng.choice([-1.0, 1.0]))
    return Track(individual, ways.x, ways.z, float(rng.uniform(0, 6)), favored)


def _draw_props(rng: np.random.Generator, camera: Camera) -> list[Prop]:
    """Return things on the stage, mostly behind the tracks."""
    places = [(rng.uniform(-1, 1), rng.uniform(5.5, 7.2)) for _ in range(int(rng.integers(1, 4)))]
    kinds = rng.integers(len(THINGS), size=len(places))
    return [
        Prop(draw_thing(rng, THINGS[kind]), x * half_width(camera, z), z)
        for (x, z), kind in zip(places, kinds, strict=True)
    ]


def _draw_screen(
    rng: np.random.Generator, target: Ways, camera: Camera
) -> tuple[list[Prop], list[Block]]:
    """Return crates and a plant in front of the target's path."""
    z = float(target.z.min()) - 0.75
    middle = float(rng.uniform(-0.12, 0.12)) * half_width(camera, z)
    blocks = [draw_crate(rng, middle + x, z - 0.15, 0.0, 1.0) for x in (-0.33, 0.36)]
    turned = [block._replace(turn=0.4 * block.turn) for block in blocks]
    return [Prop(draw_thing(rng, 'plant', 1.5), middle, z)], turned


def _draw_plot(rng: np.random.Generator, name: str, camera: Camera, frames: int) -> Plot:
    time: Points = np.asarray(np.linspace(0, 1, frames))
    species = SEEN_SPECIES[int(rng.integers(len(SEEN_SPECIES)))]
    hero = draw_individual(rng, species)
    ways = _WAYS[name](rng, time, camera)
    tracks = [_track(rng, hero, ways)]
    nearer = -0.9 if name == 'mingle' else 1.1
    for shift in (nearer, 1.8)[: int(rng.integers(1, 3))]:
        z = max(float(ways.z.mean()) + shift, 2.3)
        tracks.append(_track(rng, draw_look_alike(rng, hero), _crossing(rng, time, camera, z)))
    other = SEEN_SPECIES[int(rng.integers(len(SEEN_SPECIES)))]
    stroll = _crossing(rng, time, camera, float(ways.z.mean()) + 2.6)
    tracks.append(_track(rng, draw_individual(rng, other), stroll))
    props, blocks = _draw_props(rng, camera), list[Block]()
    if name == 'hide':
        screen, blocks = _draw_screen(rng, ways, camera)
        props += screen
    return Plot(name, tuple(tracks), tuple(props), tuple(blocks))


def _move_camera(rng: np.random.Generator, start: Camera, frames: int) -> tuple[Camera, ...]:
    time = np.linspace(0, 1, frames)
    sway, lift = rng.uniform(0.05, 0.3), rng.uniform(0.0, 0.08)
    speed, phase = rng.uniform(2, 6), rng.uniform(0, 6)
    dolly, tilt = rng.uniform(-0.4, 0.4), rng.uniform(-0.03, 0.03)
    return tuple(
        Camera(
            size=start.size,
            focal=start.focal,
            height=start.height + lift * float(np.sin(1.7 * speed * t)),
            pitch=start.pitch + tilt * float(np.sin(speed * t)),
            x=sway * float(np.sin(speed * t + phase) - np.sin(phase)),
            z=dolly * float(t),
        )
        for t in time
    )


def _draw_stage(rng: np.random.Generator) -> Scenery:
    """Return a level stage that is deep enough for every path, indoors or in the open."""
    indoors = bool(rng.random() < 0.4)
    turn = 0.4 * draw_turn(rng, indoors=indoors)
    distance = max(float(rng.uniform(0.9, 1.0)) * farthest_bound(turn), 8.0)
    if not indoors:
        return draw_scenery(rng, flat_profile(), turn, distance)
    left, right, ceiling = rng.uniform((4.5, 4.5, 2.6), (6.0, 6.0, 4.0))
    room = Room(distance, float(left), float(right), float(ceiling), turn)
    return draw_scenery(rng, flat_profile(), turn, room)


def _draw_shot(rng: np.random.Generator, size: int, name: str, frames: int) -> Shot:
    camera = Camera(
        size=size,
        focal=size * float(rng.uniform(0.95, 1.25)),
        height=float(rng.uniform(1.0, 1.5)),
        pitch=float(rng.uniform(0.08, 0.28)),
    )
    plot = _draw_plot(rng, name, camera, frames)
    scenery = _draw_stage(rng)
    cameras = _move_camera(rng, camera, frames)
    return Shot(plot, scenery, cameras, int(rng.integers(2**31)))


def _actor(track: Track, identity: int, frame: int) -> Actor:
    around = slice(max(frame - 1, 0), frame + 2)
    walked = np.hypot(np.diff(track.x[: frame + 1]), np.diff(track.z[: frame + 1])).sum()
    figure = pose_figure(track.individual, track.phase + 4.5 * float(walked) + 0.15 * frame)
    x, z = float(track.x[frame]), float(track.z[frame])
    return Actor(identity, figure, x, z, 0.92 * _facing(track.x[around], track.facing))


def _scene(shot: Shot, frame: int) -> Scene:
    creatures = [_actor(track, i, frame) for i, track in enumerate(shot.plot.tracks)]
    first = len(creatures)
    things = [Actor(first + i, p.thing, p.x, p.z) for i, p in enumerate(shot.plot.props)]
    camera = shot.cameras[frame]
    noise = draw_noise(np.random.default_rng([shot.noise_key, frame]), camera.size)
    return Scene(shot.scenery, camera, (*creatures, *things), noise, shot.plot.blocks)


def target_of(frame: Frame) -> Instance | None:
    """Return the target's instance, or ``None`` if it is not visible at all."""
    return next((i for i in frame.instances if i.identity == TARGET), None)


def _starts_well(shot: Shot) -> bool:
    target = target_of(render(_scene(shot, 0)))
    return target is not None and target.visible_share >= FIRST_SHARE


def draw_shot(rng: np.random.Generator, size: int, plot: str, frames: int) -> Shot:
    """Return a sequence whose first frame shows the target well.

    Args:
        rng: source of all draws.
        size: side of a frame in pixels.
        plot: name of what happens to the target.
        frames: how many frames it has.
    """
    shot = _draw_shot(rng, size, plot, frames)
    for _ in range(_ATTEMPTS):
        if _starts_well(shot):
            break
        shot = _draw_shot(rng, size, plot, frames)
    return shot


def render_shot(shot: Shot) -> Iterator[Frame]:
    """Yield the rendered frames of a sequence."""
    return (render(_scene(shot, frame)) for frame in range(len(shot.cameras)))
