"""Where the time of a training goes, for each kind, beside mmengine's runner and a bare loop.

    python tools/bench/cells.py [--kinds KIND ...] [--backbone ID] [--steps 30] [--repeats 3]
        [--data-root DIR] [--busy]

Three ways to make the same steps from the same compiled configuration, one after the other in each
round: ours (`execute`, without its test), mmengine's `Runner` with its own hooks alone, and a loop
over batches that lie in memory. Columns: seconds of ours; its ratio to the two others; the share of
forward, backward and optimiser steps in ours; seconds to build our runner; the memory that a
training added to the process. With --busy processor time is counted, on a machine that does other
work too.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import logging
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MethodType
from typing import Any

import torch
from common import KINDS, compiled, machine, print_table
from mmengine.config import Config
from mmengine.runner import Runner

from benchmark.compiling import FIXED_VIEWS, LOADERS, PACKAGES, PRECISION
from benchmark.execution.execute import _runner
from benchmark.kinds.base import Config as Plain
from benchmark.openmmlab import prepare

_IN_MEMORY = 8
_WARM_UP = 2

Clock = Callable[[], float]


def main() -> None:
    """Measure every kind and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--kinds', nargs='+', choices=KINDS, default=tuple(KINDS))
    parser.add_argument('--backbone', default='world-vit-random')
    parser.add_argument('--steps', type=int, default=30)
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    parser.add_argument('--busy', action='store_true')
    options = parser.parse_args()
    prepare()
    torch.set_num_threads(1)
    print(machine(), end='\n\n')
    heads = (
        'kind', 'ours (s)', 'over Runner', 'over bare loop', 'forward', 'backward', 'step',
        'build (s)', 'memory (MB)',
    )  # fmt: skip
    print_table(heads, (_row(kind, options) for kind in options.kinds))


def _row(kind: str, options: argparse.Namespace) -> tuple[object, ...]:
    clock = time.process_time if options.busy else time.perf_counter
    with tempfile.TemporaryDirectory() as folder, _silent():
        bench = _Bench(kind, options, Path(folder), clock)
        rounds = [bench.round() for _ in range(options.repeats)]
    ours, runner, loop, build, *parts = (
        statistics.median(values) for values in zip(*rounds, strict=True)
    )
    over_runner = statistics.median(r[0] / r[1] for r in rounds)
    over_loop = statistics.median(r[0] / r[2] for r in rounds)
    shares = [f'{part / ours:.1%}' for part in parts]
    del runner, loop
    return (
        kind, f'{ours:.2f}', f'{over_runner:.3f}', f'{over_loop:.3f}', *shares, f'{build:.2f}',
        f'{bench.memory:.0f}',
    )  # fmt: skip


class _Bench:
    def __init__(self, kind: str, options: argparse.Namespace, folder: Path, clock: Clock) -> None:
        self._clock, self._steps, self._folder, self._count = clock, options.steps, folder, 0
        self._config = compiled(
            KINDS[kind],
            options.backbone,
            data_root=options.data_root,
            work=folder,
            iterations=options.steps,
        )
        for module in self._config['custom_imports']:
            importlib.import_module(module)
        self.memory = 0.0
        self._loop()  # what is paid for once per process is no part of a cell

    def round(self) -> tuple[float, ...]:
        """Return seconds of ours, of the runner and of the loop, of building, and by part."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ours, build, parts = self._ours()
        self.memory = max(
            self.memory, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        )
        return ours, self._runner(), self._loop(), build, *parts

    def _place(self) -> Path:
        self._count += 1
        place = self._folder / str(self._count)
        place.mkdir()
        return place

    def _ours(self) -> tuple[float, float, tuple[float, float, float]]:
        start = self._clock()
        runner = _runner(self._config, self._place())
        built = self._clock()
        parts = _Parts(runner, self._clock)
        runner.train()
        ended = self._clock()
        return ended - built, built - start, parts.seconds

    def _runner(self) -> float:
        runner = self._bare_runner()
        start = self._clock()
        runner.train()
        return self._clock() - start

    def _bare_runner(self) -> Any:
        place = self._place()
        config: Plain = {
            **self._config,
            'custom_hooks': [],
            'work_dir': str(place),
            'experiment_name': f'{self._folder.name}_{place.name}',
        }
        for key in ('custom_imports', 'test_dataloader', 'test_cfg', 'test_evaluator', 'resume'):
            config.pop(key, None)
        for key in (PACKAGES, FIXED_VIEWS, LOADERS, PRECISION):
            config.pop(key, None)
        # without our data set around it, which draws each sample for its turn
        sampler = {'type': 'InfiniteSampler', 'shuffle': True}
        config['train_dataloader'] = {**config['train_dataloader'], 'sampler': sampler}
        hooks = dict(config['default_hooks'])
        hooks['checkpoint'] = {**hooks['checkpoint'], 'interval': self._steps + 1}
        hooks['checkpoint'].pop('out_dir', None)
        return Runner(**Config({**config, 'default_hooks': hooks}))

    def _loop(self) -> float:
        runner = self._bare_runner()
        loader = runner.build_dataloader(runner._train_dataloader, seed=0)
        batches = [batch for batch, _ in zip(loader, range(_IN_MEMORY), strict=False)]
        model = runner.model.train()
        wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        wrapper.initialize_count_status(model, 0, self._steps)
        start = self._clock()
        for step in range(self._steps):
            model.train_step(batches[step % len(batches)], optim_wrapper=wrapper)
        return self._clock() - start


class _Parts:
    """Seconds of forward passes, backward passes and steps of a runner's training."""

    def __init__(self, runner: Any, clock: Clock) -> None:
        self._clock, self._spent = clock, [0.0, 0.0, 0.0]
        self._watch(runner.model, '_run_forward', 0)
        build = runner.build_optim_wrapper

        def built(config: Any) -> Any:
            wrapper = build(config)
            self._watch(wrapper, 'backward', 1)
            self._watch(wrapper, 'step', 2)
            return wrapper

        runner.build_optim_wrapper = built

    @property
    def seconds(self) -> tuple[float, float, float]:
        forward, backward, step = self._spent
        return forward, backward, step

    def _watch(self, owner: Any, name: str, place: int) -> None:
        own = getattr(owner, name)

        def watched(_: Any, *arguments: Any, **named: Any) -> Any:
            start = self._clock()
            try:
                return own(*arguments, **named)
            finally:
                self._spent[place] += self._clock() - start

        # a method: schedulers count the steps of one
        setattr(owner, name, MethodType(watched, owner))


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
    logging.disable(logging.NOTSET)


if __name__ == '__main__':
    main()
