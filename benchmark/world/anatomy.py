"""Poses of the creatures and the key points that follow from body plan and pose.

Body coordinates are metres, x forward and y up, with the centre of the torso as origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmark.world.arrays import Points
from benchmark.world.plans import BodyPlan, Leg

KEYPOINTS = (
    'nose',
    'eye',
    'neck',
    'hip',
    'tail_tip',
    'left_fore_knee',
    'right_fore_knee',
    'left_hind_knee',
    'right_hind_knee',
    'left_fore_foot',
    'right_fore_foot',
    'left_hind_foot',
    'right_hind_foot',
)
SKELETON = (
    (0, 1),
    (1, 2),
    (2, 3),
    (3, 4),
    (2, 5),
    (2, 6),
    (3, 7),
    (3, 8),
    (5, 9),
    (6, 10),
    (7, 11),
    (8, 12),
)
"""Links between key points, as index pairs counted from 0."""

FLIP_PAIRS = ((5, 6), (7, 8), (9, 10), (11, 12))
"""Key points that change places when a picture is mirrored, as index pairs counted from 0."""

KEYPOINT_SIGMAS = (0.05, 0.035, 0.08, 0.08, 0.07) + (0.06,) * 4 + (0.06,) * 4
"""Per key point: the standard deviation of COCO's object key point similarity."""


class Pose(NamedTuple):
    """Joint angles in radians: per leg pair (near, far) swing and bend, and the body's."""

    swing: Points
    bend: Points
    neck: float
    head: float
    tail: float
    curl: float
    tilt: float


class LegJoints(NamedTuple):
    """A leg's joints in body coordinates, (2,) each."""

    leg: Leg
    near: bool
    root: Points
    knee: Points
    foot: Points


class Joints(NamedTuple):
    """All joints of a posed body in body coordinates; ``heading`` is the head's angle."""

    hip: Points
    neck: Points
    head: Points
    eye: Points
    nose: Points
    heading: float
    tilt: float
    tail: Points
    legs: tuple[LegJoints, ...]

    @property
    def lowest(self) -> float:
        """Return the height (m) of the lowest sole."""
        return min(float(leg.foot[1]) - 0.7 * leg.leg.girth for leg in self.legs)


def gait(plan: BodyPlan, phase: float, jitter: Points) -> Pose:
    """Return the pose of a walk at ``phase`` radians; ``jitter`` (12,) is the individual's own.

    Diagonal legs move together, as in a trot.
    """
    count = len(plan.legs)
    offsets = np.pi * ((np.arange(count)[:, None] + np.arange(2)[None]) % 2)
    stride = 0.38 + 0.12 * jitter[0]
    swing = stride * np.sin(phase + offsets) + 0.12 * jitter[1:3][None]
    lift = 0.3 * np.maximum(np.cos(phase + offsets), 0)
    return Pose(
        swing=swing,
        bend=-lift + 0.08 * jitter[3:5][None],
        neck=0.22 * float(jitter[5]) + 0.06 * float(np.sin(phase)),
        head=0.25 * float(jitter[6]) - 0.06 * float(np.sin(phase)),
        tail=0.3 * float(jitter[7]) + 0.15 * float(np.sin(phase + 1)),
        curl=0.9 * float(jitter[8]),
        tilt=0.07 * float(jitter[9]),
    )


def _toward(angle: float, length: float) -> Points:
    return length * np.array([np.cos(angle), np.sin(angle)])


def _turn(vector: Points, angle: float) -> Points:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([cosine * vector[0] - sine * vector[1], sine * vector[0] + cosine * vector[1]])


def _pose_leg(plan: BodyPlan, pose: Pose, tilt: float, pair: int, side: int) -> LegJoints:
    leg, near = plan.legs[pair], side == 0
    root = _turn(np.array(leg.at) * plan.torso, tilt)
    root = root + (np.array([0.02, -0.01]) if near else np.array([-0.03, 0.03]))
    first = leg.rest + float(pose.swing[pair, side])
    second = first + leg.bend + float(pose.bend[pair, side])
    knee = root + leg.upper * np.array([np.sin(first), -np.cos(first)])
    foot = knee + leg.lower * np.array([np.sin(second), -np.cos(second)])
    return LegJoints(leg, near, root, knee, foot)


def _pose_tail(plan: BodyPlan, pose: Pose, hip: Points, tilt: float) -> Points:
    steps = 6
    angles = plan.tail_angle + tilt + pose.tail + pose.curl * np.linspace(0, 1, steps) ** 1.5
    moves = plan.tail / steps * np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.vstack([hip[None], hip + np.cumsum(moves, 0)])


def place_joints(plan: BodyPlan, pose: Pose) -> Joints:
    """Return the joints of ``plan`` in ``pose``, in body coordinates."""
    tilt = plan.tilt + pose.tilt
    length, height = plan.torso
    neck = _turn(np.array([0.78 * length, 0.3 * height]), tilt)
    hip = _turn(np.array([-0.85 * length, 0.15 * height]), tilt)
    head = neck + _toward(plan.neck_angle + pose.neck, plan.neck)
    heading = -0.25 + pose.head
    forward, upward = _toward(heading, plan.head[0]), _toward(heading + np.pi / 2, plan.head[1])
    nose = head + forward + _toward(heading - 0.15, plan.snout)
    if plan.ornament == 'trunk':
        nose = head + 0.8 * forward + _toward(heading - 1.25 + 0.5 * pose.curl, plan.snout)
    pairs = [(pair, side) for pair in range(len(plan.legs)) for side in (0, 1)]
    return Joints(
        hip=hip,
        neck=neck,
        head=head,
        eye=head + 0.3 * forward + 0.35 * upward,
        nose=nose,
        heading=heading,
        tilt=tilt,
        tail=_pose_tail(plan, pose, hip, tilt),
        legs=tuple(_pose_leg(plan, pose, tilt, pair, side) for pair, side in pairs),
    )


def keypoint_positions(joints: Joints, *, facing_right: bool) -> dict[str, Points]:
    """Return the named key points in body coordinates; those that the body lacks are left out.

    The side nearer to the viewer is the right one of a creature that faces right.
    """
    found = {'nose': joints.nose, 'eye': joints.eye, 'neck': joints.neck, 'hip': joints.hip}
    found['tail_tip'] = joints.tail[-1]
    for leg in joints.legs:
        if leg.leg.place:
            side = 'right' if leg.near == facing_right else 'left'
            found[f'{side}_{leg.leg.place}_knee'] = leg.knee
            found[f'{side}_{leg.leg.place}_foot'] = leg.foot
    return found
