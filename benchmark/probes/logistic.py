"""Logistic regression on frozen features: a grid of penalties, the chosen one fitted to all."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from benchmark.probes.cache import Collected
from benchmark.probes.reading import Choices
from benchmark.probes.readouts import Readout
from benchmark.probes.solving import Predictor, Solved, Trial, choose, flat

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

_TOLERANCE = 1e-5
"""Largest slope of the mean loss at which a fit has converged, a tenth of scikit-learn's own."""

_USUAL = ('class1', 'mean1')
"""What is read where the recipe names nothing: the class token of the last block, else its mean."""

_NEVER = -1e4
"""The logit of a class without examples: finite, since what is not counts as divergence."""


def solve_logistic(
    collected: Collected,
    readout: Readout,
    *,
    held_out: Sequence[int],
    strengths: Sequence[float],
    iterations: int,
    is_named: bool = False,
) -> Solved:
    """Return one multinomial regression per choice of features and inverse penalty C.

    Each minimises the sum of the cross-entropies plus |W|^2 / (2 C), the bias left free, by L-BFGS
    in double precision. Trials are scored on the pictures ``held_out`` after a fit to all others;
    the chosen one is fitted again to all pictures. Of equal scores the smaller C is taken.

    Args:
        collected: features (N, D) and labels (N, 1).
        readout: what is predicted.
        held_out: pictures that select.
        strengths: values of C.
        iterations: most steps of a fit.
        is_named: whether the recipe names the choices of features, all of which are then tried.
    """
    kept = sorted(set(range(len(collected.values))) - set(held_out))
    choices = collected.choices if is_named else _usual(collected.choices)
    trials: list[Trial] = []
    for name, columns in choices.items():
        values, packed = flat(collected, kept)
        queries, asked = flat(collected, held_out)
        fits = _Fits(values[:, columns], packed[:, 0], iterations)
        for strength in sorted(strengths):
            tally = readout.tally(1)
            outputs = fits.at(strength)(queries[:, columns], readout.outputs)
            tally.add(outputs[:, None], readout.unpack(asked))
            about = {'features': name, 'C': strength, 'score': tally.scores()[0]}
            trials.append({**about, 'steps': fits.steps})
    chosen = choose(trials, readout)
    best = trials[chosen]
    columns = collected.choices[best['features']]
    values, packed = flat(collected, slice(None))
    final = _Fits(values[:, columns], packed[:, 0], iterations).at(best['C'])

    def predict(features: Tensor) -> Tensor:
        return final(features[:, columns], readout.outputs)

    predictor: Predictor = predict
    return Solved(trials, chosen, predictor)


def _usual(choices: Choices) -> Choices:
    found = next((name for name in _USUAL if name in choices), None)
    return {found: choices[found]} if found else choices


class _Fits:
    """Regressions on the same features; each starts from the solution of the previous one.

    Args:
        values: features (n, D).
        labels: classes (n,).
        iterations: most steps of a fit.
    """

    def __init__(self, values: Tensor, labels: Tensor, iterations: int) -> None:
        from sklearn.linear_model import LogisticRegression  # seconds to import

        found = values.double().cpu()
        # the bias is free, so that the solution is the same; the way to it is shorter by half
        self._middle = found.mean(dim=0)
        self._data = (found - self._middle).numpy(), labels.long().cpu().numpy()
        self._model: Any = LogisticRegression(
            max_iter=iterations, tol=_TOLERANCE, solver='lbfgs', warm_start=True
        )
        self.steps = 0

    def at(self, strength: float) -> _Regression:
        """Return the regression with the inverse penalty ``strength``."""
        model: LogisticRegression = self._model.set_params(C=strength)
        with warnings.catch_warnings():
            # a fit that uses up its steps is a trial like any other; the record has their number
            warnings.simplefilter('ignore')
            model.fit(*self._data)
        self.steps = int(model.n_iter_[0])
        found = (model.coef_, model.intercept_, model.classes_)
        # cloned: the next fit starts from them, and writes into them
        return _Regression(self._middle, *(torch.from_numpy(part).clone() for part in found))


class _Regression:
    """Weights (K', D), bias (K',) and labels (K',) of a regression on features less ``middle``."""

    def __init__(self, middle: Tensor, weights: Tensor, bias: Tensor, labels: Tensor) -> None:
        if len(weights) == 1:  # of two classes the library keeps the odds alone
            weights = torch.cat([torch.zeros_like(weights), weights])
            bias = torch.cat([torch.zeros_like(bias), bias])
        self._middle, self._weights, self._bias, self._labels = middle, weights, bias, labels

    def __call__(self, features: Tensor, outputs: int) -> Tensor:
        """Return logits (n, ``outputs``); a class without any example is never predicted."""
        found = (features.double().cpu() - self._middle) @ self._weights.T + self._bias
        logits = torch.full((len(found), outputs), _NEVER, dtype=torch.float64)
        logits[:, self._labels] = found
        return logits.float().to(features.device)
