"""Pretrain the backbones that come with the project anew, and write their weights.

Usage: python tools/remake_backbones.py NAME [NAME ...] [--out DIR] [--cache DIR] [--check]

Each NAME is a backbone of the zoo that this project pretrained on its procedural world, as `tbench
pretrain` does. All see the same pictures, crops, flips, batch size, optimiser and schedule; the
declarations say for how many epochs. --check compares the new file with the shipped one and fails
where they differ.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import torch

from benchmark.catalog import zoo
from benchmark.errors import BenchmarkError, unknown_name
from benchmark.hashing import file_hash
from benchmark.openmmlab import prepare
from benchmark.pretraining import Budget, Folder, Settings, world_pictures
from benchmark.world import WorldSpec

PICTURES = 20_000


class Recipe(NamedTuple):
    """How one backbone is made: method, column of the labels, seed."""

    method: str
    labels: str
    seed: int


BACKBONES = {
    'world-vit-mae': Recipe('mae', 'coarse', 0),
    'world-vit-mae-seed1': Recipe('mae', 'coarse', 1),
    'world-vit-supervised': Recipe('supervised', 'coarse', 0),
    'world-vit-supervised-seed1': Recipe('supervised', 'coarse', 1),
    'world-vit-supervised-equal-time': Recipe('supervised', 'coarse', 0),
    'world-vit-supervised-species': Recipe('supervised', 'species', 0),
    'world-swin-simmim': Recipe('simmim', 'coarse', 0),
    'world-swin-supervised': Recipe('supervised', 'coarse', 0),
}


def settings_of(name: str, cache: Path) -> Settings:
    """Return what a shipped backbone was pretrained by.

    Raises:
        BenchmarkError: the pictures cannot be made.
    """
    recipe, backbone = BACKBONES[name], zoo()[name]
    return Settings(
        name=name,
        method=recipe.method,
        backbone=backbone,
        pictures=world_pictures(cache, PICTURES, recipe.labels),
        budget=Budget('epochs', backbone.pretraining.epochs or 0),
        size=WorldSpec().size,
        seed=recipe.seed,
        is_half=True,
    )


def main() -> int:
    """Remake what is named; return 1 when a checked file differs from the shipped one."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('names', nargs='+', metavar='NAME')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/backbones'), metavar='DIR')
    parser.add_argument('--cache', type=Path, default=Path('data'), metavar='DIR')
    parser.add_argument('--check', action='store_true')
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings('ignore')
    prepare()
    from benchmark.execution.pretrain import run_pretraining  # after the libraries are prepared

    differing = 0
    for name in options.names:
        if name not in BACKBONES:
            raise unknown_name('shipped backbone', name, BACKBONES)
        folder = Folder(options.out / name)
        run_pretraining(settings_of(name, options.cache), folder, print)
        found, shipped = file_hash(folder.weights), zoo()[name].checkpoint
        same = shipped is not None and shipped.is_file() and file_hash(shipped) == found
        print(f'{folder.weights}  {found}  {"same as" if same else "differs from"} the shipped one')
        differing += not same
    return int(bool(differing) and options.check)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'remake_backbones: {problem}', file=sys.stderr)
        sys.exit(2)
