"""Train the theory's network: masked pretraining, fine-tuning, supervision from scratch.

Plain gradient descent on all pictures at once. Two rules set the length of a step. ``flow``
multiplies all gradients of a seed by one number, such that the fastest kernel moves by a fixed
way: the paths are those of gradient flow, walked at a changing pace. ``normalised`` gives every
kernel its own number, as adaptive optimisers nearly do: where the loss is a sum over kernels
(teacher and student) the paths are still those of gradient flow, elsewhere they are not.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from studies.feature_capture import network
from studies.feature_capture.data import Pictures, draw
from studies.feature_capture.setting import Setting

_LARGEST_FACTOR = 200.0
"""Bound of what multiplies a gradient under ``flow``, so that a training can come to rest."""

_POINTS = 25


class Pace(enum.StrEnum):
    """How the length of a step is set."""

    FLOW = 'flow'
    NORMALISED = 'normalised'


class World(NamedTuple):
    """The pictures of one experiment, and the kernels that every training starts from."""

    train: Pictures
    multi_view: Pictures
    single_view: Pictures
    kernels: Tensor


class Point(NamedTuple):
    """What was measured at one step, each (seeds,); accuracies are NaN without a head."""

    step: int
    loss: Tensor
    captured: Tensor
    per_kernel: Tensor
    multi_view: Tensor
    single_view: Tensor


class Trained(NamedTuple):
    """The outcome of a training: kernels, head or decoder, and what was measured on the way."""

    kernels: Tensor
    head: Tensor
    points: tuple[Point, ...]


def make_world(setting: Setting, seed: int = 0) -> World:
    """Return pictures and initial kernels; equal settings and seeds give equal worlds."""
    generator = torch.Generator().manual_seed(seed)
    shape = (setting.seeds, setting.dimension, setting.width)
    return World(
        draw(setting, setting.single_view, generator),
        draw(setting, 0.0, generator),
        draw(setting, 1.0, generator),
        setting.scale * torch.randn(shape, generator=generator),
    )


def pretrain_teacher_student(setting: Setting, world: World) -> Trained:
    """Return kernels that predict a teacher's output for the whole picture from a masked one."""

    def loss(kernels: Tensor, _: Tensor) -> Tensor:
        return network.teacher_student_loss(
            world.train.patches,
            kernels,
            keep=setting.keep,
            teacher=setting.teacher,
            bend=setting.bend,
        )

    nothing = torch.zeros(setting.seeds, setting.width, 0)
    plan = _Plan(setting.steps[0], Pace.NORMALISED, learns_head=False)
    return _descend(setting, world, loss, nothing, plan)


def pretrain_autoencoder(setting: Setting, world: World, pace: Pace) -> Trained:
    """Return kernels that, with a linear decoder, rebuild the picture from a masked one."""

    def loss(kernels: Tensor, decoder: Tensor) -> Tensor:
        return network.autoencoder_loss(
            world.train.patches, kernels, decoder, keep=setting.keep, bend=setting.bend
        )

    decoder = torch.zeros(setting.seeds, setting.width, setting.dimension)
    steps = setting.steps[1 if pace is Pace.NORMALISED else 2]
    return _descend(setting, world, loss, decoder, _Plan(steps, pace))


def train_supervised(
    setting: Setting, world: World, pace: Pace, *, kernels: Tensor | None = None
) -> Trained:
    """Return a network trained on classes until its loss is at the goal.

    With ``kernels`` it is fine-tuned: a linear head that starts at zero learns on top, and the
    kernels with it. From scratch every class owns its kernels and adds them up, as in the theory
    (arXiv 2012.09816), so that only kernels learn.
    """

    def loss(current: Tensor, head: Tensor) -> Tensor:
        return network.classification_loss(*world.train, current, head, setting.bend)

    plan = _Plan(setting.steps[3], pace, learns_head=kernels is not None, classifies=True)
    if kernels is None:
        own = torch.eye(setting.classes).repeat_interleave(setting.kernels, 0)
        head = own.expand(setting.seeds, -1, -1).clone()
    else:
        head = torch.zeros(setting.seeds, setting.width, setting.classes)
        world = world._replace(kernels=kernels)
    return _descend(setting, world, loss, head, plan)


class _Plan(NamedTuple):
    steps: int
    pace: Pace
    learns_head: bool = True
    classifies: bool = False


def _descend(
    setting: Setting,
    world: World,
    loss: Callable[[Tensor, Tensor], Tensor],
    head: Tensor,
    plan: _Plan,
) -> Trained:
    kernels = world.kernels.clone().requires_grad_()
    head = head.requires_grad_(plan.learns_head)
    learning = [kernels, head] if plan.learns_head else [kernels]
    length = setting.step if plan.pace is Pace.NORMALISED else setting.flow_step
    points: list[Point] = []
    for step in range(plan.steps + 1):
        losses = loss(kernels, head)
        is_over = plan.classifies and bool((losses <= setting.goal).all())
        is_last = is_over or step == plan.steps
        if is_last or step % max(1, plan.steps // _POINTS) == 0:
            points.append(_measure(setting, world, step, losses, kernels, head, plan))
        if is_last:
            break
        gradients = torch.autograd.grad(losses.sum(), learning)
        # a seed that has arrived stays where it is
        is_running = (losses > setting.goal) if plan.classifies else torch.ones_like(losses).bool()
        with torch.no_grad():
            for tensor, move in zip(learning, _moves(gradients, length, plan.pace), strict=True):
                tensor -= move * is_running[:, None, None]
    return Trained(kernels.detach(), head.detach(), tuple(points))


def _moves(gradients: Sequence[Tensor], step: float, pace: Pace) -> list[Tensor]:
    """Return by how much kernels (seeds, d, R) and head (seeds, R, k) move."""
    lengths = [gradients[0].norm(dim=1, keepdim=True)]
    lengths += [gradient.norm(dim=2, keepdim=True) for gradient in gradients[1:]]
    if pace is Pace.NORMALISED:
        factors = [step / length.clamp(min=1e-30) for length in lengths]
        # kernels begin where gradients are tiny; decoder and head have to be able to settle
        bounds = [1e3 * _LARGEST_FACTOR, _LARGEST_FACTOR]
        factors = [f.clamp(max=bound) for f, bound in zip(factors, bounds, strict=False)]
    else:
        longest = torch.stack([length.flatten(1).amax(1) for length in lengths]).amax(0)
        factor = (step / longest.clamp(min=1e-30)).clamp(max=_LARGEST_FACTOR)
        factors = [factor[:, None, None]] * len(gradients)
    return [factor * gradient for factor, gradient in zip(factors, gradients, strict=True)]


def _measure(
    setting: Setting,
    world: World,
    step: int,
    losses: Tensor,
    kernels: Tensor,
    head: Tensor,
    plan: _Plan,
) -> Point:
    with torch.no_grad():
        accuracies = [
            accuracy(pictures, kernels, head, setting.bend)
            if plan.classifies
            else torch.full_like(losses, torch.nan)
            for pictures in (world.multi_view, world.single_view)
        ]
        return Point(
            step,
            losses.detach(),
            network.captured_share(kernels, setting.features, setting.bend),
            network.features_per_kernel(kernels, setting.features, setting.bend),
            *accuracies,
        )


def accuracy(pictures: Pictures, kernels: Tensor, head: Tensor, bend: float) -> Tensor:
    """Return each seed's share of pictures whose class has the largest score."""
    found = network.scores(pictures.patches, kernels, head, bend).argmax(-1)
    return (found == pictures.classes).double().mean(-1)
