"""Drawing of a posed creature: far legs, tail, torso, head and near legs as five layers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmark.world.anatomy import Joints, LegJoints
from benchmark.world.arrays import (
    Bytes,
    Floats,
    Points,
    fill_circle,
    fill_polygon,
    fill_tube,
    warp_wrapped,
)
from benchmark.world.labels import PARTS, SEMANTIC_CLASSES
from benchmark.world.ornaments import draw_ornament, draw_spines, ornament_tip
from benchmark.world.paints import COAT, EYE, MARK, PUPIL, paint_albedo
from benchmark.world.palette import Individual
from benchmark.world.plans import BodyPlan
from benchmark.world.sprites import (
    OVERSAMPLING,
    Layer,
    Light,
    Placement,
    Sprite,
    ellipse,
    finish,
    flatten,
    patch_around,
)
from benchmark.world.textures import TILE, coat_tiles

TILE_METRES = 3.2
OUTLINE_PAD = 0.18
"""How far (m) drawn parts reach beyond :func:`outline_points`."""

FAR_LIMB, TAIL, TORSO, HEAD, NEAR_LIMB = range(1, 6)
"""Layer numbers of a creature's sprite, back to front."""

BODY_PART, HEAD_PART, LIMB_PART = (SEMANTIC_CLASSES.index(name) for name in PARTS)


class Figure(NamedTuple):
    """A posed individual ready to be drawn."""

    individual: Individual
    joints: Joints

    @property
    def plan(self) -> BodyPlan:
        """Return the body plan."""
        return self.individual.species.plan


def outline_points(figure: Figure) -> Points:
    """Return body coordinates (N, 2) around which the whole creature is drawn."""
    joints, plan = figure.joints, figure.plan
    head = ellipse(joints.head, plan.head, joints.heading, 8)
    torso = ellipse(np.zeros(2), plan.torso, joints.tilt, 12)
    legs = [point for leg in joints.legs for point in (leg.knee, leg.foot)]
    return np.vstack([torso, head, joints.tail, joints.nose, ornament_tip(plan, joints), *legs])


def _draw_leg(layer: Layer, leg: LegJoints, place: Placement, socked: bool) -> None:
    girth = leg.leg.girth * place.scale
    points = place.pixels(np.stack([leg.root, leg.knee, leg.foot]))
    fill_tube(layer.mask, points, girth * np.array([1.15, 0.85, 0.75]))
    if socked:
        shape = np.zeros_like(layer.mask)
        start = 0.75 * points[1] + 0.25 * points[2]
        fill_tube(shape, np.stack([start, points[2]]), np.array([1.0, 1.3]) * girth)
        layer.limit_paint(MARK, shape)


def _limb_layer(figure: Figure, place: Placement, shape: tuple[int, int], *, near: bool) -> Layer:
    girth = max(leg.leg.girth for leg in figure.joints.legs)
    torso = 0.5 * figure.plan.torso[1]
    offset = torso if near else -torso
    layer = Layer.empty(shape, LIMB_PART, girth, offset, 1.0 if near else 0.72)
    for leg in figure.joints.legs:
        if leg.near == near:
            _draw_leg(layer, leg, place, figure.individual.species.mark == 'socked')
    return layer


def _tail_layer(figure: Figure, place: Placement, shape: tuple[int, int]) -> Layer:
    plan, points = figure.plan, place.pixels(figure.joints.tail)
    layer = Layer.empty(shape, LIMB_PART, max(plan.tail_girth, 0.05), 0.0, 0.92)
    girth = plan.tail_girth * place.scale
    fill_tube(layer.mask, points, np.asarray(girth * np.linspace(1.1, 0.45, len(points))))
    if figure.individual.species.tail == 'tufted':
        radius = (0.075 + 0.3 * plan.tail_girth) * place.scale
        tuft = np.zeros_like(layer.mask)
        fill_tube(tuft, points[-2:], np.array([0.7, 1.0]) * radius)
        layer.mask[tuft > 0] = 1
        layer.limit_paint(MARK, tuft)
    return layer


def _draw_collar(layer: Layer, figure: Figure, place: Placement) -> None:
    joints, plan = figure.joints, figure.plan
    along = joints.head - joints.neck
    length = max(float(np.hypot(*along)), 1e-3)
    middle = joints.neck + 0.42 * along
    half = max(0.055, 0.14 * length) * along / length
    across = 1.7 * plan.neck_girth * np.array([-along[1], along[0]]) / length
    corners = [
        middle - half - across,
        middle - half + across,
        middle + half + across,
        middle + half - across,
    ]
    shape = np.zeros_like(layer.mask)
    fill_polygon(shape, place.pixels(np.stack(corners)))
    layer.limit_paint(MARK, shape)


def _torso_layer(figure: Figure, place: Placement, shape: tuple[int, int]) -> Layer:
    joints, plan = figure.joints, figure.plan
    layer = Layer.empty(shape, BODY_PART, 0.75 * plan.torso[1], 0.0)
    if plan.ornament == 'spines':
        draw_spines(layer, plan, joints, place)
    outline = place.pixels(ellipse(np.zeros(2), plan.torso, joints.tilt))
    fill_polygon(layer.mask, outline)
    fill_polygon(layer.paint, outline, COAT)
    start = joints.neck * 0.75
    neck = place.pixels(np.stack([start, joints.neck, joints.head]))
    fill_tube(layer.mask, neck, plan.neck_girth * place.scale * np.array([1.5, 1.25, 0.85]))
    if figure.individual.species.mark == 'collared':
        _draw_collar(layer, figure, place)
    return layer


def _draw_face(layer: Layer, figure: Figure, place: Placement) -> None:
    joints, plan = figure.joints, figure.plan
    if figure.individual.species.mark == 'masked':
        forward = np.array([np.cos(joints.heading), np.sin(joints.heading)])
        center = joints.head + 0.62 * plan.head[0] * forward
        shape = np.zeros_like(layer.mask)
        axes = (0.62 * plan.head[0], 1.1 * plan.head[1])
        fill_polygon(shape, place.pixels(ellipse(center, axes, joints.heading, 16)))
        layer.limit_paint(MARK, shape)
    radius = 0.30 * min(plan.head) * place.scale
    eye = place.pixels(joints.eye)[0]
    for paint, size in ((EYE, 1.0), (PUPIL, 0.58)):
        shape = np.zeros_like(layer.mask)
        fill_circle(shape, eye, size * radius)
        layer.limit_paint(paint, shape)


def _head_layer(figure: Figure, place: Placement, shape: tuple[int, int]) -> Layer:
    joints, plan = figure.joints, figure.plan
    layer = Layer.empty(shape, HEAD_PART, 0.8 * plan.head[1], 0.35 * plan.torso[1])
    draw_ornament(layer, plan, joints, place, behind=True)
    outline = place.pixels(ellipse(joints.head, plan.head, joints.heading, 20))
    fill_polygon(layer.mask, outline)
    fill_polygon(layer.paint, outline, COAT)
    draw_ornament(layer, plan, joints, place, behind=False)
    _draw_face(layer, figure, place)
    return layer


def _coat_pattern(figure: Figure, place: Placement, shape: tuple[int, int]) -> Floats:
    """Return the coat's tile (h, w) in 0..1, fixed to the body."""
    individual = figure.individual
    tile = coat_tiles()[individual.species.coat][individual.variant]
    step = TILE_METRES / TILE * individual.zoom
    start = np.array(individual.offset)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) * step - start
    origin, across, down = place.pixels(corners)
    matrix = np.stack([across - origin, down - origin, origin], 1)
    return warp_wrapped(tile, matrix, *shape)


def _coat_strength(parts: Bytes) -> Floats:
    strength = np.zeros(len(SEMANTIC_CLASSES), np.float32)
    strength[[BODY_PART, LIMB_PART]] = (1.0, 0.8)
    return np.asarray(strength[parts])


def draw_creature(figure: Figure, place: Placement, size: int, light: Light) -> Sprite | None:
    """Return a creature's sprite, or ``None`` if it is out of sight.

    Args:
        figure: the posed creature.
        place: where in the picture it stands, and how large.
        size: side of the picture in pixels.
        light: the light of the scene.
    """
    points = place.pixels(outline_points(figure))
    patch = patch_around(points, OUTLINE_PAD * place.scale + 2, size)
    if patch is None:
        return None
    shape, local = patch.oversampled, place.on_patch(patch.x, patch.y)
    layers = [
        _limb_layer(figure, local, shape, near=False),
        _tail_layer(figure, local, shape),
        _torso_layer(figure, local, shape),
        _head_layer(figure, local, shape),
        _limb_layer(figure, local, shape, near=True),
    ]
    sheet = flatten(layers, local.scale)
    pattern = _coat_pattern(figure, local, shape) * _coat_strength(sheet.part)
    albedo = paint_albedo(sheet.paint, pattern, figure.individual)
    return finish(sheet, albedo, (patch.x, patch.y), place.scale * OVERSAMPLING, light)
