"""Pretrain the backbones that come with the project anew, and write their weights.

Usage: python tools/remake_backbones.py NAME [NAME ...] [--out DIR] [--cache DIR] [--check]

Each NAME is a backbone of the zoo that this project pretrained on its procedural world. All
see the same pictures, crops, flips, batch size, optimiser and schedule; the declarations say for
how many epochs. --check compares the new file with the shipped one and fails where they differ.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import torch

from benchmark.catalog import zoo
from benchmark.compiling import library_versions
from benchmark.errors import BenchmarkError, unknown_name
from benchmark.execution.pretrain import pretrain, save_network, write_labels
from benchmark.models.inspection import inspect_backbone
from benchmark.openmmlab import prepare
from benchmark.pretraining import Pretrain
from benchmark.results.store import write_atomically
from benchmark.specs import file_hash
from benchmark.world import VERSION, WorldSpec, ensure_pretraining_split

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


def remake(name: str, cache: Path, out: Path) -> Path:
    """Pretrain one backbone, write its weights and facts below ``out``, return the weights' file.

    Raises:
        BenchmarkError: the pictures cannot be made or the weights not be written.
    """
    recipe, backbone, spec = BACKBONES[name], zoo()[name], WorldSpec()
    root = ensure_pretraining_split(cache, spec, PICTURES)
    labels = write_labels(root / 'labels.csv', recipe.labels, root / f'{recipe.labels}.txt')
    passes = round((backbone.pretraining.epochs or 0) * PICTURES)
    request = Pretrain(
        method=recipe.method,
        backbone=backbone,
        features=inspect_backbone(backbone),
        data_root=str(root.resolve()),
        annotations=str(labels.path.resolve()),
        classes=labels.classes,
        size=spec.size,
        passes=passes,
        seed=recipe.seed,
    )
    trained = pretrain(request, cache / 'pretraining' / name)
    facts = {
        'name': name,
        'method': recipe.method,
        'labels': recipe.labels if recipe.method == 'supervised' else 'none',
        'world': VERSION,
        'pictures': str(labels.pictures),
        'passes': str(passes),
        'seed': str(recipe.seed),
    }
    path = out / f'{name}.safetensors'
    save_network(trained.model.backbone.body, path, facts)
    measured = {
        **facts,
        'sha256': file_hash(path),
        'cost': trained.cost,
        'libraries': library_versions(),
        'curves': trained.curves,
    }
    write_atomically(path.with_suffix('.json'), json.dumps(measured, indent=1) + '\n')
    return path


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
    differing = 0
    for name in options.names:
        if name not in BACKBONES:
            raise unknown_name('shipped backbone', name, BACKBONES)
        path = remake(name, options.cache, options.out)
        shipped = zoo()[name].checkpoint
        same = shipped is not None and shipped.is_file() and file_hash(shipped) == file_hash(path)
        print(f'{path}  {file_hash(path)}  {"same as" if same else "differs from"} the shipped one')
        differing += not same
    return int(bool(differing) and options.check)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'remake_backbones: {problem}', file=sys.stderr)
        sys.exit(2)
