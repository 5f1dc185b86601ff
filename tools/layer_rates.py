"""Print the learning rate and weight decay that each layer of a backbone gets in fine-tuning.

Usage: python tools/layer_rates.py ID [--lr R] [--layer-decay D] [--weight-decay W]

The optimiser's groups are made by the same constructor as in a training, and told by the same audit
as in a record; no weights are read.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import torch
from torch import nn

from benchmark.catalog import find_backbone
from benchmark.engine import LayerDecayConstructor
from benchmark.engine.audit import audited
from benchmark.errors import BenchmarkError
from benchmark.models.inspection import build

_ROW = '{:<40} {:>10} {:>13} {:>12}'


class _Model(nn.Module):
    """A backbone alone, as the constructor expects it in a model."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone


def main() -> int:
    """Print one line per group of parameters."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('id')
    parser.add_argument('--lr', type=float, default=1.0)
    parser.add_argument('--layer-decay', type=float, default=0.75)
    parser.add_argument('--weight-decay', type=float, default=0.05)
    options = parser.parse_args()
    backbone = replace(find_backbone(options.id), is_random=True, checkpoint=None)
    with torch.device('meta'):
        model = _Model(build(backbone))
    optimiser = {'type': 'AdamW', 'lr': options.lr, 'weight_decay': options.weight_decay}
    constructor = LayerDecayConstructor(
        {'type': 'OptimWrapper', 'optimizer': optimiser}, {'layer_decay': options.layer_decay}
    )
    print(_ROW.format('layer', 'rate', 'weight decay', 'parameters'))
    for group in audited(constructor(model).optimizer):
        values = (f'{group["lr"]:.4g}', f'{group["weight_decay"]:g}', f'{group["parameters"]:,}')
        print(_ROW.format(group['name'], *values))
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except BenchmarkError as problem:
        print(f'layer_rates: {problem}', file=sys.stderr)
        sys.exit(2)
