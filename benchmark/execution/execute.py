"""Train and test one compiled configuration: the only module that imports the training runner."""

from __future__ import annotations

import enum
import importlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from mmengine.config import Config
from mmengine.runner import Runner

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark import stopping
from benchmark.compiling import FIXED_VIEWS, LOADERS, PACKAGES, PRECISION
from benchmark.engine import HeadFirst, LossHistory, ParameterAudit, Spent, StepClock
from benchmark.engine.audit import bare, hash_weights
from benchmark.errors import BenchmarkError, DataError
from benchmark.execution.cost import Meter
from benchmark.execution.loading import loading
from benchmark.execution.memory import noticing_memory
from benchmark.execution.outcome import Outcome, keep_outcomes, loading_proof
from benchmark.execution.precision import computed_by, lay_out, stepping
from benchmark.execution.processes import (
    in_processes,
    own_rank,
    runner_arguments,
    world_size,
)
from benchmark.kinds.common.gallery import Gallery
from benchmark.kinds.tracking.submission import SubmissionFiles
from benchmark.models.kept import MapStore
from benchmark.results.checkpoints import newest_whole
from benchmark.results.learning import loss_fell
from benchmark.sources.drawing import random_numbers_kept

_counter = itertools.count()


@dataclass(frozen=True)
class MapFolder:
    """The cache folder of frozen backbones' maps, and its size limit in bytes."""

    root: Path
    limit: int


def execute(config: dict[str, Any], folder: Path, maps: MapFolder | None = None) -> Outcome:
    """Train by ``config``, test once, and return the measurements.

    ``maps`` is where those of a frozen backbone are kept, if the configuration asks for such.

    Checkpoints live in ``folder``; a training interrupted there is resumed. They stay, so that
    nothing is lost before the caller has kept the outcome.

    Raises:
        BenchmarkError: weights do not fit, a loss diverged, or the audit found that training did
            not do what the protocol says.
        OutOfMemory: the training needs more memory than there is.
    """
    meter = Meter()
    with computed_by(config):
        runner = _runner(in_processes(config, world_size(), own_rank()), folder)
        _open_test_data(runner)
        store = _keep_maps(runner, maps)
        with meter.phase('train'), stopping.training():
            noticing_memory(runner.train)
        with meter.phase('test'):
            raw = runner.test()
    loop = runner.test_loop
    kept = keep_outcomes(loop.evaluator, loop.dataloader.dataset, folder)
    curves = dict(_hook(runner, LossHistory).curves)
    proof = {**_proof(runner), 'loss_fell': loss_fell(curves), **kept}
    verify(proof, Learning.of(config['model']['backbone']))
    cost = _cost(meter, runner)
    if store is not None:
        cost |= {'maps_read': store.read, 'maps_computed': store.computed}
    # predictions for a server are not part of the test that runs are compared by
    others = sum(hook.seconds for hook in runner.hooks if isinstance(hook, SubmissionFiles))
    if others:
        cost['test_seconds'] = round(cost['test_seconds'] - others, 2)
    return Outcome(
        raw={key: float(value) for key, value in raw.items()},
        proof=proof,
        cost=cost,
        curves=curves,
        pictures=list(_hook(runner, Gallery).files),
    )


def _keep_maps(runner: Runner, maps: MapFolder | None) -> MapStore | None:
    backbone: Any = bare(runner.model).backbone
    if maps is None or not maps.limit or not backbone.is_frozen:
        return None
    return cast(MapStore, backbone.keep_maps(maps.root, maps.limit, hash_weights(backbone)))


@dataclass(frozen=True)
class Trained:
    """A model after a training without test, its loss curves and what it cost.

    Attributes:
        model: the model.
        curves: losses along the training by name.
        cost: seconds, peak memory in MiB and iterations.
        spent: what all steps took, before interruptions too.
        pace: median of a step.
    """

    model: Any
    curves: dict[str, list[float]]
    cost: dict[str, Any]
    spent: Spent
    pace: Spent


def train(config: dict[str, Any], folder: Path) -> Trained:
    """Train by ``config`` without a test; an interrupted training in ``folder`` is resumed.

    The checkpoints stay, so that nothing is lost before the caller has kept the model.

    Raises:
        BenchmarkError: a loss diverged.
    """
    meter = Meter()
    with computed_by(config):
        runner = _runner(in_processes(config, world_size(), own_rank()), folder)
        with meter.phase('train'), stopping.training():
            runner.train()
    clock = _hook(runner, StepClock)
    return Trained(
        bare(runner.model),
        dict(_hook(runner, LossHistory).curves),
        _cost(meter, runner),
        clock.spent,
        clock.pace,
    )


def _cost(meter: Meter, runner: Runner) -> dict[str, Any]:
    cost = meter.report(iterations=runner.max_iters, resumed_at=_resumed_at(runner))
    if world_size() > 1:
        cost['processes'] = world_size()
    return cost


def _open_test_data(runner: Runner) -> None:
    """Open the test data before hours of training, without changing the random state.

    Raises:
        DataError: the test split is empty.
    """
    with random_numbers_kept():
        count = len(runner.test_loop.dataloader.dataset)
    if count == 0:
        raise DataError('the test split has no samples')


def _runner(config: dict[str, Any], folder: Path) -> Runner:
    for module in config['custom_imports']:
        importlib.import_module(module)
    # mmengine keeps instances by name: a fresh one per run keeps runs of a process apart
    name = f'{folder.name}_{next(_counter)}'
    local = Config(
        {
            **config,
            **_loaders(config),
            **stepping(config),
            **_continuation(config, folder),
            'work_dir': str(folder),
            'experiment_name': name,
            'visualizer': {
                'type': 'mmengine.Visualizer',
                'name': name,
                'vis_backends': [_live(config, folder)],
            },
        }
    )
    for key in ('custom_imports', PACKAGES, LOADERS, PRECISION, FIXED_VIEWS):
        local.pop(key, None)
    joined = runner_arguments()
    wrapper = joined.pop('model_wrapper_cfg', None)
    about = {'cfg': Config({'model_wrapper_cfg': wrapper})} if wrapper else {}
    # not from_cfg: it would format the whole configuration several times, seconds per run
    runner = Runner(**dict(local.items()), **joined, **about)
    lay_out(bare(runner.model), config)
    _copy_without_waiting(runner)
    return runner


def _live(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what writes each log line as a point for trackers and `tbench status`."""
    return {
        'type': 'benchmark.LiveBackend',
        'save_dir': str(folder),
        'total': config['train_cfg']['max_iters'],
        'batch': config['train_dataloader']['batch_size'] * world_size(),
        'is_fresh': own_rank() == 0 and newest_whole(folder) is None,
    }


def _copy_without_waiting(runner: Runner) -> None:
    """Copy batches to a GPU asynchronously; does not affect results."""
    if torch.cuda.is_available():  # not run on a GPU
        preprocessor: Any = bare(runner.model).data_preprocessor
        preprocessor._non_blocking = True


def _loaders(config: dict[str, Any]) -> dict[str, Any]:
    """Return loaders whose errors name files and whose training samples follow from the seed."""
    seeded = {
        'type': 'benchmark.Seeded',
        'seed': config['randomness']['seed'],
        'views': config.get(FIXED_VIEWS, 0),
    }
    kinds = {'train_dataloader': seeded, 'test_dataloader': {'type': 'benchmark.Opened'}}
    return {
        key: {
            **config[key],
            'dataset': {**kind, 'of': config[key]['dataset']},
            **loading(config),
        }
        for key, kind in kinds.items()
        if key in config
    }


def _continuation(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the checkpoint hook and the checkpoint to continue from; not in the fingerprint."""
    newest = newest_whole(folder)
    hooks = config['default_hooks']
    checkpoints = {
        'type': 'benchmark.Checkpoints',
        'interval': hooks['checkpoint']['interval'],
    }
    return {
        'default_hooks': {
            **hooks,
            'checkpoint': checkpoints,
            'runtime_info': {'type': 'benchmark.RuntimeInfo'},
        },
        'resume': newest is not None,
        'load_from': None if newest is None else str(newest),
    }


def _hook(runner: Runner, kind: type) -> Any:
    return next(hook for hook in runner.hooks if isinstance(hook, kind))


def _resumed_at(runner: Runner) -> int:
    first: int | None = _hook(runner, LossHistory).first_iteration
    return int(runner.max_iters) if first is None else first


def _proof(runner: Runner) -> dict[str, Any]:
    model: Any = bare(runner.model)
    return {
        **loading_proof(model.backbone, model.data_preprocessor),
        **_hook(runner, ParameterAudit).report,
        **_first_part(runner),
    }


def _first_part(runner: Runner) -> dict[str, Any]:
    """Return what the first part of a training changed, if its head learns first."""
    found = [hook.report for hook in runner.hooks if isinstance(hook, HeadFirst)]
    return {'head_first': found[0]} if found else {}


class Learning(enum.Enum):
    """Which part of a backbone a protocol trains: all, a part, or nothing."""

    NOTHING = 'nothing'
    PART = 'part'
    ALL = 'all'

    @classmethod
    def of(cls, backbone: dict[str, Any]) -> Learning:
        """Return which part of a compiled backbone is trained."""
        if backbone['frozen']:
            return cls.NOTHING
        return cls.PART if backbone.get('trained') or backbone.get('adapter') else cls.ALL


def verify(proof: dict[str, Any], learning: Learning) -> None:
    """Raise unless head and backbone changed, or stayed frozen, as the protocol says.

    Raises:
        BenchmarkError: they did not; the numbers of such a run mean nothing.
    """
    if not proof['head_learned']:
        raise BenchmarkError('no parameter of the head changed in training: the head did not learn')
    if learning is Learning.NOTHING and proof['backbone_changed']:
        raise BenchmarkError(
            f'the frozen backbone changed in training: {proof["backbone_tensors"]}'
        )
    if learning is Learning.PART and proof['frozen_changed']:
        raise BenchmarkError(
            f'the frozen part of the backbone changed in training: {proof["frozen_tensors"]}'
        )
    first = proof.get('head_first')
    if first and first['backbone_changed']:
        raise BenchmarkError(
            f'the backbone changed in the first {first["iterations"]} iterations, in which '
            'only the head is trained'
        )
    if first and not first['head_changed']:
        raise BenchmarkError(
            f'no parameter of the head changed in the first {first["iterations"]} iterations, in '
            'which it is trained alone'
        )
    if learning is not Learning.NOTHING and not proof['backbone_learned']:
        raise BenchmarkError(
            'no parameter of the backbone changed in training: it was not fine-tuned'
        )
