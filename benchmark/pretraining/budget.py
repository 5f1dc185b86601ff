"""The length of a pretraining, also relative to another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from benchmark.errors import DeclarationError

Unit = Literal['epochs', 'steps', 'seconds']
UNITS: tuple[Unit, ...] = get_args(Unit)

_FEWEST_STEPS = 4
"""With fewer the learning rate could not rise and fall."""


@dataclass(frozen=True)
class Budget:
    """The length of a pretraining in epochs, steps, or seconds of wall-clock or processor time.

    ``like`` names the pretraining whose budget this is; it is empty for one of its own.
    """

    unit: Unit | Literal['cpu_seconds']
    amount: float
    like: str = ''

    def __post_init__(self) -> None:
        """Validate the budget."""
        if not 0 < self.amount < float('inf'):
            raise DeclarationError(f'{self.unit} is {self.amount:g}, must be above 0')

    @property
    def is_time(self) -> bool:
        """Whether the budget is in seconds, so that the number of steps depends on their pace."""
        return self.unit in ('seconds', 'cpu_seconds')

    def passes(self, pictures: int, batch_size: int, pace: float) -> int:
        """Return how many pictures are seen in all, ``pace`` being the seconds of a step.

        Raises:
            DeclarationError: they are too few for a training.
        """
        if self.unit == 'epochs':
            passes = round(self.amount * pictures)
        elif self.unit == 'steps':
            passes = round(self.amount) * batch_size
        else:
            passes = max(_FEWEST_STEPS, round(self.amount / pace)) * batch_size
        if passes < _FEWEST_STEPS * batch_size:
            raise DeclarationError(
                f'{self.amount:g} {self.unit} are {passes // batch_size} steps of {batch_size} '
                f'pictures, at least {_FEWEST_STEPS} are needed'
            )
        return passes


def budget_like(unit: Unit, facts: dict[str, Any]) -> Budget:
    """Return the budget that another pretraining used, from its record ``facts``.

    The time of one on a CPU is that of the processor, which others on the machine do not change.
    """
    if unit == 'seconds' and facts['cost']['device'] == 'cpu' and 'cpu_seconds' in facts:
        return Budget('cpu_seconds', facts['cpu_seconds'], facts['name'])
    return Budget(unit, facts[unit], facts['name'])
