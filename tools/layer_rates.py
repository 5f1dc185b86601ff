"""Print the learning rate and weight decay that each layer of backbones gets in fine-tuning.

Usage: python tools/layer_rates.py ID [ID ...] [--lr R] [--layer-decay D] [--weight-decay W]
       [--markdown]

The optimiser's groups are made by the same constructor as in a training, and told by the same audit
as in a record; no weights are read. With --markdown, one table shows which modules of the backbones
share a rate.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import nn

from benchmark.catalog import find_backbone
from benchmark.engine import LayerDecayConstructor
from benchmark.engine.audit import audited
from benchmark.errors import BenchmarkError
from benchmark.models.inspection import build

_ROW = '{:<40} {:>10} {:>13} {:>12}'
_MODULE = re.compile(r'(?:[a-z]+\.\d+\.)?(?:blocks|layer\d+)\.\d+|[^.]+(?:\.\d+\.downsample)?')
"""A block, with its stage; or a module outside blocks."""


class Group(NamedTuple):
    """Parameters with the same rate and weight decay, and the modules that they are in."""

    name: str
    rate: float
    weight_decay: float
    parameters: int
    modules: tuple[str, ...]


class _Model(nn.Module):
    """A backbone alone, as the constructor expects it in a model."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone


def groups(name: str, options: argparse.Namespace) -> list[Group]:
    """Return the optimiser's groups for a backbone.

    Raises:
        BenchmarkError: there is no such backbone.
    """
    backbone = replace(find_backbone(name), is_random=True, checkpoint=None)
    with torch.device('meta'):
        model = _Model(build(backbone))
    optimiser = {'type': 'AdamW', 'lr': options.lr, 'weight_decay': options.weight_decay}
    constructor = LayerDecayConstructor(
        {'type': 'OptimWrapper', 'optimizer': optimiser}, {'layer_decay': options.layer_decay}
    )
    made = constructor(model).optimizer
    modules = {id(p): _module(name) for name, p in model.backbone.named_parameters()}
    return [
        Group(
            told['name'],
            told['lr'],
            told['weight_decay'],
            told['parameters'],
            tuple(dict.fromkeys(modules[id(p)] for p in group['params'])),
        )
        for told, group in zip(audited(made), made.param_groups, strict=True)
    ]


def _module(parameter: str) -> str:
    found = _MODULE.match(parameter.removeprefix('body.'))
    return found[0] if found else parameter


def _plain(found: list[Group]) -> Iterator[str]:
    yield _ROW.format('layer', 'rate', 'weight decay', 'parameters')
    for group in found:
        values = (f'{group.rate:.4g}', f'{group.weight_decay:g}', f'{group.parameters:,}')
        yield _ROW.format(group.name, *values)


def _markdown(found: dict[str, list[Group]]) -> Iterator[str]:
    """Yield a table with one line per rate, highest first."""
    modules: dict[float, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for name, made in found.items():
        for group in made:
            modules[group.rate][name] |= dict.fromkeys(group.modules)
    yield f'| rate | {" | ".join(found)} |'
    yield f'| --- |{" --- |" * len(found)}'
    for rate in sorted(modules, reverse=True):
        cells = (', '.join(f'`{m}`' for m in modules[rate][name]) for name in found)
        yield f'| {rate:.4g} | {" | ".join(cells)} |'


def main(arguments: list[str] | None = None) -> int:
    """Print one line per group of parameters, or per rate."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('ids', nargs='+', metavar='ID')
    parser.add_argument('--lr', type=float, default=1.0)
    parser.add_argument('--layer-decay', type=float, default=0.75)
    parser.add_argument('--weight-decay', type=float, default=0.05)
    parser.add_argument('--markdown', action='store_true')
    options = parser.parse_args(arguments)
    found = {name: groups(name, options) for name in options.ids}
    if options.markdown:
        print('\n'.join(_markdown(found)))
        return 0
    for name, made in found.items():
        if len(found) > 1:
            print(name)
        print('\n'.join(_plain(made)))
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'layer_rates: {problem}', file=sys.stderr)
        sys.exit(2)
