"""Rendering of a scene into a picture with exact labels."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmark.world.anatomy import KEYPOINTS, keypoint_positions
from benchmark.world.arrays import Bytes, Floats, Mask, bounds, fill_polygon
from benchmark.world.blocks import Block, block_facets
from benchmark.world.camera import Camera, Projected
from benchmark.world.clutter import Thing, draw_thing_sprite
from benchmark.world.creatures import FAR_LIMB, Figure, draw_creature
from benchmark.world.facets import cast_rays
from benchmark.world.labels import CLUTTER, INSTANCE_CLASSES, SEMANTIC_CLASSES, SKY
from benchmark.world.scenery import Scenery, draw_backdrop, pixel_grid
from benchmark.world.sprites import Placement, Sprite, ellipse

ABSENT, OCCLUDED, VISIBLE = range(3)
"""Key point flags of COCO."""

MILLIMETRES = 1000


TOLERANCE = 0.25
"""How far (m) an actor may reach into what the stage shows and still be seen."""


class Actor(NamedTuple):
    """A creature or thing with a fixed ``identity``, standing at height ``base`` (m).

    ``x`` and ``z`` are its place in the world (m); ``facing`` is -1..1: its sign is the way
    it looks (positive: right), its size how much of its side is seen.
    """

    identity: int
    body: Figure | Thing
    x: float
    z: float
    facing: float = 1.0
    base: float = 0.0


class Scene(NamedTuple):
    """A stage with its blocks, a camera and actors; ``noise`` (s, s, 3) is the sensor's."""

    scenery: Scenery
    camera: Camera
    actors: tuple[Actor, ...]
    noise: Floats
    blocks: tuple[Block, ...] = ()


class Instance(NamedTuple):
    """The visible part of one actor or block in a picture.

    ``category`` indexes :data:`INSTANCE_CLASSES`; ``mask`` (s, s) is the visible part;
    ``full_area`` (px) also counts what is covered or, for actors, cut by the border;
    ``reach`` (x, y, x, y) bounds all of it in pixel indices; ``keypoints`` (K, 3) are
    column, row and COCO flag.
    """

    identity: int
    category: int
    mask: Mask
    full_area: int
    reach: tuple[int, int, int, int]
    keypoints: Floats | None = None

    @property
    def area(self) -> int:
        """Return the visible pixels."""
        return int(self.mask.sum())

    @property
    def visible_share(self) -> float:
        """Return the visible share of the actor, 0 to 1."""
        return self.area / max(self.full_area, 1)


class Frame(NamedTuple):
    """A picture and its labels.

    ``image`` (s, s, 3) is RGB; ``semantic`` (s, s) indexes :data:`SEMANTIC_CLASSES`;
    ``depth`` (s, s) is in millimetres along the optical axis, 0 where the depth is unknown
    (the sky); ``instances`` hold hidden ones, too: blocks first, then actors from far to near.
    """

    image: Bytes
    semantic: Bytes
    depth: npt.NDArray[np.uint16]
    instances: tuple[Instance, ...]


@dataclass(frozen=True)
class _Buffers:
    """The buffers to paint on: colours, depth, and per pixel the class, actor number and layer."""

    image: Floats
    depth: Floats
    semantic: Bytes
    owner: Bytes
    layer: Bytes


class _Drawn(NamedTuple):
    actor: Actor
    place: Placement
    sprite: Sprite


def lowest_point(body: Figure | Thing) -> float:
    """Return the height (m) in body coordinates at which the body touches the ground."""
    return body.joints.lowest if isinstance(body, Figure) else 0.0


def body_scale(body: Figure | Thing) -> float:
    """Return the body's own size factor."""
    return body.individual.scale if isinstance(body, Figure) else 1.0


def place_actor(actor: Actor, camera: Camera) -> Placement | None:
    """Return the actor's projection, or ``None`` if it is not clearly in front of the camera."""
    foot: Projected | None = None
    if actor.z - camera.z > 0.3:
        foot = camera.project(actor.x, actor.base, actor.z)
    if foot is None or foot.depth < 0.3:
        return None
    scale, squash = camera.focal / foot.depth * body_scale(actor.body), cos(camera.pitch)
    rise = squash * scale * lowest_point(actor.body)
    return Placement(foot.u, foot.v + rise, scale, actor.facing, squash)


def draw_actor(actor: Actor, camera: Camera, scenery: Scenery) -> Sprite | None:
    """Return the actor's sprite, or ``None`` if it is out of sight."""
    place = place_actor(actor, camera)
    if place is None:
        return None
    if isinstance(actor.body, Figure):
        return draw_creature(actor.body, place, camera.size, scenery.light)
    return draw_thing_sprite(actor.body, place, camera.size, scenery.light)


def _draw_shadow(buffers: _Buffers, drawn: _Drawn, scene: Scene) -> None:
    """Draw the actor's shadow, shifted a little away from the light."""
    camera, actor = scene.camera, drawn.actor
    foot = camera.project(actor.x, actor.base, actor.z)
    squash = max((foot.v - camera.horizon) / camera.focal, 0.08)
    half = 0.36 * np.count_nonzero(drawn.sprite.solid.any(0))
    center = np.array([foot.u - 0.5 * half * scene.scenery.light.direction[0], foot.v])
    shape = np.zeros(buffers.semantic.shape, np.uint8)
    axes = (1.25 * half, max(half * squash, 1.5))
    fill_polygon(shape, ellipse(center, (axes[0] * 1.25, axes[1] * 1.6), 0.0))
    area = bounds(shape)
    rows, columns = np.mgrid[area].astype(np.float32)
    away = ((columns - center[0]) / axes[0]) ** 2 + ((rows - center[1]) / axes[1]) ** 2
    depth = np.minimum(buffers.depth[area], 100)
    level = np.abs(camera.heights(depth, rows) - np.float32(actor.base)) < 0.12
    soft = np.exp(-1.1 * away**2) * (level & (buffers.layer[area] == 0))
    buffers.image[area] *= (1 - 0.5 * soft)[..., None]


def _overlap(sprite: Sprite, size: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the overlap of sprite and picture, as slices of the picture and of the sprite."""
    height, width = sprite.alpha.shape
    top, left = max(sprite.y, 0), max(sprite.x, 0)
    bottom, right = min(sprite.y + height, size), min(sprite.x + width, size)
    rows, columns = slice(top, bottom), slice(left, right)
    own = (slice(top - sprite.y, bottom - sprite.y), slice(left - sprite.x, right - sprite.x))
    return (rows, columns), own


def _paint(buffers: _Buffers, drawn: _Drawn, number: int, camera: Camera) -> None:
    sprite = drawn.sprite
    there, own = _overlap(sprite, camera.size)
    rows = np.arange(there[0].start, there[0].stop, dtype=np.float32)[:, None]
    depth = camera.upright_depth(drawn.actor.z, rows) - sprite.relief[own]
    behind = buffers.depth[there]
    before = depth < behind + TOLERANCE
    alpha, solid = (sprite.alpha[own] * before)[..., None], sprite.solid[own] & before
    image = buffers.image[there]
    np.copyto(image, image * (1 - alpha) + sprite.color[own] * before[..., None])
    for target, value in (
        (buffers.depth, np.minimum(depth, behind)),
        (buffers.semantic, sprite.part[own]),
        (buffers.owner, np.uint8(number)),
        (buffers.layer, sprite.layer[own]),
    ):
        np.copyto(target[there], value, where=solid)


def _reach(solid: Mask, x: int, y: int) -> tuple[int, int, int, int]:
    """Return the first and last column and row of what is set, moved by ``x`` and ``y``."""
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    if not len(rows):
        return (x, y, x, y)
    return int(x + columns[0]), int(y + rows[0]), int(x + columns[-1]), int(y + rows[-1])


def _flag(u: float, v: float, own: Mask, layer: Bytes, *, far: bool) -> int:
    """Return a key point's visibility flag; on a far limb, that limb itself must show it."""
    size = own.shape[0]
    column, row = round(u), round(v)
    if not (0 <= column < size and 0 <= row < size):
        return ABSENT
    near = (slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
    seen = own[near] & ((layer[near] == FAR_LIMB) | (not far))
    return VISIBLE if seen.any() else OCCLUDED


def _keypoints(drawn: _Drawn, own: Mask, layer: Bytes) -> Floats | None:
    body, place = drawn.actor.body, drawn.place
    if not isinstance(body, Figure):
        return None
    right = place.facing > 0
    found = keypoint_positions(body.joints, facing_right=right)
    rows = np.zeros((len(KEYPOINTS), 3), np.float32)
    for name, position in found.items():
        u, v = place.pixels(position)[0]
        far = name.startswith('left' if right else 'right')
        flag = _flag(u, v, own, layer, far=far)
        if flag != ABSENT:
            rows[KEYPOINTS.index(name)] = (u, v, flag)
    return rows


def _category(body: Figure | Thing) -> int:
    if isinstance(body, Figure):
        return body.individual.species.coarse
    return INSTANCE_CLASSES.index(CLUTTER[body.kind])


def _actor_instance(drawn: _Drawn, number: int, buffers: _Buffers) -> Instance:
    own, sprite = np.asarray(buffers.owner == number), drawn.sprite
    return Instance(
        identity=drawn.actor.identity,
        category=_category(drawn.actor.body),
        mask=own,
        full_area=int(sprite.solid.sum()),
        reach=_reach(sprite.solid, sprite.x, sprite.y),
        keypoints=_keypoints(drawn, own, buffers.layer),
    )


def _block_instances(scene: Scene, buffers: _Buffers) -> list[Instance]:
    """Return the visible blocks that count as objects."""
    found, camera = [], scene.camera
    for number, block in enumerate(scene.blocks, 1):
        if not block.is_object:
            continue
        facets = tuple(block_facets(block, camera, number))
        whole = cast_rays(facets, camera, *pixel_grid(camera.size)).number > 0
        if whole.any():
            category = INSTANCE_CLASSES.index(SEMANTIC_CLASSES[block.label])
            own = np.asarray(buffers.owner == number)
            area, reach = int(whole.sum()), _reach(np.asarray(whole), 0, 0)
            found.append(Instance(block.identity, category, own, area, reach))
    return found


def _develop(buffers: _Buffers, scene: Scene) -> Bytes:
    """Return the picture (s, s, 3) with haze, tint, vignette and sensor noise."""
    scenery, size = scene.scenery, scene.camera.size
    through = np.exp(-scenery.haze * np.minimum(buffers.depth, 30))[..., None]
    image = scenery.haze_color + through * (buffers.image - scenery.haze_color)
    axis = np.linspace(-1, 1, size, dtype=np.float32) ** 2
    falloff = 1 - scenery.vignette * 0.5 * (axis[:, None] + axis[None])
    image = image * scenery.tint * falloff[..., None] + scenery.grain * scene.noise
    return np.asarray(np.clip(255 * image + 0.5, 0, 255), np.uint8)


def _depth_map(buffers: _Buffers) -> npt.NDArray[np.uint16]:
    metres = np.where(buffers.semantic == SKY, 0, np.minimum(buffers.depth, 65))
    return np.asarray(np.round(metres * MILLIMETRES), np.uint16)


def render(scene: Scene) -> Frame:
    """Return the picture of ``scene`` with all labels, its actors painted from far to near."""
    camera, first = scene.camera, len(scene.blocks) + 1
    backdrop = draw_backdrop(scene.scenery, scene.blocks, camera)
    buffers = _Buffers(*backdrop, np.zeros_like(backdrop.semantic))
    drawn: list[_Drawn] = []
    for actor in sorted(scene.actors, key=lambda actor: -actor.z):
        place, sprite = place_actor(actor, camera), draw_actor(actor, camera, scene.scenery)
        if place is None or sprite is None:
            continue
        drawn.append(_Drawn(actor, place, sprite))
        _draw_shadow(buffers, drawn[-1], scene)
        _paint(buffers, drawn[-1], first + len(drawn) - 1, camera)
    actors = [_actor_instance(d, number, buffers) for number, d in enumerate(drawn, first)]
    instances = (*_block_instances(scene, buffers), *actors)
    return Frame(_develop(buffers, scene), buffers.semantic, _depth_map(buffers), instances)
