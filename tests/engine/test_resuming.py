"""How long steps take, over interruptions."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.engine import Spent, StepClock, resuming


def test_seconds_add_up_and_the_pace_is_the_median_of_late_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, runner = StepClock(), None
    checkpoint: dict[str, Any] = {'time_spent': (100.0, 10.0)}
    clock.after_load_checkpoint(runner, checkpoint)
    # the first three steps warm up; one of the others waits
    times = iter([(0, 0), (50, 5), (60, 6), (70, 7), (72, 8), (75, 9), (95, 10)])
    monkeypatch.setattr(resuming, '_now', lambda: Spent(*next(times)))
    clock.before_train(runner)
    for _ in range(6):
        clock.after_train_iter(runner)
    assert clock.spent == (195.0, 20.0)
    assert clock.pace == (3.0, 1.0)
    clock.before_save_checkpoint(runner, checkpoint)
    assert checkpoint == {'time_spent': (195.0, 20.0)}
