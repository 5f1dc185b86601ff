"""Which of timm's architectures can be backbones, by family: writes docs/backbones.md.

Shapes alone are computed (no parameter is allocated), so that large networks cost no more than
small ones; ``--check`` also runs the whole contract of ``tbench check backbone`` on networks below
the given number of parameters, with random weights. A table that is interrupted is continued.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import textwrap
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models._registry import _model_to_module

from benchmark.checking.backbone import check
from benchmark.errors import BenchmarkError
from benchmark.models.inspection import inspect_backbone
from benchmark.sources import BuildRequest, probe
from benchmark.specs import Backbone, Features

_SIZE = (128, 160)
"""The size for which networks of one input size are built, height and width in pixels."""

_SMALL = re.compile(
    r'(?:^|_|(?<=[a-z\d]))(?:test|atto|femto|pico|nano|tiny|mini|small|lite|xx?s|b0|s0|t0|18|26)(?:_|$)'
)
"""What small networks are called."""


def main() -> None:
    """Survey what is not in the record yet, then write the table."""
    options = _parse()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    record = options.record
    rows = json.loads(record.read_text()) if record.is_file() else {}
    end = time.monotonic() + 60 * options.minutes
    for name in _chosen(options.per_family):
        if time.monotonic() > end:
            break
        if name not in rows:
            rows[name] = _row(name, options.check)
            record.write_text(json.dumps(rows))
            print(name, rows[name]['result'], file=sys.stderr, flush=True)
    options.out.write_text(_page(rows))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--per-family', type=int, default=8, help='architectures of each family')
    parser.add_argument('--check', type=int, default=0, help='run the contract below N parameters')
    parser.add_argument('--minutes', type=float, default=1e6, help='stop after so long')
    parser.add_argument('--record', type=Path, default=Path('work_dirs/survey.json'))
    parser.add_argument('--out', type=Path, default=Path('docs/backbones.md'))
    options = parser.parse_args()
    options.record.parent.mkdir(parents=True, exist_ok=True)
    return options


def _chosen(per_family: int) -> list[str]:
    """Return architectures of every family, the families taking turns, small ones first."""
    families: dict[str, list[str]] = defaultdict(list)
    for name in sorted(timm.list_models(), key=lambda name: _SMALL.search(name) is None):
        families[_model_to_module[name]].append(name)
    turns = range(per_family)
    return [names[i] for i in turns for names in families.values() if i < len(names)]


def _row(name: str, most: int) -> dict[str, Any]:
    backbone = Backbone(id=name, source=f'timm:{name}', is_random=True)
    row: dict[str, Any] = {'family': _model_to_module[name]}
    try:
        features = inspect_backbone(backbone)
        row |= {
            'architecture': features.architecture.value,
            'parameters': features.parameters,
            'strides': features.strides,
            'channels': features.channels,
            'is_fixed': features.is_fixed,
        }
        if features.is_fixed:
            probe('timm', BuildRequest(name, size=_SIZE))
        broken = _broken(backbone, features) if features.parameters < most else []
    except BenchmarkError as error:
        return {**row, 'result': 'refused', 'reason': str(error)}
    except Exception as error:
        return {**row, 'result': 'failed', 'reason': f'{type(error).__name__}: {error}'}
    checked = 'contract' if features.parameters < most else 'shapes'
    return {**row, 'result': 'broken' if broken else checked, 'reason': '; '.join(broken)}


def _broken(backbone: Backbone, features: Features) -> list[str]:
    findings = check(backbone, features)
    return [f'{found.what}: {found.detail}' for found in findings if not found.is_ok]


def _page(rows: dict[str, Any]) -> str:
    results = Counter(row['result'] for row in rows.values())
    bad = {n: row for n, row in rows.items() if row['result'] not in ('shapes', 'contract')}
    fixed = sum(row['is_fixed'] for n, row in rows.items() if n not in bad)
    families = sorted({row['family'] for row in rows.values()})
    broken = len(bad) - results['refused']
    summary = (
        f'Made by `tools/survey_timm.py` with timm {timm.__version__} and torch '
        f'{torch.__version__.partition("+")[0]}: {len(rows)} of '
        f'{len(timm.list_models())} architectures, from {len(families)} of '
        f'{len(set(_model_to_module.values()))} families. {results["contract"]} kept the whole '
        f'contract of `tbench check backbone` with random weights; of {results["shapes"]} others, '
        'mostly larger, the shapes of all maps were computed without values, at several input '
        f'sizes; {results["refused"]} are refused, and {broken} did not keep a part of the '
        f'contract. {fixed} of those that can be used take one input size only and '
        'are built for the padded size of a task.'
    )
    parts = [
        '# Which architectures of timm can be backbones',
        '',
        textwrap.fill(summary, 120),
        '',
        '| family | class | strides (px) | whole contract | shapes | refused or broken |',
        '| --- | --- | --- | --: | --: | --: |',
        *(_line(name, [r for r in rows.values() if r['family'] == name]) for name in families),
        '',
        '## Refused or broken',
        '',
        '| architecture | family | reason |',
        '| --- | --- | --- |',
        *(
            f'| {name} | {row["family"]} | {_cell(row["reason"])} |'
            for name, row in sorted(bad.items())
        ),
    ]
    return '\n'.join(parts) + '\n'


def _line(family: str, rows: list[dict[str, Any]]) -> str:
    results = Counter(row['result'] for row in rows)
    good = [row for row in rows if row['result'] in ('shapes', 'contract')]
    classes = ', '.join(sorted({row['architecture'] for row in good}))
    strides = '; '.join(sorted({' '.join(map(str, row['strides'])) for row in good}))
    refused = len(rows) - len(good)
    return (
        f'| {family} | {classes} | {strides} | {results["contract"]} | {results["shapes"]} '
        f'| {refused} |'
    )


def _cell(text: str) -> str:
    return ' '.join(text.split()).replace('|', '/')[:220]


if __name__ == '__main__':
    main()
