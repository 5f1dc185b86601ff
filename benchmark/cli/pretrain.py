"""``tbench pretrain``: an architecture pretrained, masked or supervised."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers, positive, real, seed, workers
from benchmark.cli.options import add_data_root
from benchmark.cli.printing import say
from benchmark.launching.devices import DEVICES
from benchmark.launching.pretraining_request import DEFAULTS, PICTURES, SIZE


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``pretrain``."""
    parser = subparsers.add_parser(
        'pretrain', help='pretrain an architecture, masked or supervised, for `run --backbones`'
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
        help='the procedural world, or a folder of pictures, in a folder per class for labels',
    )
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FOLDER', help='the folder to write to'
    )
    parser.add_argument('--name', metavar='NAME', help="of the backbone; default: the folder's")
    parser.add_argument(
        '--save-every',
        type=positive,
        metavar='N',
        help='write the weights after every N steps too, to checkpoints/ in --out, for `watch`; '
        'changes nothing else',
    )
    _add_budget(parser)
    _add_training(parser)
    _add_world(parser)
    parser.set_defaults(command=pretrain)


def _add_budget(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        'how long', 'one of these; with --like, data and numbers are those of the other side'
    )
    budget = group.add_mutually_exclusive_group(required=True)
    budget.add_argument('--epochs', type=real, metavar='N', help='passes over the pictures')
    budget.add_argument('--steps', type=positive, metavar='N', help='of the optimiser')
    budget.add_argument(
        '--seconds', type=real, metavar='N', help='as many steps as take so long, by a trial'
    )
    budget.add_argument(
        '--match',
        choices=('epochs', 'steps', 'seconds'),
        help='as many epochs, steps or seconds as --like took',
    )
    group.add_argument(
        '--like', type=Path, metavar='FOLDER', help='a finished pretraining: the other side'
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--size',
        type=positive,
        metavar='PX',
        help=f"side of the pictures; default: the world's own, else {SIZE}",
    )
    parser.add_argument(
        '--batch-size', type=positive, metavar='N', help=f'default: {DEFAULTS["batch_size"]}'
    )
    parser.add_argument('--lr', type=real, metavar='X', help=f'default: {DEFAULTS["lr"]}')
    parser.add_argument(
        '--mask-ratio', type=real, metavar='X', help="share that is hidden; default: the paper's"
    )
    parser.add_argument(
        '--seed', type=seed, default=0, metavar='N', help='of all random numbers (default: 0)'
    )
    parser.add_argument(
        '--device', choices=DEVICES, default='auto', help='default: auto, a GPU where there is one'
    )
    parser.add_argument(
        '--processes',
        type=workers,
        default=1,
        metavar='N',
        help='processes that share every batch, one per GPU or core (default: 1)',
    )
    parser.add_argument(
        '--threads',
        type=positive,
        default=1,
        metavar='N',
        help='of a single process on the CPU (default: 1)',
    )


def _add_world(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--pictures', type=positive, metavar='N', help=f'of the world; default: {PICTURES}'
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
    from benchmark.compiling import parse_options

    asked = {**vars(options), 'say': say}
    del asked['command']
    asked['arch_options'] = parse_options(options.arch_options, '--arch-options')
    done = api.pretrain(**asked)
    facts, folder = done.facts, done.declaration.parent
    say(
        f'{facts["steps"]} steps, {facts["epochs"]:.3g} epochs, {facts["seconds"]:.0f} s; '
        f'weights, facts and declaration: {folder}/{done.declaration.stem}.*'
    )
    say(f'next: tbench run --suite quick --backbones {done.declaration}')
    return 0
