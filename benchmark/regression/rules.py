"""The rules by which a night is judged, from what a user asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmark.errors import BenchmarkError, unknown_name
from benchmark.regression.accepted import read_accepted
from benchmark.regression.compare import Margin, Rules
from benchmark.statistics.decisions import Correction, Levels


def make_rules(
    *,
    accepted: Path | None = None,
    margin: Sequence[str] = (),
    correction: str = 'holm',
    time_limit: float = 1.5,
    memory_limit: float = 1.25,
) -> Rules:
    """Return the rules that are asked for.

    Args:
        accepted: TOML file of shifts that are right.
        margin: drops that do not matter: a share of the baseline as ``'1%'``, or ``'METRIC=X'``
            in the metric's canonical unit.
        correction: for many comparisons at once: ``'holm'``, ``'bh'`` or ``'none'``.
        time_limit: ratio to the baseline's seconds beyond which a cell is too slow.
        memory_limit: ratio to the baseline's memory beyond which a cell takes too much.

    Raises:
        BenchmarkError: a limit or a margin is out of its range, or the file cannot be read.
    """
    for name, limit in (('--time-limit', time_limit), ('--memory-limit', memory_limit)):
        if not limit >= 1:
            raise BenchmarkError(f'{name} is {limit}, must be a ratio from 1')
    if correction not in set(Correction):
        raise unknown_name('correction', correction, tuple(Correction))
    return Rules(
        levels=Levels(correction=Correction(correction)),
        margin=_margin(margin),
        limits={'seconds': time_limit, 'memory_mb': memory_limit},
        accepted=read_accepted(accepted) if accepted else (),
    )


def check_margin(margin: Margin, known: Iterable[str]) -> None:
    """Refuse a margin of a metric that no cell has: it would do nothing.

    Raises:
        BenchmarkError: names the metric and those that are known.
    """
    keys = sorted(set(known))
    for key in margin.by_metric:
        if key not in keys:
            raise BenchmarkError(f'--margin {unknown_name("headline metric", key, keys)}')


def _margin(texts: Sequence[str]) -> Margin:
    by_metric: dict[str, float] = {}
    share = 0.0
    for text in texts:
        key, equals, number = text.rpartition('=')
        try:
            if equals:
                by_metric[key] = _not_negative(number)
            elif text.endswith('%'):
                share = _not_negative(text.removesuffix('%')) / 100
            else:
                raise ValueError
        except ValueError:
            raise BenchmarkError(
                f"--margin '{text}' must be a share as in 1% or METRIC=X with X from 0"
            ) from None
    return Margin(by_metric, share)


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < float('inf'):
        raise ValueError(text)
    return number
