"""Options that several commands share, and their conversion to arguments of the API."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark import api
from benchmark.cli.arguments import gibibytes, loaders, positive, real, seed, workers
from benchmark.errors import BenchmarkError
from benchmark.launching.devices import DEVICES
from benchmark.specs import POLICIES


def add_request(parser: argparse.ArgumentParser) -> None:
    """Add the options of a request for cells."""
    parser.add_argument(
        '--suite',
        required=True,
        metavar='NAME|FILE',
        help='name from `tbench list suites`, or a file of your own',
    )
    parser.add_argument(
        '--backbones',
        nargs='+',
        default=(),
        metavar='[NAME=]ID',
        help='zoo name, declaration FILE.py, timm:NAME, mmpretrain:NAME, hf:FOLDER, hf:REPO, '
        'torchvision:NAME or FILE.py:CLASS, each with @CHECKPOINT[#KEY] or +random, then +dropK or '
        "+reinitK; NAME= in front sets the title in tables (default: the suite's)",
    )
    add_normalisation(parser)
    add_cells(parser)
    add_work(parser)
    add_changes(parser)


def add_cells(parser: argparse.ArgumentParser) -> None:
    """Add options for which cells of a suite run, and where and how."""
    parser.add_argument(
        '--tasks',
        nargs='+',
        default=(),
        metavar='TASK',
        help='only these tasks of the suite (default: all)',
    )
    parser.add_argument(
        '--protocols',
        nargs='+',
        default=(),
        metavar='PROTOCOL',
        help="names from `tbench list protocols` (default: the suite's)",
    )
    parser.add_argument(
        '--device', choices=DEVICES, default='auto', help='default: auto, a GPU if there is one'
    )
    parser.add_argument(
        '--executor',
        metavar='NAME',
        help='where cells run: local (worker processes, the default), inline (in this process, so '
        'that a breakpoint works), slurm (job arrays), ray (actors), or one that another package '
        'adds',
    )
    parser.add_argument(
        '--resources',
        nargs='+',
        default=(),
        metavar='KEY=VALUE',
        help='what to request from a cluster in place of what the plan estimates: with slurm, '
        'parameters of submitit such as slurm_partition=gpu timeout_min=600 mem_gb=32 nodes=2; '
        'with ray, address=HOST:PORT cpus=4 gpus=1 memory_gb=16; with cpu. or gpu. before a key, '
        'for cells without or with GPUs only',
    )
    parser.add_argument(
        '--stall',
        type=positive,
        metavar='SECONDS',
        help='stop a cell that makes no progress for this time, and write its stack to its log '
        '(default: ten times its expected duration, at least 1800)',
    )
    parser.add_argument('--jobs', type=workers, metavar='N', help='worker processes')
    parser.add_argument(
        '--processes',
        type=workers,
        default=1,
        metavar='N',
        help='processes that train a cell together and divide its batch (default: 1)',
    )
    parser.add_argument(
        '--workers',
        type=loaders,
        metavar='N',
        help='data-loader processes for each training process, as in --workers 8; does not affect '
        'scores (default: as many as there are free cores on a GPU, 0 on a CPU)',
    )
    parser.add_argument(
        '--precision',
        choices=POLICIES,
        help='exact: single precision; fast: bfloat16 autocast in training, TF32, faster kernels '
        '(default: fast on a GPU, exact on a CPU)',
    )
    add_data_root(parser)
    parser.add_argument(
        '--quick-data',
        action='store_true',
        help='identify photographs (JPEG and the like) by name and size instead of content; '
        'annotations and label maps are still read, and the records say so',
    )


def add_changes(parser: argparse.ArgumentParser) -> None:
    """Add ``--feature-cache`` and ``--cfg-options``."""
    parser.add_argument(
        '--feature-cache',
        type=gibibytes,
        default=gibibytes('4'),
        metavar='GIB',
        help='size limit of the cache of frozen features; the oldest are deleted first; 0 turns it '
        'off (default: 4)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=(),
        metavar='KEY=VALUE',
        help='changes to every compiled configuration, as in optim_wrapper.optimizer.lr=1e-4',
    )


def add_tracking(parser: argparse.ArgumentParser) -> None:
    """Add where curves and scores are shown while cells run."""
    parser.add_argument(
        '--track',
        nargs='+',
        default=(),
        metavar='NAME',
        help='send curves, scores and pictures to tensorboard, wandb, mlflow, trackio or a tracker '
        'that another package adds, as in --track tensorboard; offline in the work folder unless '
        "the tracker's own settings say otherwise",
    )


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add that little is said."""
    parser.add_argument(
        '--quiet',
        action='store_true',
        help='say nothing but warnings, what failed and what to look at again; no board on a '
        'terminal',
    )


def add_normalisation(parser: argparse.ArgumentParser) -> None:
    """Add ``--mean`` and ``--std``, the normalisation that a checkpoint does not state."""
    for name, text in (('mean', 'mean'), ('std', 'standard deviation')):
        parser.add_argument(
            f'--{name}',
            nargs=3,
            type=real,
            metavar=('R', 'G', 'B'),
            help=f'{text} per channel, 0 to 255, with which the named backbones were trained '
            '(default: what their source states)',
        )


def normalised(backbones: Sequence[str], options: Namespace) -> list[Any]:
    """Return backbones with the normalisation of the options, or unchanged if none was given.

    Raises:
        BenchmarkError: mean or std is missing or out of range, or no backbone is named.
    """
    pair = [options.mean, options.std]
    if pair == [None, None]:
        return list(backbones)
    if None in pair:
        missing = 'mean' if options.mean is None else 'std'
        raise BenchmarkError(f'--{missing} is missing: --mean and --std belong together')
    if not backbones:
        raise BenchmarkError('--mean and --std need --backbones, the backbones that they apply to')
    mean, std = (tuple(numbers) for numbers in pair)
    for name, numbers in (('mean', mean), ('std', std)):
        if not all(0 <= number <= 255 for number in numbers) or not any(numbers):
            raise BenchmarkError(f'--{name} {_numbers(numbers)}: must be from 0 to 255')
        if all(number <= 1 for number in numbers):
            by_255 = _numbers(tuple(255 * number for number in numbers))
            raise BenchmarkError(
                f'--{name} {_numbers(numbers)}: is on the scale 0 to 1; here pictures are on '
                f'the scale 0 to 255: --{name} {by_255}'
            )
    if not all(std):
        raise BenchmarkError(f'--std {_numbers(std)}: must be above 0')
    return [replace(api.get_backbone(text), normalisation=(mean, std)) for text in backbones]


def _numbers(values: Sequence[float]) -> str:
    return ' '.join(f'{value:g}' for value in values)


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """Add ``--data-root``."""
    parser.add_argument(
        '--data-root',
        type=Path,
        default=api.default_data_root(),
        metavar='DIR',
        help='folder of the data sets (default: $TBENCH_DATA or ./data)',
    )


def add_seeds(parser: argparse.ArgumentParser) -> None:
    """Add ``--seeds``."""
    parser.add_argument(
        '--seeds',
        nargs='+',
        type=seed,
        default=(),
        metavar='N',
        help="seeds to run (default: the suite's)",
    )


def add_results(parser: argparse.ArgumentParser) -> None:
    """Add ``--results``."""
    parser.add_argument(
        '--results',
        type=Path,
        default=Path('results'),
        metavar='DIR',
        help='folder of the records (default: results)',
    )


def add_work(parser: argparse.ArgumentParser) -> None:
    """Add ``--work-dir``."""
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs'),
        metavar='DIR',
        help='folder of checkpoints, logs and caches (default: work_dirs)',
    )


def request_of(options: Namespace, **more: Any) -> api.RunRequest:
    """Return the request that the options make, with ``more`` fields of it."""
    return api.RunRequest(
        backbones=normalised(options.backbones, options),
        suite=options.suite,
        tasks=options.tasks,
        protocols=options.protocols,
        results=options.results,
        work_dir=options.work_dir,
        **running_of(options),
        **more,
    )


def running_of(options: Namespace) -> dict[str, Any]:
    """Return how cells run, as fields of :class:`benchmark.api.RunRequest`."""
    from benchmark.compiling import parse_options

    return {
        'data_root': options.data_root,
        'processes': options.processes,
        'workers': options.workers,
        'precision': options.precision,
        'feature_cache': options.feature_cache,
        'quick_data': options.quick_data,
        'options': parse_options(options.cfg_options),
        'stall': options.stall,
    }


def place_of(options: Namespace) -> dict[str, Any]:
    """Return the options on executors, as arguments of :func:`benchmark.api.open_executor`."""
    return {
        'executor': options.executor,
        'device': options.device,
        'jobs': options.jobs,
        'resources': _resources(options.resources),
    }


def _resources(given: Iterable[str]) -> dict[str, str]:
    """Return the values of ``--resources`` by name.

    Raises:
        BenchmarkError: one of them is not of the form ``KEY=VALUE``.
    """
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition('=')
        if not (key and equals and value):
            raise BenchmarkError(f'--resources {text}: must be KEY=VALUE, as in mem_gb=32')
        found[key] = value
    return found
