"""Ornaments on a creature's head and back: horns, ears, beak, trunk, antennae, crest."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from benchmark.world.anatomy import Joints
from benchmark.world.arrays import Points, fill_circle, fill_polygon, fill_tube
from benchmark.world.paints import COAT, HORN
from benchmark.world.plans import BodyPlan
from benchmark.world.sprites import Layer, Placement

_HEIGHTS = MappingProxyType(
    {'horns': 0.30, 'knobs': 0.2, 'ears': 0.4, 'antennae': 0.32, 'crest': 0.24, 'pricked': 0.22}
)
Draw = Callable[[Layer, BodyPlan, Joints, Placement], None]


def _axes(joints: Joints) -> tuple[Points, Points]:
    """Return the head's unit vectors forward and upward."""
    cosine, sine = np.cos(joints.heading), np.sin(joints.heading)
    return np.array([cosine, sine]), np.array([-sine, cosine])


def ornament_tip(plan: BodyPlan, joints: Joints) -> Points:
    """Return the highest point (2,) of the head's ornament, in body coordinates."""
    height = _HEIGHTS.get(plan.ornament, 0.0)
    return np.asarray(joints.head + (height + 0.3 * plan.head[1]) * _axes(joints)[1])


def _tube(
    layer: Layer, points: list[Points], radii: list[float], place: Placement, paint: int
) -> None:
    pixels, widths = place.pixels(np.stack(points)), place.scale * np.array(radii)
    fill_tube(layer.mask, pixels, widths)
    fill_tube(layer.paint, pixels, widths, paint)


def _horns(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    forward, up = _axes(joints)
    for shift in (-0.35, 0.1):
        base = joints.head + shift * plan.head[0] * forward + 0.6 * plan.head[1] * up
        middle, tip = base + 0.16 * up - 0.05 * forward, base + 0.25 * up + 0.07 * forward
        _tube(layer, [base, middle, tip], [0.045, 0.032, 0.012], place, HORN)


def _knobs(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    forward, up = _axes(joints)
    for shift in (-0.4, 0.05):
        base = joints.head + shift * plan.head[0] * forward + 0.6 * plan.head[1] * up
        tip = base + 0.12 * up
        _tube(layer, [base, tip], [0.022, 0.022], place, COAT)
        _tube(layer, [tip, tip], [0.036, 0.036], place, HORN)


def _ears(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    forward, up = _axes(joints)
    for lean in (-0.26, -0.08):
        base = joints.head - 0.3 * plan.head[0] * forward + 0.6 * plan.head[1] * up
        middle = base + 0.16 * up + 0.6 * lean * forward
        tip = base + 0.34 * up + lean * forward
        _tube(layer, [base, middle, tip], [0.045, 0.065, 0.03], place, COAT)


def _draw_ears(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    forward, up = _axes(joints)
    for shift in (-0.75, -0.25):
        base = joints.head + shift * plan.head[0] * forward + 0.5 * plan.head[1] * up
        corners = [base - 0.06 * forward, base + 0.08 * forward, base + 0.2 * up - 0.03 * forward]
        fill_polygon(layer.mask, place.pixels(np.stack(corners)))


def _antennae(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    forward, up = _axes(joints)
    for lean in (0.1, 0.24):
        base = joints.head + 0.5 * plan.head[1] * up + 0.3 * plan.head[0] * forward
        middle = base + 0.16 * up + 0.3 * lean * forward
        tip = middle + 0.1 * up + lean * forward
        _tube(layer, [base, middle, tip], [0.024, 0.02, 0.018], place, HORN)
        fill_circle(layer.mask, place.pixels(tip)[0], 0.035 * place.scale)
        fill_circle(layer.paint, place.pixels(tip)[0], 0.035 * place.scale, HORN)


def _crest(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    forward, up = _axes(joints)
    base = joints.head + 0.3 * plan.head[1] * up
    for lean, length in ((-0.16, 0.14), (-0.08, 0.2), (0.0, 0.2)):
        tip = base + length * up + lean * forward
        _tube(layer, [base, tip], [0.035, 0.022], place, HORN)


def _snout(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    width = 0.62 * plan.head[1]
    start = joints.head + 0.45 * (joints.nose - joints.head)
    _tube(layer, [start, joints.nose], [width, 0.6 * width], place, COAT)


def _beak(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    start = joints.head + 0.5 * (joints.nose - joints.head)
    _tube(layer, [start, joints.nose], [0.75 * plan.head[1], 0.022], place, HORN)


def _trunk(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    forward, up = _axes(joints)
    start = joints.head + 0.75 * plan.head[0] * forward
    middle = 0.5 * (start + joints.nose) + 0.08 * forward
    _tube(layer, [start, middle, joints.nose], [0.11, 0.085, 0.06], place, COAT)
    tusk = start - 0.06 * up
    _tube(layer, [tusk, tusk + 0.2 * forward - 0.02 * up], [0.035, 0.014], place, HORN)


def draw_spines(layer: Layer, plan: BodyPlan, joints: Joints, place: Placement) -> None:
    """Draw a row of spines along the back, in place.

    Args:
        layer: that of the torso.
        plan: the shape of the body.
        joints: where the body's parts are, in metres.
        place: the map from metres to the layer's pixels.
    """
    length, height = plan.torso
    cosine, sine = np.cos(joints.tilt), np.sin(joints.tilt)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    for along in np.linspace(-0.75, 0.75, 7):
        top = 0.85 * height * np.sqrt(1 - along**2)
        x = along * length
        corners = np.array([[x - 0.07, top], [x + 0.07, top], [x - 0.04, top + 0.13]]) @ turn
        pixels = place.pixels(corners)
        fill_polygon(layer.mask, pixels)
        fill_polygon(layer.paint, pixels, HORN)


_BEHIND: MappingProxyType[str, Draw] = MappingProxyType(
    {'horns': _horns, 'knobs': _knobs, 'ears': _ears, 'antennae': _antennae, 'crest': _crest}
)
_BEFORE: MappingProxyType[str, Draw] = MappingProxyType(
    {'crest': _beak, 'trunk': _trunk, 'pricked': _draw_ears}
)


def draw_ornament(
    layer: Layer, plan: BodyPlan, joints: Joints, place: Placement, *, behind: bool
) -> None:
    """Draw the parts of an ornament that lie behind the head, or those before it, in place.

    Args:
        layer: that of the head.
        plan: the shape of the body, which names the ornament.
        joints: where the body's parts are, in metres.
        place: the map from metres to the layer's pixels.
        behind: whether the head is not drawn yet; its snout is drawn with the parts before it.
    """
    draw = _BEHIND.get(plan.ornament) if behind else _BEFORE.get(plan.ornament)
    if draw is not None:
        draw(layer, plan, joints, place)
    if not behind and plan.ornament not in ('crest', 'trunk'):
        _snout(layer, plan, joints, place)
