"""Body plans: the shape and colour that all species of one coarse class share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One pair of legs.

    Attributes:
        at: Where it joins the torso, in half lengths and half heights of the torso.
        upper: Length of the upper segment in metres.
        lower: Length of the lower segment in metres.
        girth: Radius of the upper segment in metres.
        rest: Angle of the upper segment at rest, in radians forward from straight down.
        bend: Angle of the lower segment against the upper one, in radians forward.
        place: ``fore`` or ``hind`` if the pair has key points, else empty.
    """

    at: tuple[float, float]
    upper: float
    lower: float
    girth: float
    rest: float = 0.0
    bend: float = -0.3
    place: str = ''


@dataclass(frozen=True, kw_only=True)
class BodyPlan:
    """The shape that all species of one coarse class share, seen from the side.

    Angles are in radians, from forward to upwards.

    Attributes:
        name: that of the coarse class.
        hue: centre of its distribution of colours, in turns of the colour circle.
        torso: half axes of the torso's ellipse in metres, along the body and across.
        tilt: angle of the torso at rest.
        legs: its pairs of legs.
        neck: length of the neck in metres.
        neck_angle: direction of the neck at rest.
        neck_girth: radius of the neck in metres; its root is thicker, its end thinner.
        head: half axes of the head's ellipse in metres, forward and upwards.
        snout: length of the snout, or of a trunk, in metres.
        tail: length of the tail in metres.
        tail_angle: direction of the tail at rest, against the torso.
        tail_girth: radius of the tail's root in metres.
        ornament: name of the ornament of head or back.
    """

    name: str
    hue: float
    torso: tuple[float, float]
    tilt: float
    legs: tuple[Leg, ...]
    neck: float
    neck_angle: float
    neck_girth: float
    head: tuple[float, float]
    snout: float
    tail: float
    tail_angle: float
    tail_girth: float
    ornament: str


def _quadruped(upper: float, lower: float, girth: float) -> tuple[Leg, ...]:
    fore = Leg(at=(0.68, -0.45), upper=upper, lower=lower, girth=girth, bend=0.15, place='fore')
    hind = Leg(
        at=(-0.72, -0.4), upper=upper, lower=lower, girth=girth, rest=0.2, bend=-0.5, place='hind'
    )
    return (fore, hind)


PLANS = (
    BodyPlan(
        name='strider',
        hue=0.50,
        torso=(0.34, 0.22),
        tilt=0.25,
        legs=(
            Leg(
                at=(-0.1, -0.6),
                upper=0.34,
                lower=0.4,
                girth=0.06,
                rest=0.35,
                bend=-0.7,
                place='hind',
            ),
        ),
        neck=0.42,
        neck_angle=1.15,
        neck_girth=0.075,
        head=(0.14, 0.11),
        snout=0.20,
        tail=0.34,
        tail_angle=2.9,
        tail_girth=0.13,
        ornament='crest',
    ),
    BodyPlan(
        name='grazer',
        hue=0.07,
        torso=(0.46, 0.25),
        tilt=0.0,
        legs=_quadruped(0.27, 0.28, 0.075),
        neck=0.30,
        neck_angle=0.85,
        neck_girth=0.125,
        head=(0.18, 0.115),
        snout=0.10,
        tail=0.42,
        tail_angle=3.9,
        tail_girth=0.04,
        ornament='horns',
    ),
    BodyPlan(
        name='longneck',
        hue=0.155,
        torso=(0.38, 0.24),
        tilt=0.12,
        legs=_quadruped(0.34, 0.34, 0.07),
        neck=0.72,
        neck_angle=1.1,
        neck_girth=0.09,
        head=(0.15, 0.09),
        snout=0.07,
        tail=0.34,
        tail_angle=3.9,
        tail_girth=0.04,
        ornament='knobs',
    ),
    BodyPlan(
        name='crawler',
        hue=0.33,
        torso=(0.56, 0.17),
        tilt=0.03,
        legs=_quadruped(0.15, 0.14, 0.07),
        neck=0.14,
        neck_angle=0.25,
        neck_girth=0.13,
        head=(0.20, 0.11),
        snout=0.10,
        tail=0.80,
        tail_angle=3.15,
        tail_girth=0.13,
        ornament='spines',
    ),
    BodyPlan(
        name='beetle',
        hue=0.985,
        torso=(0.46, 0.32),
        tilt=0.0,
        legs=(
            Leg(
                at=(0.6, -0.6),
                upper=0.2,
                lower=0.22,
                girth=0.045,
                rest=0.5,
                bend=-0.6,
                place='fore',
            ),
            Leg(at=(0.0, -0.75), upper=0.2, lower=0.22, girth=0.045, rest=0.0, bend=0.1),
            Leg(
                at=(-0.6, -0.6),
                upper=0.2,
                lower=0.22,
                girth=0.045,
                rest=-0.5,
                bend=0.6,
                place='hind',
            ),
        ),
        neck=0.10,
        neck_angle=0.0,
        neck_girth=0.12,
        head=(0.16, 0.15),
        snout=0.03,
        tail=0.26,
        tail_angle=3.3,
        tail_girth=0.09,
        ornament='antennae',
    ),
    BodyPlan(
        name='hopper',
        hue=0.76,
        torso=(0.36, 0.23),
        tilt=0.75,
        legs=(
            Leg(
                at=(0.55, -0.5),
                upper=0.17,
                lower=0.16,
                girth=0.05,
                rest=0.5,
                bend=0.5,
                place='fore',
            ),
            Leg(
                at=(-0.55, -0.3),
                upper=0.33,
                lower=0.36,
                girth=0.11,
                rest=0.8,
                bend=-1.0,
                place='hind',
            ),
        ),
        neck=0.20,
        neck_angle=1.1,
        neck_girth=0.11,
        head=(0.18, 0.135),
        snout=0.05,
        tail=0.45,
        tail_angle=3.35,
        tail_girth=0.06,
        ornament='ears',
    ),
    BodyPlan(
        name='tusker',
        hue=0.62,
        torso=(0.54, 0.38),
        tilt=0.05,
        legs=_quadruped(0.22, 0.22, 0.125),
        neck=0.16,
        neck_angle=0.45,
        neck_girth=0.22,
        head=(0.24, 0.22),
        snout=0.55,
        tail=0.32,
        tail_angle=4.1,
        tail_girth=0.035,
        ornament='trunk',
    ),
    BodyPlan(
        name='hound',
        hue=0.88,
        torso=(0.43, 0.18),
        tilt=0.05,
        legs=_quadruped(0.26, 0.27, 0.06),
        neck=0.20,
        neck_angle=0.8,
        neck_girth=0.10,
        head=(0.16, 0.12),
        snout=0.19,
        tail=0.50,
        tail_angle=2.5,
        tail_girth=0.075,
        ornament='pricked',
    ),
)
COARSE_CLASSES = tuple(plan.name for plan in PLANS)
