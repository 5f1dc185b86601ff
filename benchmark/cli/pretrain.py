"""``tbench pretrain``: its parser, and the settings that its options ask for."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.arguments import Subparsers, positive, real, seed, workers
from benchmark.cli.options import add_data_root
from benchmark.cli.printing import say
from benchmark.launching.devices import DEVICES

if TYPE_CHECKING:
    from benchmark.pretraining import Budget, Pictures, Settings
    from benchmark.specs import Backbone

_PICTURES = 20_000
_DEFAULTS = {'batch_size': 32, 'lr': 1e-3}
_SIZE = 224


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``pretrain``."""
    parser = subparsers.add_parser(
        'pretrain',
        help='pretrain an architecture, masked or supervised, for use with `run --backbones`',
    )
    parser.add_argument(
        'method', metavar='METHOD', help='mae, simmim, data2vec, maskfeat, spark or supervised'
    )
    parser.add_argument(
        '--arch', metavar='ID', help='as for `run --backbones`; its weights are not used'
    )
    parser.add_argument(
        '--arch-options',
        nargs='+',
        default=(),
        metavar='KEY=VALUE',
        help='arguments of the architecture, as in embed_dim=128 depth=6 num_heads=4',
    )
    parser.add_argument(
        '--data',
        metavar='world|DIR',
        help='the procedural world, or a folder of pictures, with a subfolder per class for labels',
    )
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FOLDER', help='the folder to write to'
    )
    parser.add_argument(
        '--name', metavar='NAME', help="name of the backbone (default: the folder's)"
    )
    parser.add_argument(
        '--save-every',
        type=positive,
        metavar='N',
        help='also write the weights every N steps to checkpoints/ in --out, for `watch`; changes '
        'nothing else',
    )
    _add_budget(parser)
    _add_training(parser)
    _add_world(parser)
    parser.set_defaults(command=pretrain)


def _add_budget(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        'how long',
        'choose one; with --like, data and hyperparameters are those of that pretraining',
    )
    budget = group.add_mutually_exclusive_group(required=True)
    budget.add_argument('--epochs', type=real, metavar='N', help='passes over the pictures')
    budget.add_argument('--steps', type=positive, metavar='N', help='optimiser steps')
    budget.add_argument(
        '--seconds',
        type=real,
        metavar='N',
        help='train for about N seconds (a step is timed first)',
    )
    budget.add_argument(
        '--match',
        choices=('epochs', 'steps', 'seconds'),
        help='train for as many epochs, steps or seconds as --like took',
    )
    group.add_argument(
        '--like', type=Path, metavar='FOLDER', help='folder of a finished pretraining to match'
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--size',
        type=positive,
        metavar='PX',
        help=f"side of the pictures; default: the world's own, else {_SIZE}",
    )
    parser.add_argument(
        '--batch-size', type=positive, metavar='N', help=f'default: {_DEFAULTS["batch_size"]}'
    )
    parser.add_argument('--lr', type=real, metavar='X', help=f'default: {_DEFAULTS["lr"]}')
    parser.add_argument(
        '--mask-ratio',
        type=real,
        metavar='X',
        help="share of the picture that is masked (default: the paper's)",
    )
    parser.add_argument(
        '--seed', type=seed, default=0, metavar='N', help='seed of all random numbers (default: 0)'
    )
    parser.add_argument(
        '--device', choices=DEVICES, default='auto', help='default: auto, a GPU if there is one'
    )
    parser.add_argument(
        '--processes',
        type=workers,
        default=1,
        metavar='N',
        help='processes that divide every batch among them, one per GPU or core (default: 1)',
    )
    parser.add_argument(
        '--threads',
        type=positive,
        default=1,
        metavar='N',
        help='threads of a process on the CPU (default: 1)',
    )


def _add_world(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--pictures', type=positive, metavar='N', help=f'of the world; default: {_PICTURES}'
    )
    parser.add_argument(
        '--labels',
        default='coarse',
        metavar='coarse|species',
        help="the world's classes (default: coarse)",
    )
    add_data_root(parser)


def pretrain(options: Namespace) -> int:
    """Pretrain, and say which file the harness takes."""
    from benchmark.pretraining import Folder

    folder = Folder(options.out, options.name)
    other = _other_side(options)
    asked = _asked(options, other)
    _prepare(options)
    with contextlib.redirect_stdout(io.StringIO()):  # libraries print what they miss
        from benchmark.execution.pretrain import run_pretraining

    facts = run_pretraining(
        _settings(asked, other, folder.name), folder, say, save_every=options.save_every
    )
    say(
        f'{facts["steps"]} steps, {facts["epochs"]:.3g} epochs, {facts["seconds"]:.0f} s; '
        f'weights, facts and declaration: {folder.path}/{folder.name}.*'
    )
    say(f'next: tbench run --suite quick --backbones {folder.declaration}')
    return 0


def _other_side(options: Namespace) -> dict[str, Any]:
    """Return the facts of the pretraining to match; none where there is none.

    Raises:
        BenchmarkError: the method is unknown, or there is no such pretraining.
    """
    from benchmark.errors import DeclarationError, unknown_name
    from benchmark.pretraining import METHODS, read_facts

    if options.method not in METHODS:
        raise unknown_name('pretraining method', options.method, METHODS)
    if options.like is not None:
        return read_facts(options.like)
    if options.match:
        raise DeclarationError(f'--match {options.match} needs --like FOLDER: the other side')
    return {}


def _asked(options: Namespace, other: dict[str, Any]) -> Namespace:
    """Return the options; what is not given is as on the other side, or else the default.

    Raises:
        BenchmarkError: something needed is missing, or a name is unknown.
    """
    from benchmark.errors import DeclarationError, unknown_name
    from benchmark.pretraining import LABELS

    asked = Namespace(**vars(options))
    asked.data = asked.data or other.get('place')
    for key, value in {**_DEFAULTS, 'size': None}.items():
        if getattr(asked, key) is None:
            setattr(asked, key, other.get(key, value))
    if asked.arch is None:
        raise DeclarationError('--arch is needed: the architecture to pretrain')
    if asked.data is None:
        raise DeclarationError('--data is needed: world, or a folder of pictures')
    if asked.labels not in LABELS:
        raise unknown_name('label of the world', asked.labels, LABELS)
    if asked.pictures is None:
        asked.pictures = other.get('data', {}).get('pictures', _PICTURES)
    return asked


def _prepare(options: Namespace) -> None:
    """Make the chosen device the only one that is seen, then import the libraries.

    Raises:
        EnvironmentProblem: there is no such device, or a library is missing.
    """
    from benchmark.launching.devices import worker_environments

    os.environ.update(worker_environments(options.device, 1, processes=options.processes)[0])
    import warnings

    import torch

    from benchmark.openmmlab import prepare

    warnings.filterwarnings('ignore')
    prepare()
    if not torch.cuda.is_available():
        torch.set_num_threads(options.threads)


def _settings(asked: Namespace, other: dict[str, Any], name: str) -> Settings:
    from benchmark.errors import DeclarationError
    from benchmark.execution.pretrain import sized
    from benchmark.pretraining import Settings
    from benchmark.world import WorldSpec

    pictures = _pictures(asked)
    if other and other['data']['sha256'] != pictures.sha256:
        raise DeclarationError(
            f'--like {asked.like}: the other side learnt from other pictures '
            f'({other["data"]["title"]})'
        )
    backbone = _architecture(asked)
    native = WorldSpec().size if pictures.world else _SIZE
    size = asked.size or backbone.options.get('img_size', native)
    return Settings(
        name=name,
        method=asked.method,
        backbone=sized(backbone, size),
        pictures=pictures,
        budget=_budget(asked, other),
        size=size,
        batch_size=asked.batch_size,
        lr=asked.lr,
        mask_ratio=asked.mask_ratio,
        seed=asked.seed,
        processes=asked.processes,
    )


def _pictures(asked: Namespace) -> Pictures:
    from benchmark.pretraining import WORLD, folder_pictures, world_pictures

    if asked.data == WORLD:
        return world_pictures(asked.data_root, asked.pictures, asked.labels)
    return folder_pictures(Path(asked.data))


def _architecture(asked: Namespace) -> Backbone:
    from benchmark.catalog import find_backbone
    from benchmark.compiling import parse_options
    from benchmark.errors import DeclarationError

    text = asked.arch.removesuffix('+random')
    if '@' in text:
        raise DeclarationError(
            f"--arch '{asked.arch}': pretraining begins with random weights, not with a checkpoint"
        )
    backbone = find_backbone(f'{text}+random')
    options = {**backbone.options, **parse_options(asked.arch_options, '--arch-options')}
    return replace(backbone, id=text, options=options)


def _budget(asked: Namespace, other: dict[str, Any]) -> Budget:
    from benchmark.pretraining import UNITS, Budget, budget_like

    if asked.match:
        return budget_like(asked.match, other)
    unit = next(unit for unit in UNITS if getattr(asked, unit) is not None)
    return Budget(unit, getattr(asked, unit))
