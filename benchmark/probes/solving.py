"""All trials of a probe on collected features, or on batches that arrive one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.probes.cache import Collected
from benchmark.probes.heads import LinearHeads, LinearHeadsOnRows
from benchmark.probes.neighbours import nearest, votes
from benchmark.probes.reading import Choices, Whitening, chunks
from benchmark.probes.readouts import Readout, Score, Targets

Trial = dict[str, Any]
"""What a trial was, and its score under ``'score'``."""

Predictor = Callable[[Tensor], Tensor]
"""From all features (n, D) to the chosen trial's outputs (n, K)."""

_SCORED_AT_ONCE = 2048
_BANK = 100_000
"""Cells that a bank of neighbours holds at most; drawn evenly from a larger one."""


@dataclass(frozen=True)
class Solved:
    """All trials of a probe, and how the chosen one predicts.

    Attributes:
        trials: each with its score.
        chosen: index of the chosen one.
        predict: from features to outputs.
        curves: losses along the training by name.
    """

    trials: list[Trial]
    chosen: int
    predict: Predictor
    curves: dict[str, list[float]] = field(default_factory=dict)


def choose(trials: Sequence[Trial], readout: Readout) -> int:
    """Return the index of the best trial, the first of equals.

    Raises:
        BenchmarkError: every trial diverged.
    """
    sign = 1 if readout.higher_is_better else -1
    finite = [i for i, trial in enumerate(trials) if trial['score'] is not None]
    if not finite:
        raise BenchmarkError('every trial of the probe diverged: lower its learning rates')
    return max(finite, key=lambda i: (sign * trials[i]['score'], -i))


def flat(collected: Collected, rows: Sequence[int] | slice | Tensor) -> tuple[Tensor, Tensor]:
    """Return features (n, D) and packed targets (n, P) of pictures, cell after cell."""
    values, targets = collected.values[rows], collected.targets[rows]
    return values.reshape(-1, values.shape[-1]), targets.reshape(-1, targets.shape[-1])


# --- neighbours ------------------------------------------------------------------------------


def solve_neighbours(
    collected: Collected,
    readout: Readout,
    *,
    held_out: Sequence[int],
    neighbours: Sequence[int],
    temperatures: Sequence[float],
) -> Solved:
    """Return all pairs of a number of neighbours and a temperature, for every choice of features.

    Trials are scored on the pictures ``held_out`` with all others as the bank; the chosen one then
    predicts from all.

    Args:
        collected: features and targets of all training pictures.
        readout: what is predicted, and how it is scored.
        held_out: places of the pictures that score the trials.
        neighbours: numbers of neighbours to try.
        temperatures: temperatures to try.
    """
    kept = sorted(set(range(len(collected.values))) - set(held_out))
    bank, known = _subsample(*flat(collected, kept))
    queries, asked = flat(collected, held_out)
    counts = [k for k in neighbours if k <= len(bank)] or [len(bank)]
    trials: list[Trial] = []
    for name, columns in _nearest_choices(collected.choices).items():
        scores = _scored_votes(
            readout,
            (bank[:, columns], known),
            (queries[:, columns], asked),
            neighbours=counts,
            temperatures=temperatures,
        )
        named = [(k, t) for k in counts for t in temperatures]
        trials += [
            {'features': name, 'neighbours': k, 'temperature': t, 'score': score}
            for (k, t), score in zip(named, scores, strict=True)
        ]
    chosen = choose(trials, readout)
    whole_bank, whole_known = _subsample(*flat(collected, slice(None)))
    best = trials[chosen]
    columns = collected.choices[best['features']]
    keys, values = whole_bank[:, columns].float(), readout.unpack(whole_known).values

    def predict(features: Tensor) -> Tensor:
        found = nearest(features[:, columns].float(), keys, best['neighbours'])
        return votes(found, values, [best['neighbours']], [best['temperature']])[:, 0]

    return Solved(trials, chosen, predict)


def _nearest_choices(choices: Choices) -> Choices:
    """Return the choices from the last block alone: the class token and the mean, or the cells."""
    last = {name: columns for name, columns in choices.items() if name.endswith('1')}
    if not last:
        raise IncompatibleError(
            f'neighbours are looked for in features of the last block alone; features are '
            f"{sorted(choices)}, one must end in '1', as 'mean1'"
        )
    return last


def _subsample(values: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    step = math.ceil(len(values) / _BANK)
    return values[::step], targets[::step]


def _scored_votes(
    readout: Readout,
    bank: tuple[Tensor, Tensor],
    asked: tuple[Tensor, Tensor],
    *,
    neighbours: Sequence[int],
    temperatures: Sequence[float],
) -> list[Score]:
    tally = readout.tally(len(neighbours) * len(temperatures))
    keys, values = bank[0].float(), readout.unpack(bank[1]).values
    queries, targets = asked
    for part in chunks(len(queries), _SCORED_AT_ONCE):
        found = nearest(queries[part].float(), keys, max(neighbours))
        tally.add(votes(found, values, neighbours, temperatures), readout.unpack(targets[part]))
    return tally.scores()


# --- linear heads ----------------------------------------------------------------------------


class Sweep:
    """Linear heads for every choice of features and learning rate, trained on the same batches.

    Args:
        width: how many columns the features have.
        choices: those that are tried, by name.
        readout: what is predicted.
        rates: learning rates.
        momentum: of the descent.
        iterations: after how many the rates reach 0, along a cosine.
        seed: of the initial weights.
        device: where to train.
        whitening: of the features, if it is known already.
        known: features (N, D) of all that will train, if they are so few that it pays.
    """

    def __init__(
        self,
        width: int,
        choices: Choices,
        readout: Readout,
        *,
        rates: Sequence[float],
        momentum: float,
        iterations: int,
        seed: int,
        device: torch.device | str = 'cpu',
        whitening: Whitening | None = None,
        known: Tensor | None = None,
    ) -> None:
        self._choices = choices
        self._readout = readout
        self._rates = tuple(rates)
        self._iterations = iterations
        self._done = 0
        self.whitening = whitening or Whitening(width, device)
        about: dict[str, Any] = {
            'momentum': momentum,
            'generator': torch.Generator().manual_seed(seed),
            'device': device,
        }
        normal = None if known is None else self.whitening(known.float())
        self._heads: dict[str, LinearHeads] = {}
        for name, columns in choices.items():
            count = columns.stop - columns.start
            if normal is not None and len(normal) < count:
                own = normal[:, columns]
                self._heads[name] = LinearHeadsOnRows(own, readout.outputs, rates, **about)
            else:
                self._heads[name] = LinearHeads(count, readout.outputs, rates, **about)

    def step(self, features: Tensor, targets: Targets, rows: Tensor | None = None) -> None:
        """Train every head on features (n, D), which are these ``rows`` (n,) of the known ones."""
        factor = (1 + math.cos(math.pi * self._done / self._iterations)) / 2
        normal: Tensor | None = None

        def gradient(outputs: Tensor) -> Tensor:
            return self._readout.gradient(outputs, targets)

        for name, heads in self._heads.items():
            if isinstance(heads, LinearHeadsOnRows) and rows is not None:
                heads.step_on(rows, gradient, factor=factor)
                continue
            normal = self.whitening(features.float()) if normal is None else normal
            heads.step(normal[:, self._choices[name]], gradient, factor=factor)
        self._done += 1

    def solve(self, batches: Iterable[tuple[Tensor, Tensor]]) -> Solved:
        """Return all trials, scored on batches of features (n, D) and packed targets (n, P)."""
        for heads in self._heads.values():
            if isinstance(heads, LinearHeadsOnRows):
                heads.finish()
        tallies = {name: self._readout.tally(len(self._rates)) for name in self._choices}
        for features, packed in batches:
            normal, targets = self.whitening(features.float()), self._readout.unpack(packed)
            for name, columns in self._choices.items():
                tallies[name].add(self._heads[name](normal[:, columns]), targets)
        trials: list[Trial] = [
            {'features': name, 'lr': rate, 'score': score}
            for name, tally in tallies.items()
            for rate, score in zip(self._rates, tally.scores(), strict=True)
        ]
        chosen = choose(trials, self._readout)
        return Solved(trials, chosen, self._predictor(trials[chosen]))

    def _predictor(self, trial: Mapping[str, Any]) -> Predictor:
        name, index = trial['features'], self._rates.index(trial['lr'])
        columns, heads = self._choices[name], self._heads[name]

        def predict(features: Tensor) -> Tensor:
            normal = self.whitening(features.float())[:, columns]
            return heads(normal, slice(index, index + 1))[:, 0]

        return predict


def solve_linear(
    collected: Collected,
    readout: Readout,
    *,
    held_out: Sequence[int],
    rates: Sequence[float],
    momentum: float,
    iterations: int,
    batch_size: int,
    seed: int,
) -> Solved:
    """Return all heads, trained on the pictures that are not ``held_out`` and scored on those.

    Args:
        collected: features and targets of all training pictures.
        readout: what is predicted, and how it is scored.
        held_out: places of the pictures that score the heads.
        rates: learning rates, one head each.
        momentum: momentum of stochastic gradient descent.
        iterations: steps of training.
        batch_size: pictures per step.
        seed: seed of the initial heads and of the order of pictures.
    """
    kept = torch.tensor(sorted(set(range(len(collected.values))) - set(held_out)))
    device = collected.values.device
    whitening = Whitening(collected.values.shape[-1], device)
    for part in chunks(len(kept), _SCORED_AT_ONCE):
        whitening.add(flat(collected, kept[part])[0])
    sweep = Sweep(
        collected.values.shape[-1],
        collected.choices,
        readout,
        rates=rates,
        momentum=momentum,
        iterations=iterations,
        seed=seed,
        device=device,
        whitening=whitening,
        known=_few(collected, kept),
    )
    order = _endless(len(kept), torch.Generator().manual_seed(seed))
    for _ in range(iterations):
        rows = torch.tensor([next(order) for _ in range(min(batch_size, len(kept)))])
        values, packed = flat(collected, kept[rows])
        sweep.step(values, readout.unpack(packed), rows.to(device))
    scored = torch.tensor(held_out)
    return sweep.solve(
        flat(collected, scored[part]) for part in chunks(len(scored), _SCORED_AT_ONCE)
    )


def _few(collected: Collected, kept: Tensor) -> Tensor | None:
    """Return the features (N, D) of the pictures ``kept``, unless they are too many to gain.

    Cells always are.
    """
    is_few = collected.values.ndim == 2 and len(kept) < collected.values.shape[-1]
    return collected.values[kept] if is_few else None


def _endless(count: int, generator: torch.Generator) -> Iterator[int]:
    while True:
        yield from torch.randperm(count, generator=generator).tolist()
