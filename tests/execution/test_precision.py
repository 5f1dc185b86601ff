"""Both precision policies in whole tiny cells of every kind, on a CPU; not run on a GPU."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch.backends import cudnn

from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from benchmark.execution.precision import computed_by, lay_out
from benchmark.specs import EXACT, FAST
from tests.support.task_trials import Trial, fake_root, small_task

KINDS = {
    'classification': 'food101',
    'segmentation': 'ade20k',
    'detection': 'coco-detection',
    'pose': 'coco-pose',
    'depth': 'nyuv2',
    'tracking': 'got10k',
    'mot': 'mot17',
}
SEEN: dict[str, list[Any]] = {}


@HOOKS.register_module()
class WatchFormats(Hook):
    """Notes the formats that the first product of matrices or convolution of a head hands out."""

    def __init__(self, name: str) -> None:
        self._seen = SEEN.setdefault(name, [])

    def before_train(self, runner: Runner) -> None:
        """Begin to watch."""
        kinds = (torch.nn.Linear, torch.nn.Conv2d)
        parts = runner.model.named_modules()
        heads = [m for n, m in parts if isinstance(m, kinds) and not n.startswith('backbone.')]
        heads[-1].register_forward_hook(
            lambda module, inputs, output: self._seen.append((module.training, output.dtype))
        )


def outcome(kind: str, folder: Path, policy: str) -> Outcome:
    name = KINDS[kind]
    work = folder / policy
    trial = Trial(small_task(name), fake_root(name, folder), work, policy=policy)
    config = trial.config()
    hook = {'type': 'WatchFormats', 'name': str(work)}
    torch.manual_seed(0)
    return execute({**config, 'custom_hooks': [*config['custom_hooks'], hook]}, work)


@pytest.mark.parametrize('kind', KINDS)
def test_fast_trains_backbone_and_head_in_bfloat16_and_tests_in_single(
    kind: str, tmp_path: Path
) -> None:
    exact, fast = (outcome(kind, tmp_path, policy) for policy in (EXACT, FAST))
    formats = set(SEEN[str(tmp_path / FAST)])
    assert (True, torch.bfloat16) in formats
    assert (True, torch.float32) not in formats
    assert (False, torch.bfloat16) not in formats
    assert {dtype for _, dtype in SEEN[str(tmp_path / EXACT)]} == {torch.float32}
    # the first step starts from the same weights and pictures: eight bits of mantissa apart; of
    # detectors other regions may be drawn
    first, cast = exact.curves['loss'][0], fast.curves['loss'][0]
    assert math.isfinite(cast)
    assert cast == pytest.approx(first, rel=0.1)
    assert fast.raw.keys() == exact.raw.keys()
    assert all(math.isfinite(value) for value in fast.raw.values())
    assert fast.proof['head_learned']


def test_fast_lets_go_of_what_it_set() -> None:
    before = torch.get_float32_matmul_precision(), cudnn.allow_tf32, cudnn.benchmark
    with computed_by({'precision': {'tf32': True}}):
        assert torch.get_float32_matmul_precision() == 'high'
        assert cudnn.allow_tf32
    with computed_by({}):
        # torch's own default would let convolutions use TF32
        assert (torch.get_float32_matmul_precision(), cudnn.allow_tf32) == ('highest', False)
    assert (torch.get_float32_matmul_precision(), cudnn.allow_tf32, cudnn.benchmark) == before


def test_kernels_lie_with_the_channels_last() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8))
    images = torch.randn(2, 3, 8, 8)
    exact = network(images)
    lay_out(network, {})
    assert not network[0].weight.is_contiguous(memory_format=torch.channels_last)
    lay_out(network, {'precision': {'channels_last': True}})
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    found = network(images)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found, exact, atol=1e-5)
