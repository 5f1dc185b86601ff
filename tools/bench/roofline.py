"""What bounds a training step of each kind: operations or memory, here and (computed) on a GPU.

    python tools/bench/roofline.py [--kinds KIND ...] [--backbone ID] [--data-root DIR] [--steps 5]

Operations are counted by torch while a step is made. Bytes are a lower bound: activations that the
backward pass needs are written and read once, weights, gradients and the two moments of AdamW as
often as one step needs. This machine's limits are measured: a product of large matrices, and a copy
of memory, on one thread. Those of GPUs are their makers' (bfloat16, dense); their times are
computed from the same counts, and nothing was run on them.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from common import KINDS, compiled, machine, print_table, timed
from mmengine.runner import Runner
from torch.utils.flop_counter import FlopCounterMode

from benchmark.execution.execute import _runner
from benchmark.openmmlab import prepare

OPTIMISER_PASSES = 10
"""Weights are read twice and written once, gradients written and read, moments read and written,
and gradients set to zero; in numbers of the weights' size."""

GPUS = {'H100 SXM': (989e12, 3.35e12), 'H200': (989e12, 4.8e12)}
"""Operations per second in bfloat16, bytes per second."""


class Step(NamedTuple):
    """A training step: operations, bytes that must move, and seconds here."""

    flops: float
    moved: float
    seconds: float


def main() -> None:
    """Measure the machine and every kind, and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--kinds', nargs='+', choices=KINDS, default=tuple(KINDS))
    parser.add_argument('--backbone', default='world-vit-random')
    parser.add_argument('--steps', type=int, default=5)
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    options = parser.parse_args()
    prepare()
    torch.set_num_threads(1)
    peak, bandwidth = _peak(), _bandwidth()
    print(machine(), end='\n\n')
    print(f'One thread: {peak / 1e9:.0f} G operations/s, {bandwidth / 1e9:.1f} GB/s', end='\n\n')
    heads = (
        'kind', 'G operations', 'MB', 'operations/byte', 'step (ms)', 'bound (ms)', 'of the bound',
        *(f'{name}, computed (us)' for name in GPUS),
    )  # fmt: skip
    print_table(heads, (_row(kind, options, peak, bandwidth) for kind in options.kinds))


def _row(
    kind: str, options: argparse.Namespace, peak: float, bandwidth: float
) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory() as folder, _silent():
        step = _measured(kind, options, Path(folder))
    bound = max(step.flops / peak, step.moved / bandwidth)
    computed = (max(step.flops / flops, step.moved / moved) for flops, moved in GPUS.values())
    return (
        kind, f'{step.flops / 1e9:.1f}', f'{step.moved / 1e6:.0f}',
        f'{step.flops / step.moved:.0f}', f'{1e3 * step.seconds:.0f}', f'{1e3 * bound:.0f}',
        f'{bound / step.seconds:.0%}', *(f'{1e6 * seconds:.0f}' for seconds in computed),
    )  # fmt: skip


def _measured(kind: str, options: argparse.Namespace, folder: Path) -> Step:
    config = compiled(KINDS[kind], options.backbone, data_root=options.data_root, work=folder)
    for module in config['custom_imports']:
        importlib.import_module(module)
    runner: Any = _runner(config, folder)
    loader = Runner.build_dataloader(runner._train_dataloader, seed=0)
    batch = next(iter(loader))
    model = runner.model.train()
    wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    wrapper.initialize_count_status(model, 0, options.steps)

    def step() -> None:
        model.train_step(batch, optim_wrapper=wrapper)

    step()
    seconds = statistics.median(timed(step, time.process_time) for _ in range(options.steps))
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    counter = FlopCounterMode(display=False)
    with counter, torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        step()
    weights = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    return Step(
        counter.get_total_flops(), 2 * sum(kept.values()) + OPTIMISER_PASSES * weights, seconds
    )


def _peak() -> float:
    side = 1024
    a, b = torch.randn(side, side), torch.randn(side, side)
    seconds = min(timed(lambda: a @ b, time.process_time) for _ in range(10))
    return 2 * side**3 / seconds


def _bandwidth() -> float:
    source = torch.ones(2**26)
    target = torch.empty_like(source)
    seconds = min(timed(lambda: target.copy_(source), time.process_time) for _ in range(10))
    return 2 * source.nbytes / seconds


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
    logging.disable(logging.NOTSET)


if __name__ == '__main__':
    main()
