"""The numbers of one synthetic experiment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """Data, network and training of one experiment; all weights are in units of a feature.

    The asymptotic orders of arXiv 2206.03826 (and of arXiv 2012.09816, whose data it takes over)
    leave constants open; these are ours, chosen such that an experiment takes seconds.

    Attributes:
        classes: k; each has two features.
        kernels: kernels of the encoder per class.
        patches: P patches of a picture.
        dimension: of a patch, at least 2 k.
        spread: patches over which one feature's weight is divided.
        others: features of other classes that a picture also holds, each with the weight 0.2 to
            0.4 in total; the features of its own class have 1 to 1.4.
        faint: weight of the second feature of a single-view picture, times 1 to 1.5.
        single_view: mu, share of single-view pictures among those for training.
        noise: standard deviation of the noise on every coordinate of a patch.
        bend: rho, where the smoothed ReLU becomes linear; also the correlation from which on a
            feature counts as captured.
        keep: theta, share of patches that masking keeps.
        teacher: tau, by which the teacher's kernels are longer than the student's.
        scale: standard deviation of the kernels' initial coordinates.
        pictures: for training; as many again, of each kind, for testing.
        step: way of a kernel in one normalised step.
        flow_step: longest way of any kernel in one step of gradient flow.
        steps: of the teacher-student training, of the autoencoder with normalised steps, of the
            autoencoder under gradient flow, and the most of supervised training.
        goal: loss at which supervised training ends.
        seeds: independent repetitions.
    """

    classes: int = 10
    kernels: int = 8
    patches: int = 12
    dimension: int = 40
    spread: int = 3
    others: int = 2
    faint: float = 0.05
    single_view: float = 0.05
    noise: float = 0.02
    bend: float = 0.4
    keep: float = 0.25
    teacher: float = 1.3
    scale: float = 0.04
    pictures: int = 120
    step: float = 0.02
    flow_step: float = 0.08
    steps: tuple[int, int, int, int] = (160, 120, 500, 1500)
    goal: float = 0.01
    seeds: int = 5

    @property
    def features(self) -> int:
        """How many features there are."""
        return 2 * self.classes

    @property
    def width(self) -> int:
        """How many kernels the encoder has."""
        return self.classes * self.kernels
