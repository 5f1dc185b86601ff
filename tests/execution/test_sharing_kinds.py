"""A cell of every kind in two processes, beside the same in one, and the same after a kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.ranks import train_in
from tests.support.task_trials import Trial, fake_root, small_task

from .test_continuation import KINDS

STEPS = 3
CHANGES: dict[str, Any] = {'iterations': STEPS, 'batch_size': 4, 'drop_path': 0.3}


@pytest.mark.parametrize('kind', KINDS)
def test_two_processes_train_like_one(kind: str, tmp_path: Path) -> None:
    """Pictures are equal to the bit, losses and weights but for the order of sums.

    Killed and started again, two processes end with what they have if nothing happens, to the bit.
    """
    task, data = small_task(KINDS[kind]), fake_root(KINDS[kind], tmp_path)
    config = Trial(task, data, tmp_path, changes=CHANGES).config()
    config = {key: value for key, value in config.items() if not key.startswith('test_')}
    for hook in config['custom_hooks']:
        if hook['type'] == 'benchmark.LossHistory':
            hook['interval'] = 1
    config['default_hooks']['checkpoint']['interval'] = 1
    one, two = (train_in(count, config, tmp_path / str(count)) for count in (1, 2))
    again = train_in(2, config, tmp_path / 'again', killed_after=2)
    assert again.curves == two.curves
    assert again.weights.keys() == two.weights.keys()
    assert all(torch.equal(again.weights[name], two.weights[name]) for name in two.weights)
    for step in range(STEPS):
        shares = [rank[step] for rank in two.inputs]
        whole = one.inputs[0][step]
        # of a tracker, templates come before search regions
        parts = 2 if kind == 'tracking' else 1
        size = len(whole) // parts // 2
        together = [
            share[part * size + i] for part in range(parts) for share in shares for i in range(size)
        ]
        assert len(whole) == len(together)
        assert all(torch.equal(a, b) for a, b in zip(whole, together, strict=True))
    assert len(one.curves['loss']) == STEPS
    for name, values in one.curves.items():
        assert two.curves[name] == pytest.approx(values, rel=1e-4), name
    for name, tensor in one.weights.items():
        # a hundredth of how far the optimiser moves a weight in a step
        torch.testing.assert_close(two.weights[name], tensor, rtol=1e-5, atol=1e-5, msg=name)
