"""Run the study of the shipped backbones, step by step, and write docs/study.md from what it left.

Usage: python -m studies.dark_secrets [STEP ...] [--dry-run] [--again] [--shipped-only]
       [--seeds N ...] [--last K ...] [--epochs N] [--pretrained DIR] [--data-root DIR]
       [--results DIR] [--work-dir DIR] [--jobs N] [--device D] [--out FILE]

Steps, in this order unless some are named: pretrain, attention, cka, cam, erf, transfer, losses,
layers, capture, report, text. Each is one command or several (`--dry-run` prints them);
the same command again continues: cells with a record, finished pretrainings, and analyses of the
same backbones are not run again (analyses are with `--again`). `pretrain` makes convolutional
networks with kernels of 3 and of 13 below `--pretrained`, each unless its declaration is there;
`--shipped-only` leaves them out everywhere. `text` only reads files, so it can be written from
what is there at any time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmark.catalog import find_suite
from benchmark.errors import BenchmarkError
from benchmark.report.data.analyses import RECORD
from benchmark.results.store import ResultStore, write_atomically
from studies.dark_secrets.study import SUITE, study_text

TEXT = 'text'
PICTURES = {'attention': 64, 'cka': 256, 'cam': 128, 'erf': 64}
"""How many pictures each analysis of backbones sees."""

PRETRAIN = 'pretrain'
KERNEL_SIZES = (3, 13)
METHODS = ('simmim', 'supervised')

CUT = ('world-vit-mae', 'world-vit-supervised', 'world-swin-simmim', 'world-swin-supervised')
"""Backbones whose last blocks are dropped and re-initialised."""


class Step(NamedTuple):
    """A command, and the backbones that it leaves, or that an analysis must cover."""

    name: str
    arguments: tuple[str, ...]
    covers: tuple[str, ...] = ()
    module: str = 'benchmark'


def steps(options: argparse.Namespace) -> Iterator[Step]:
    """Yield every step but the last, in order."""
    convnets = () if options.shipped_only else tuple(convnet_files(options.pretrained))
    backbones = (*find_suite(SUITE).backbones, *map(str, convnets))
    results = ('--results', str(options.results))
    looking = (*results, '--data-root', str(options.data_root), '--device', options.device)
    running = (*looking, '--work-dir', str(options.work_dir))
    running += ('--jobs', str(options.jobs)) if options.jobs else ()
    seeds = ('--seeds', *map(str, options.seeds)) if options.seeds else ()
    if convnets:
        yield from pretrainings(options)
    for name, count in PICTURES.items():
        # a convolutional network has no attention
        seen = find_suite(SUITE).backbones if name == 'attention' else backbones
        named = ('--backbones', *seen, '--count', str(count))
        yield Step(name, ('analyze', name, *named, *looking), seen)
    named = ('--backbones', *backbones) if convnets else ()
    yield Step('transfer', ('run', '--suite', SUITE, *named, *seeds, *running))
    yield Step('losses', ('analyze', 'losses', '--suite', SUITE, *results))
    last = ('--last', *map(str, options.last))
    named = ('--backbones', *CUT)
    yield Step('layers', ('analyze', 'layers', '--suite', SUITE, *named, *last, *seeds, *running))
    out = ('--out', str(options.results / 'analysis'))
    yield Step('capture', out, (), 'studies.feature_capture')
    places = (*results, '--work-dir', str(options.work_dir))
    yield Step('report', ('report', '--suite', SUITE, *places))


def convnet_files(folder: Path) -> Iterator[str]:
    """Yield the declarations of the pretrained convolutional networks, and random ones."""
    for size in KERNEL_SIZES:
        names = [f'convnext-k{size}-{method}' for method in METHODS]
        paths = [str(folder / name / f'{name}.py') for name in names]
        yield from (*paths, f'{paths[0]}+random')


def pretrainings(options: argparse.Namespace) -> Iterator[Step]:
    """Yield a pretraining of every convolutional network, all of as many passes as the first."""
    first: Path | None = None
    for size in KERNEL_SIZES:
        for method in METHODS:
            folder = options.pretrained / f'convnext-k{size}-{method}'
            shape = ('dims=(32,64,128,256)', 'depths=(2,2,4,2)', f'kernel_sizes={size}')
            network = ('--arch', 'timm:convnext_atto', '--arch-options', *shape)
            data = ('--data', 'world') if first is None else ('--like', str(first))
            budget = ('--epochs', str(options.epochs)) if first is None else ('--match', 'epochs')
            where = ('--data-root', str(options.data_root), '--device', options.device)
            yield Step(
                PRETRAIN,
                (PRETRAIN, method, *network, *data, *budget, '--out', str(folder), *where),
                (str(folder / f'{folder.name}.py'),),
            )
            first = first or folder


def is_done(step: Step, results: Path) -> bool:
    """Whether a network is pretrained, or ``results`` hold an analysis of exactly the backbones.

    Steps that find out themselves what is missing always run.
    """
    if step.name == PRETRAIN:
        return all(Path(path).is_file() for path in step.covers)
    if step.name not in (*PICTURES, 'capture'):
        return False
    try:
        content = json.loads((results / 'analysis' / step.name / RECORD).read_text('utf-8'))
        found = [facts['id'] for facts in content['backbones']]
        return found == [_id_of(text) for text in step.covers]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _id_of(backbone: str) -> str:
    """Return the id of what a command was given: of a declaration, its file's name."""
    return Path(backbone).name.replace('.py', '')


def carry_out(step: Step, options: argparse.Namespace) -> int:
    """Run a step, or say what it would run, and return its exit code."""
    is_again = options.again and step.name != PRETRAIN
    done = is_done(step, options.results) and not is_again
    start = 'tbench' if step.module == 'benchmark' else f'python -m {step.module}'
    line = ' '.join((start, *step.arguments))
    print(f'# {step.name}{": done" if done else ""}\n{line}', flush=True)
    if done or options.dry_run:
        return 0
    command = [sys.executable, '-m', step.module, *step.arguments]
    return subprocess.run(command, check=False).returncode


def write_text(options: argparse.Namespace) -> int:
    """Write the study."""
    print(f'# {TEXT}\n{options.out}', flush=True)
    if not options.dry_run:
        store = ResultStore(options.results, options.work_dir)
        write_atomically(options.out, study_text(store))
    return 0


def main() -> int:
    """Run all steps, also after one failed; return 1 if any failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('steps', nargs='*', metavar='STEP')
    parser.add_argument('--dry-run', action='store_true', help='print the commands')
    parser.add_argument('--again', action='store_true', help='analyses too that are there')
    parser.add_argument('--shipped-only', action='store_true', help='no convolutional networks')
    parser.add_argument('--epochs', type=float, default=0.8, metavar='N', help='of `pretrain`')
    parser.add_argument('--seeds', nargs='+', type=int, default=(), metavar='N')
    parser.add_argument('--last', nargs='+', type=int, default=(1, 2, 3), metavar='K')
    parser.add_argument(
        '--pretrained', type=Path, default=Path('work_dirs/study-pretraining'), metavar='DIR'
    )
    parser.add_argument('--data-root', type=Path, default=Path('data'), metavar='DIR')
    parser.add_argument('--results', type=Path, default=Path('results'), metavar='DIR')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs'), metavar='DIR')
    parser.add_argument('--jobs', type=int, metavar='N')
    parser.add_argument('--device', default='auto')
    parser.add_argument('--out', type=Path, default=Path('docs/study.md'), metavar='FILE')
    options = parser.parse_args()
    asked = list(steps(options))
    known = (*dict.fromkeys(step.name for step in asked), TEXT)
    for name in options.steps:
        if name not in known:
            raise BenchmarkError(f"no step '{name}' (there are: {', '.join(known)})")
    wanted = options.steps or known
    codes = [carry_out(step, options) for step in asked if step.name in wanted]
    if TEXT in wanted:
        codes.append(write_text(options))
    return int(any(codes))


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'study: {problem}', file=sys.stderr)
        sys.exit(2)
