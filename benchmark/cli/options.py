"""Options that several commands share, and what the floors below take for them."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark import api
from benchmark.cli.arguments import gibibytes, loaders, positive, seed, workers
from benchmark.errors import BenchmarkError
from benchmark.launching.devices import DEVICES
from benchmark.specs import POLICIES


def add_request(parser: argparse.ArgumentParser) -> None:
    """Add what a request for cells takes."""
    parser.add_argument('--suite', required=True, metavar='NAME|FILE')
    parser.add_argument(
        '--backbones',
        nargs='+',
        default=(),
        metavar='ID',
        help='zoo name, declaration FILE.py, timm:NAME, mmpretrain:NAME, hf:FOLDER, hf:REPO, '
        'torchvision:NAME or FILE.py:CLASS, each with @CHECKPOINT[#KEY] or +random, then +dropK or '
        "+reinitK; default: the suite's",
    )
    parser.add_argument('--tasks', nargs='+', default=(), metavar='TASK')
    parser.add_argument('--protocols', nargs='+', default=(), metavar='PROTOCOL')
    parser.add_argument('--device', choices=DEVICES, default='auto')
    parser.add_argument(
        '--executor',
        metavar='NAME',
        help='where cells run: local (worker processes, the default), inline (in this process, so '
        'that a breakpoint works), slurm (a job array), ray (a task per cell), or one that another '
        'package adds',
    )
    parser.add_argument(
        '--resources',
        nargs='+',
        default=(),
        metavar='KEY=VALUE',
        help='what a cluster is asked for: with slurm as submitit names it, as in '
        'slurm_partition=gpu timeout_min=600 mem_gb=32; with ray address=HOST:PORT cpus=4 gpus=1',
    )
    parser.add_argument(
        '--stall',
        type=positive,
        metavar='SECONDS',
        help='end a cell without progress for so long, with its stack in its log (default: ten '
        'times what it is expected to take, at least 1800)',
    )
    parser.add_argument('--jobs', type=workers, metavar='N', help='worker processes')
    parser.add_argument(
        '--processes',
        type=workers,
        default=1,
        metavar='N',
        help='processes that train a cell together and share its batch (default: 1)',
    )
    parser.add_argument(
        '--workers',
        type=loaders,
        metavar='N',
        help='processes that load samples for each that trains, as in --workers 8; changes no '
        'score (default: as many as have a core on a GPU, 0 on a CPU)',
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
        help='know photographs (JPEG and the like) by name and size, without reading them once; '
        'annotations and label maps are read all the same, and the records say so',
    )
    add_work(parser)
    parser.add_argument(
        '--feature-cache',
        type=gibibytes,
        default=gibibytes('4'),
        metavar='GIB',
        help='room for kept features of frozen backbones, oldest out; 0 keeps none (default: 4)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=(),
        metavar='KEY=VALUE',
        help='changes to every compiled configuration, as in optim_wrapper.optimizer.lr=1e-4',
    )


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """Add where the data sets are."""
    parser.add_argument(
        '--data-root',
        type=Path,
        default=api.default_data_root(),
        metavar='DIR',
        help='folder of the data sets (default: $TBENCH_DATA or ./data)',
    )


def add_seeds(parser: argparse.ArgumentParser) -> None:
    """Add which seeds run."""
    parser.add_argument('--seeds', nargs='+', type=seed, default=(), metavar='N')


def add_results(parser: argparse.ArgumentParser) -> None:
    """Add where the records are."""
    parser.add_argument('--results', type=Path, default=Path('results'), metavar='DIR')


def add_work(parser: argparse.ArgumentParser) -> None:
    """Add where runs keep what is no result."""
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs'), metavar='DIR')


def request_of(options: Namespace) -> dict[str, Any]:
    """Return the options of a request as :func:`benchmark.api.open_campaign` takes them."""
    from benchmark.compiling import parse_options

    return {
        'backbones': options.backbones,
        'suite': options.suite,
        'tasks': options.tasks,
        'protocols': options.protocols,
        'data_root': options.data_root,
        'results': options.results,
        'work_dir': options.work_dir,
        'processes': options.processes,
        'workers': options.workers,
        'precision': options.precision,
        'feature_cache': options.feature_cache,
        'quick_data': options.quick_data,
        'options': parse_options(options.cfg_options),
        'stall': options.stall,
    }


def place_of(options: Namespace) -> dict[str, Any]:
    """Return where cells run, as :func:`benchmark.api.open_executor` takes it."""
    return {
        'executor': options.executor,
        'device': options.device,
        'jobs': options.jobs,
        'resources': _resources(options.resources),
    }


def _resources(given: Iterable[str]) -> dict[str, str]:
    """Return resources by name.

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
