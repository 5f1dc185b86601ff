"""Linear heads with one learning rate each, trained side by side on the same features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Gradient = Callable[[Tensor], Tensor]
"""From outputs (n, T, K) to the gradient of each head's mean loss, of the same shape."""

_DEVIATION = 0.01
"""Of the initial weights, as in DINOv2's linear evaluation."""


class LinearHeads:
    """T linear heads from D features to K outputs that differ in their learning rate alone.

    All start from the same weights and are trained by stochastic gradient descent with momentum;
    one that diverges leaves the others alone.

    Args:
        width: D.
        outputs: K.
        rates: the learning rates.
        momentum: of the descent.
        generator: makes the initial weights.
        device: where the weights are.
    """

    def __init__(
        self,
        width: int,
        outputs: int,
        rates: Sequence[float],
        *,
        momentum: float,
        generator: torch.Generator,
        device: torch.device | str = 'cpu',
    ) -> None:
        self._shape = (len(rates), outputs)
        self._rates = torch.tensor(rates, device=device)[None, :, None]
        self._momentum = momentum
        first = _DEVIATION * torch.randn(width, 1, outputs, generator=generator)
        # the last row is the bias, of a feature that is always 1
        start = torch.cat([first, torch.zeros(1, 1, outputs)]).to(device)
        self.weights = start.repeat(1, len(rates), 1)
        self._velocity = torch.zeros_like(self.weights)

    def __call__(self, features: Tensor, head: slice = slice(None)) -> Tensor:
        """Return the outputs (n, T, K) for features (n, D), of all heads or of those named."""
        weights = self.weights[:, head]
        flat = torch.addmm(weights[-1].flatten(), features, weights[:-1].flatten(1))
        return flat.view(len(features), -1, self._shape[1])

    def step(self, features: Tensor, gradient: Gradient, *, factor: float) -> None:
        """Take one step on features (n, D); the schedule multiplies every rate by ``factor``."""
        slope = gradient(self(features)).flatten(1)
        change = torch.cat([features.T @ slope, slope.sum(dim=0, keepdim=True)])
        self._velocity.mul_(self._momentum).add_(change.view_as(self._velocity))
        self.weights.sub_(self._rates * factor * self._velocity)


class LinearHeadsOnRows(LinearHeads):
    """The same heads, trained on rows of a known matrix that has fewer rows than columns.

    Their weights stay the initial ones plus a combination of the rows, so that it is enough to
    train the coefficients: a step costs products with the N rows instead of the D columns.

    Args:
        known: features (N, D), all that the heads are trained on.
    """

    def __init__(
        self,
        known: Tensor,
        outputs: int,
        rates: Sequence[float],
        *,
        momentum: float,
        generator: torch.Generator,
        device: torch.device | str = 'cpu',
    ) -> None:
        super().__init__(
            known.shape[1], outputs, rates, momentum=momentum, generator=generator, device=device
        )
        self._known = known
        # the feature that is always 1 adds 1 to every product of rows
        self._kernel = known @ known.T + 1
        self._start = self(known).flatten(1)
        self._coefficients = known.new_zeros(len(known), *self._shape)
        self._velocity = torch.zeros_like(self._coefficients)

    def step_on(self, rows: Tensor, gradient: Gradient, *, factor: float) -> None:
        """Take one step on the rows (n,) of the known features."""
        change = self._kernel[rows] @ self._coefficients.flatten(1)
        slope = gradient((self._start[rows] + change).view(len(rows), *self._shape))
        self._velocity.mul_(self._momentum).index_add_(0, rows, slope)
        self._coefficients.sub_(self._rates * factor * self._velocity)

    def finish(self) -> None:
        """Bring the weights to where the steps have led."""
        flat = self._coefficients.flatten(1)
        change = torch.cat([self._known.T @ flat, flat.sum(dim=0, keepdim=True)])
        self.weights.add_(change.view_as(self.weights))
        self._coefficients.zero_()
