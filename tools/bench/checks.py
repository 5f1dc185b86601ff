"""How long the checks of data take: the look before a run, and what each opening and sample adds.

    TBENCH_REAL_MINI=DIR python tools/bench/checks.py [--pictures 5000] [--read 10000]

Seconds of the processor, files in memory, compared in pairs with plain reading by the libraries;
medians of several pairs. The share is of a cell of ten minutes that opens two splits and reads
``--read`` pictures in the process that trains. The look is done once per task and kept, whatever
the cells.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.registry import DATASETS, DefaultScope

from benchmark.catalog.tasks import read_task
from benchmark.compiling import data_request, localise
from benchmark.execution.looking import quick_findings
from benchmark.kinds.base import DATA
from benchmark.kinds.common.opening import opened
from benchmark.openmmlab import prepare
from benchmark.planning.data import locate
from benchmark.specs import Task

CELL = 600.0
PAIRS = 5
TASKS = Path(__file__).parents[2] / 'tests/real_mini/tasks'
REAL = ('flowers5', 'camvid', 'bccd')

_TASK = """task = dict(name='{name}', kind='{kind}', version=1, title='t', group='semantic',
    input_size=(96, 128), classes={classes}, splits=dict(train={count}, test=500),
    metric='{metric}', options=dict(), budget=dict(iterations=4, batch_size=2), citation='own',
    licence='none', origin='made')
data = dict(root='.', type='{type}', {more})
"""
_LISTED = {
    'name': 'listed',
    'kind': 'classification',
    'classes': tuple(f'class{n}' for n in range(10)),
    'metric': 'accuracy',
    'type': 'mmpretrain.CustomDataset',
    'more': "train=dict(ann_file='train.txt', data_prefix='train/image'), "
    "test=dict(ann_file='test.txt', data_prefix='test/image')",
}
_MASKS = {
    'name': 'masks',
    'kind': 'segmentation',
    'classes': tuple(f'class{n}' for n in range(10)),
    'metric': 'mIoU',
    'type': 'mmseg.BaseSegDataset',
    'more': "img_suffix='.jpg', seg_map_suffix='.png', "
    "train=dict(data_prefix=dict(img_path='train/image', seg_map_path='train/map')), "
    "test=dict(data_prefix=dict(img_path='test/image', seg_map_path='test/map'))",
}


def main() -> None:
    """Time every data set and print one row each."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--pictures', type=int, default=5000)
    parser.add_argument('--read', type=int, default=10_000)
    options = parser.parse_args()
    prepare()
    print('| data | pictures | look (s) | opening (ms) | per picture (us) | share of 10 min |')
    print('| --- | ---: | ---: | ---: | ---: | ---: |')
    with tempfile.TemporaryDirectory() as folder:
        for task, data in _tasks(Path(folder), options.pictures):
            print(_row(task, data, options.read), flush=True)


def _tasks(folder: Path, count: int) -> Iterator[tuple[Task, Path]]:
    if 'TBENCH_REAL_MINI' in os.environ:
        for name in REAL:
            task = read_task(TASKS / f'{name}.py')
            yield task, locate(task, Path('unused')).resolve()
    _write(folder, count)
    for about in (_LISTED, _MASKS):
        path = folder / f'{about["name"]}.py'
        path.write_text(_TASK.format(count=count, **about))
        yield read_task(path), folder


def _write(folder: Path, count: int) -> None:
    """Write pictures of 256 x 192 pixels, a list with labels, and a label map for each."""
    rng = np.random.default_rng(0)
    for role, number in (('train', count), ('test', 500)):
        for name in ('image', 'map'):
            (folder / role / name).mkdir(parents=True)
        for i in range(number):
            coarse = rng.integers(0, 256, (24, 32, 3)).astype(np.uint8)
            picture = cv2.resize(coarse, (256, 192), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(folder / role / f'image/{i:06d}.jpg'), picture)
            blocks = rng.integers(0, 10, (6, 8)).astype(np.uint8)
            labels = np.kron(blocks, np.ones((32, 32), np.uint8))
            cv2.imwrite(str(folder / role / f'map/{i:06d}.png'), labels)
        rows = [f'{i:06d}.jpg {i % 10}' for i in range(number)]
        (folder / f'{role}.txt').write_text('\n'.join(rows) + '\n')


def _row(task: Task, data: Path, read: int) -> str:
    request = localise(data_request(replace(task, tree={})), {DATA: str(data)})
    for module in request['custom_imports']:
        importlib.import_module(module)
    with contextlib.redirect_stdout(io.StringIO()):
        look = statistics.median(_timed(lambda: quick_findings(request)) for _ in range(3))
        with DefaultScope.overwrite_default_scope(request['default_scope']):
            opening, picture, size = _added(request['splits']['train'])
    share = (look + 2 * opening + read * picture) / CELL
    return (
        f'| {task.name} | {size} | {look:.2f} | {1e3 * opening:.1f} | {1e6 * picture:.0f} | '
        f'{share:.2%} |'
    )


def _added(split: dict[str, Any]) -> tuple[float, float, int]:
    """Return the seconds that our reading adds to an opening and to a sample, and the samples."""
    loading = {'type': 'LoadImageFromFile'}
    inner = [loading, *split['pipeline']]
    config = {**split, 'pipeline': [step for step in inner if step['type'] != 'PackInputs']}

    def plain() -> Any:
        dataset = DATASETS.build(dict(config))
        dataset.full_init()
        return dataset

    def ours() -> Any:
        return opened(of=config)

    openings = [_timed(ours) - _timed(plain) for _ in range(PAIRS)]
    theirs, own = plain(), ours()
    indices = np.linspace(0, len(own) - 1, min(len(own), 60)).astype(int)

    def run(dataset: Any) -> Callable[[], None]:
        return lambda: [dataset[int(i)] for i in indices] and None

    run(own)(), run(theirs)()  # files into memory
    pictures = [(_timed(run(own)) - _timed(run(theirs))) / len(indices) for _ in range(PAIRS)]
    return statistics.median(openings), statistics.median(pictures), len(own)


def _timed(do: Callable[[], Any]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


if __name__ == '__main__':
    main()
