"""Schedules of the learning rate that mmengine lacks."""

from __future__ import annotations

from typing import Any

from mmengine.optim import _ParamScheduler

from benchmark.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class RiseAndFallLR(_ParamScheduler):
    """A rate that rises by a power of time and falls by the same, as MIM-Depth's training does.

    At step n of a rise over N steps each group's rate is ``floor + (1 - floor) * (n / N) ** power``
    of its peak, afterwards ``1 - (1 - floor) * (n / N - 1) ** power``, and never below ``floor``.
    Steps count from 1, so that none has the rate 0.

    Args:
        optimizer: whose rates are set.
        rise: steps until the peak.
        power: of both.
        floor: share of the peak at either end.
        arguments: those of mmengine's schedulers.
    """

    def __init__(
        self, optimizer: Any, *, rise: int, power: float, floor: float, **arguments: Any
    ) -> None:
        self._rise = rise
        self._power = power
        self._floor = floor
        super().__init__(optimizer, param_name='lr', **arguments)

    def _get_value(self) -> list[float]:
        share = self.share_at(self.last_step)
        return [value * share for value in self.base_values]

    def share_at(self, step: int) -> float:
        """Return the share of the peak at a step counted from 0."""
        time = (step + 1) / self._rise
        if time < 1:
            return self._floor + (1 - self._floor) * time**self._power
        fallen: float = 1 - (1 - self._floor) * (time - 1) ** self._power
        return max(self._floor, fallen)


@PARAM_SCHEDULERS.register_module()
class PeakLR(_ParamScheduler):
    """The peak of each group's rate at the step ``begin``, whatever it was before.

    mmengine's schedules start from the rate that they find. After the end of one, which may be 0,
    this lets the next one start from the peak.

    Args:
        optimizer: whose rates are set.
        arguments: those of mmengine's schedulers.
    """

    def __init__(self, optimizer: Any, **arguments: Any) -> None:
        super().__init__(optimizer, param_name='lr', **arguments)

    def _get_value(self) -> list[float]:
        if self.last_step:
            return [group[self.param_name] for group in self.optimizer.param_groups]
        return list(self.base_values)
