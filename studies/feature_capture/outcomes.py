"""The methods that are compared, and what each left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from benchmark.statistics.means import t_interval
from studies.feature_capture.training import Point, Trained

TEACHER, AUTOENCODER, AUTOENCODER_NORMALISED = (
    'teacher-student',
    'autoencoder',
    'autoencoder, normalised steps',
)
SCRATCH, SCRATCH_NORMALISED = 'supervised', 'supervised, normalised steps'
METHODS = (TEACHER, AUTOENCODER, AUTOENCODER_NORMALISED, SCRATCH, SCRATCH_NORMALISED)


class MethodOutcome(NamedTuple):
    """A method's pretraining, if it has one, and its training on classes."""

    method: str
    pretraining: Trained | None
    training: Trained

    @property
    def last(self) -> Point:
        """What was measured at the end: features after pretraining, accuracies after training."""
        final = self.training.points[-1]
        if self.pretraining is None:
            return final
        features = self.pretraining.points[-1]
        return final._replace(captured=features.captured, per_kernel=features.per_kernel)


class Sweep(NamedTuple):
    """A setting that was varied: its values, and the outcomes of each method for each."""

    name: str
    values: tuple[Any, ...]
    outcomes: Mapping[str, tuple[MethodOutcome, ...]]


def interval(values: Tensor) -> dict[str, float | None]:
    """Return mean and 95 % t-interval over seeds; NaN are left out, bounds are None for one."""
    found = t_interval(values.double().tolist())
    if found is None:
        return {'mean': None, 'low': None, 'high': None}
    return {'mean': found.mean, 'low': found.low, 'high': found.high}
