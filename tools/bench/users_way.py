"""A suite as it is run here, beside the users' way: each cell a fresh process of mmengine's runner.

    python tools/bench/users_way.py [--suite quick] [--tasks TASK ...] [--backbones ID ...]
        [--steps N] [--data-root DIR]

The same cells from the same compiled configurations. The users' way is one process after the other,
with the threads that torch takes by itself, as a loop over train scripts does it. The first line is
the ratio of the whole; the data are rendered before. With --steps the trainings are cut short, so
that imports and building weigh more than they do.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import machine, print_table, timed


def main() -> None:
    """Run both ways and print seconds and ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--suite', default='quick')
    parser.add_argument('--tasks', nargs='+', default=())
    parser.add_argument('--backbones', nargs='+', default=())
    parser.add_argument('--seeds', nargs='+', type=int, default=(0,))
    parser.add_argument('--steps', type=int)
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    parser.add_argument('--cell', type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cell:
        _train_alone(ast.literal_eval(options.cell.read_text(encoding='utf-8')))
        return
    with tempfile.TemporaryDirectory() as folder:
        _compare(options, Path(folder))


def _compare(options: argparse.Namespace, folder: Path) -> None:
    from benchmark import api

    print(machine(), end='\n\n')
    request: dict[str, Any] = {
        'suite': options.suite,
        'tasks': options.tasks,
        'protocols': ('finetune',),
        'seeds': options.seeds,
        'data_root': options.data_root,
        'results': folder / 'results',
        'work_dir': folder / 'work',
        'options': {'train_cfg.max_iters': options.steps} if options.steps else {},
    }
    with (
        api.open_campaign(api.RunRequest(backbones=options.backbones, **request)) as campaign,
        api.open_executor('local', campaign, device='cpu') as executor,
    ):
        cells = [campaign.job(cell).request['config'] for cell in campaign.prepare(executor).to_do]
    ours = timed(lambda: api.evaluate(options.backbones, **request, device='cpu'))
    theirs = 0.0
    for number, config in enumerate(cells):
        place = folder / f'cell{number}.txt'
        place.write_text(repr({**config, 'work_dir': str(folder / f'alone{number}')}))
        command = [sys.executable, __file__, '--cell', str(place)]
        environment = {k: v for k, v in os.environ.items() if not k.endswith('_NUM_THREADS')}
        environment['CUDA_VISIBLE_DEVICES'] = ''
        theirs += timed(
            lambda command=command, environment=environment: subprocess.run(  # type: ignore[misc]
                command, check=True, capture_output=True, env=environment
            )
        )
    heads = ('cells', 'ours (s)', 'one process each (s)', 'ratio')
    print_table(heads, [(len(cells), f'{ours:.0f}', f'{theirs:.0f}', f'{ours / theirs:.2f}')])


def _train_alone(config: dict[str, Any]) -> None:
    """Train and test with the library's own runner, as its train and test scripts do."""
    from benchmark.openmmlab import prepare

    prepare()
    from mmengine.config import Config
    from mmengine.runner import Runner

    import benchmark.registry  # noqa: F401
    from benchmark.compiling import LOADERS, PACKAGES, PRECISION

    for module in config.pop('custom_imports'):
        importlib.import_module(module)
    config['custom_hooks'] = []
    config['train_dataloader']['sampler'] = {'type': 'InfiniteSampler', 'shuffle': True}
    for key in (PACKAGES, LOADERS, PRECISION):
        config.pop(key, None)
    config['default_hooks']['checkpoint'].pop('out_dir', None)
    runner = Runner.from_cfg(Config(config))
    runner.train()
    runner.test()


if __name__ == '__main__':
    main()
