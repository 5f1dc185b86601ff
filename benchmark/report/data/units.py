"""How numbers are printed: decimals, unit signs and arrows for the better direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.specs import Metric, Unit
from benchmark.wording import count_noun as count_noun

_DECIMALS = {Unit.PERCENT: 1, Unit.FRACTION: 1, Unit.METRE: 3, Unit.PIXEL: 2, Unit.NONE: 3}
_FORMATS = {unit: f'%.{places}f' for unit, places in _DECIMALS.items()}
_SIGNS = {Unit.PERCENT: '%', Unit.FRACTION: '%', Unit.METRE: 'm', Unit.PIXEL: 'px', Unit.NONE: ''}

MINUS = '\N{MINUS SIGN}'

NO_SCORE = '\N{EN DASH}'
"""Shown in place of a missing number."""

NOT_RUN = 'not run'
"""Shown in the column of a task that a suite asks for and that has not run."""


def show(value: float, unit: Unit) -> str:
    """Return a canonical value with the decimals of its unit, without the unit's sign."""
    text = _FORMATS[unit] % value
    # what rounds to nothing has no sign
    return text if value >= 0 or float(text) else text.lstrip('-')


def decimals(unit: Unit) -> int:
    """Return the number of decimals with which values of a unit are printed."""
    return _DECIMALS[unit]


def sign(unit: Unit) -> str:
    """Return the sign of the canonical unit, as ``'%'``; empty if it has no sign."""
    return _SIGNS[unit]


def show_with_sign(value: float, unit: Unit) -> str:
    """Return a canonical value with the decimals and the sign of its unit, as ``'24.0 %'``."""
    return f'{show(value, unit)} {sign(unit)}'.rstrip()


def difference(value: float, unit: Unit) -> str:
    """Return a difference with its unit; differences of percentages are points."""
    is_percentage = unit in (Unit.PERCENT, Unit.FRACTION)
    return f'{show(value, unit)} points' if is_percentage else show_with_sign(value, unit)


def show_interval(mean: float, sd: float | None, unit: Unit) -> str:
    """Return ``'mean ± sd'``, or the mean alone where the spread is unknown."""
    return show(mean, unit) if sd is None else f'{show(mean, unit)} ± {show(sd, unit)}'


def show_change(value: float, unit: Unit) -> str:
    """Return a difference with its sign and the decimals of its unit, with a true minus."""
    decimals = _DECIMALS[unit]
    return f'{round(value, decimals) + 0.0:+.{decimals}f}'.replace('-', '\N{MINUS SIGN}')


def heading(metric: Metric) -> str:
    """Return the metric's title, its canonical unit and an arrow to the better side."""
    unit = f' ({sign(metric.unit)})' if sign(metric.unit) else ''
    return f'{metric.title or metric.key}{unit} {arrow(metric)}'


def arrow(metric: Metric) -> str:
    """Return an upward arrow where higher is better, else a downward one."""
    return '↑' if metric.higher_is_better else '↓'


def listing(names: Sequence[str], last: str = 'and') -> str:
    """Return names as English text: ``'a'``, ``'a and b'``, ``'a, b and c'``.

    Names that contain commas are separated by semicolons: ``'a, b; c, d; and e'``.
    """
    between = _separator(names)
    joint = f'; {last} ' if between == '; ' else f' {last} '
    return joint.join(filter(None, [between.join(names[:-1]), *names[-1:]]))


def row(names: Sequence[str]) -> str:
    """Return names one after the other: ``'a, b'``, or ``'a, b; c'`` where one holds a comma."""
    return _separator(names).join(names)


def _separator(names: Sequence[str]) -> str:
    return '; ' if any(',' in name for name in names) else ', '


def interval_text(found: Mapping[str, Any] | None, digits: int = 2) -> str | None:
    """Return a mean with its interval, as ``0.89 (0.77 to 1.01)``; ``None`` where unknown."""
    if found is None or found.get('mean') is None:
        return None
    mean, low, high = (found.get(key) for key in ('mean', 'low', 'high'))
    bounds = '' if low is None or high is None else f' ({low:.{digits}f} to {high:.{digits}f})'
    return f'{mean:.{digits}f}{bounds}'.replace('-', MINUS)


def value_text(value: float | str | None) -> str:
    """Return a number with three significant digits, a text as it is, else a dash."""
    if value is None or value == '':
        return NO_SCORE
    return value if isinstance(value, str) else f'{value:.3g}'.replace('-', MINUS)
