"""Compare recipes of a protocol on small data: every arm on every task and backbone.

Usage: python tools/sweep_recipes.py PROTOCOL --tasks T ... --backbones ID ... --arms ARM ...
       [--iterations N] [--seed N] [--test] [--data-root DIR] [--out FILE.csv]

An arm is fields of a recipe, as in lr=1e-3,whitened=True, or the word `default`. Each is trained
with the task's budget (or N iterations) and scored on the split `val`, or on `test` where there is
none or --test asks for it. With a frozen backbone all arms share one pass: each batch goes through
the backbone once, and then through every arm's head. The same command runs only what is missing.
"""

from __future__ import annotations

import argparse
import ast
import copy
import csv
import importlib
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner
from torch import nn

from benchmark.catalog import find_backbone, find_task
from benchmark.compiling import (
    WEIGHTS,
    WORK,
    CellInputs,
    compile_config,
    localise,
    on_validation,
)
from benchmark.compiling.compile import CODE
from benchmark.errors import BenchmarkError
from benchmark.execution.seeding import seed_everything
from benchmark.kinds.base import DATA
from benchmark.models.inspection import inspect_backbone
from benchmark.openmmlab import prepare
from benchmark.planning.data import locate
from benchmark.protocols import load_protocol
from benchmark.specs import Backbone, Role, RunSpec, Task
from benchmark.world import ensure_world

_FIELDS = ('protocol', 'task', 'backbone', 'arm', 'iterations', 'split', 'seed', 'metric', 'score')
_FIELDS += ('first_loss', 'last_loss', 'seconds')


class Arm(NamedTuple):
    """A recipe that is tried: its text, and what it changes."""

    text: str
    changes: dict[str, Any]

    @classmethod
    def read(cls, text: str) -> Arm:
        """Return the arm that ``text`` writes, as in ``'lr=1e-3,whitened=True'``."""
        pairs = (item.split('=', 1) for item in text.split(',') if item != 'default')
        return cls(text, {key: ast.literal_eval(value) for key, value in pairs})


class Shared(nn.Module):
    """A frozen backbone that several models ask for the maps of the same pictures."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.inner = backbone
        self._kept: list[Any] = []
        self._turn = 0

    def start_batch(self) -> None:
        """Forget the maps: other pictures follow."""
        self._kept = []

    def start_arm(self) -> None:
        """Begin again with the first maps of the batch."""
        self._turn = 0

    def forward(self, images: torch.Tensor) -> Any:
        """Return the maps, computed for the first arm alone."""
        if self._turn == len(self._kept):
            with torch.no_grad():
                self._kept.append(self.inner(images))
        self._turn += 1
        return self._kept[self._turn - 1]


class Trial:
    """One arm's model in training."""

    def __init__(self, config: dict[str, Any], seed: int, shared: Shared | None) -> None:
        seed_everything(seed)
        self.model: Any = MODELS.build(Config({'model': config['model']})['model'])
        self.model.init_weights()
        if shared is not None:
            self.model.backbone = shared
        wrapper = copy.deepcopy(config['optim_wrapper'])
        self.optimiser = Runner.build_optim_wrapper(_Asker(self.model), wrapper)
        steps, warm = config['train_cfg']['max_iters'], 0
        for part in config['param_scheduler']:
            warm = part['end'] if part['type'] == 'LinearLR' else warm
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser.optimizer, lambda step: _share(step, steps, warm)
        )
        self.losses: list[float] = []

    def learn(self, batch: Any) -> None:
        """Take one step."""
        self.model.train()
        data = self.model.data_preprocessor(copy.deepcopy(batch), True)
        losses = self.model._run_forward(data, mode='loss')
        loss, _ = self.model.parse_losses(losses)
        self.optimiser.update_params(loss)
        self.schedule.step()
        self.losses.append(float(loss.detach()))

    def predict(self, batch: Any) -> Any:
        """Return the predictions for a batch of test samples."""
        self.model.eval()
        with torch.no_grad():
            return self.model.test_step(copy.deepcopy(batch))


class _Asker:
    def __init__(self, model: nn.Module) -> None:
        self.model = model


def _share(step: int, steps: int, warm: int) -> float:
    """Return the share of the peak rate at a step: a linear rise, then a half cosine."""
    if step < warm:
        return max(1e-3, step / max(1, warm - 1)) if warm > 1 else 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def run(
    options: argparse.Namespace, task: Task, backbone: Backbone, arms: list[Arm]
) -> Iterator[dict[str, Any]]:
    """Yield one row per arm."""
    protocol = load_protocol(options.protocol)
    scored = task if options.test or Role.VAL not in task.splits else on_validation(task)
    shares = not protocol.trains_backbone
    groups = [arms] if shares else [[arm] for arm in arms]
    for group in groups:
        started = time.process_time()
        configs = [_config(options, scored, backbone, arm) for arm in group]
        for module in configs[0]['custom_imports']:
            importlib.import_module(module)
        init_default_scope(configs[0]['default_scope'])
        seed_everything(options.seed)
        train = Runner.build_dataloader(_seeded(configs[0], options.seed), seed=options.seed)
        test = Runner.build_dataloader(_opened(configs[0]['test_dataloader']), seed=options.seed)
        shared = Shared(MODELS.build(configs[0]['model']['backbone'])) if shares else None
        trials = [Trial(config, options.seed, shared) for config in configs]
        batches = iter(train)
        for _ in range(configs[0]['train_cfg']['max_iters']):
            _each(trials, shared, Trial.learn, _next(batches))
        scores = _score(trials, shared, test, configs[0])
        spent = (time.process_time() - started) / len(group)
        for arm, config, trial, found in zip(group, configs, trials, scores, strict=True):
            tenth = max(1, len(trial.losses) // 10)
            yield {
                'protocol': protocol.name,
                'task': task.name,
                'backbone': backbone.id,
                'arm': arm.text,
                'iterations': config['train_cfg']['max_iters'],
                'split': 'test' if scored is task else 'val',
                'seed': options.seed,
                'metric': task.metric.key,
                'score': task.metric.canonical(found[task.metric.key]),
                'first_loss': sum(trial.losses[:tenth]) / tenth,
                'last_loss': sum(trial.losses[-tenth:]) / tenth,
                'seconds': round(spent, 1),
            }


def _next(batches: Iterator[Any]) -> Any:
    return next(batches)


def _each(trials: list[Trial], shared: Shared | None, act: Any, batch: Any) -> list[Any]:
    if shared:
        shared.start_batch()
    found = []
    for trial in trials:
        if shared:
            shared.start_arm()
        found.append(act(trial, batch))
    return found


def _score(
    trials: list[Trial], shared: Shared | None, test: Any, config: dict[str, Any]
) -> list[dict[str, float]]:
    evaluators = [Evaluator(copy.deepcopy(config['test_evaluator'])) for _ in trials]
    for evaluator in evaluators:
        evaluator.dataset_meta = test.dataset.metainfo
    for batch in test:
        for evaluator, found in zip(
            evaluators, _each(trials, shared, Trial.predict, batch), strict=True
        ):
            evaluator.process(data_samples=found, data_batch=batch)
    return [evaluator.evaluate(len(test.dataset)) for evaluator in evaluators]


def _opened(loader: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(loader)


def _seeded(config: dict[str, Any], seed: int) -> dict[str, Any]:
    loader = _opened(config['train_dataloader'])
    return {
        **loader,
        'dataset': {'type': 'benchmark.Seeded', 'of': loader['dataset'], 'seed': seed},
    }


def _config(
    options: argparse.Namespace, task: Task, backbone: Backbone, arm: Arm
) -> dict[str, Any]:
    length = {'iterations': options.iterations} if options.iterations else {}
    config = compile_config(
        CellInputs(
            spec=RunSpec(task.name, backbone.id, options.protocol, options.seed),
            backbone=backbone,
            features=inspect_backbone(backbone),
            task=task,
            protocol=load_protocol(options.protocol),
            changes=({**length, **arm.changes},),
        )
    )
    root = ensure_world(options.data_root) if task.source.provider else options.data_root
    places = {
        DATA: str(locate(task, root).resolve()),
        WORK: os.devnull,
        WEIGHTS: str(backbone.checkpoint),
        CODE: str(backbone.code),
    }
    return localise(config, places)


def main() -> int:
    """Run the arms that are missing, append a row for each, and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('protocol')
    parser.add_argument('--tasks', nargs='+', required=True)
    parser.add_argument('--backbones', nargs='+', required=True)
    parser.add_argument('--arms', nargs='+', required=True, type=Arm.read)
    parser.add_argument('--iterations', type=int)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--test', action='store_true')
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    parser.add_argument('--out', type=Path, default=Path('results/sweeps/recipes.csv'))
    options = parser.parse_args()
    torch.set_num_threads(1)
    prepare()
    done = _done(options.out, options.iterations)
    for task in map(find_task, options.tasks):
        for backbone in map(find_backbone, options.backbones):
            key = (options.protocol, task.name, backbone.id, str(options.seed))
            known = {row[-1] for row in done if row[:-1] == key}
            arms = [arm for arm in options.arms if arm.text not in known]
            if arms:
                for row in run(options, task, backbone, arms):
                    _append(options.out, row)
                    print(*row.values(), flush=True)
    return 0


def _done(path: Path, iterations: int | None) -> set[tuple[str, ...]]:
    """Return what is in the file already, of as many iterations where a number is given."""
    if not path.exists():
        return set()
    keys = ('protocol', 'task', 'backbone', 'seed', 'arm')
    with path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    return {
        tuple(row[key] for key in keys)
        for row in rows
        if iterations is None or row['iterations'] == str(iterations)
    }


def _append(path: Path, row: dict[str, Any]) -> None:
    is_new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('a', newline='') as file:
        writer = csv.DictWriter(file, _FIELDS, lineterminator='\n')
        if is_new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'sweep_recipes: {problem}', file=sys.stderr)
        sys.exit(2)
