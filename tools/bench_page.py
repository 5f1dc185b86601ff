"""Print how large and how quick the page of a big suite is, in a real Chromium, beside a small one.

Usage: python tools/bench_page.py [BACKBONES] [TASKS] [SEEDS]

Times are processor time, so that a busy machine changes them little: seconds of this process for
writing, milliseconds of the browser's main thread (script, style, layout, paint) until a change is
drawn. Each of the latter is the median of five.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmark.report import write_report
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec

KINDS = ('classification', 'detection', 'segmentation', 'depth', 'pose', 'tracking')
FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled', 'none')
ARCHITECTURES = ('plain-vit', 'hierarchical-transformer', 'convnet')

ACTIONS = {
    'sort': "document.querySelectorAll('#board .sorter')[3].click()",
    'filter': "document.querySelector('.filters input[type=checkbox][name=family]').click()",
    'search': "Object.assign(document.querySelector('#find'), {value: 'net 1'})"
    ".dispatchEvent(new Event('input'))",
    'open a cell': "document.querySelector('#board td.score a').click()",
}
UNDO = {
    'sort': '',
    'filter': ACTIONS['filter'],
    'search': "Object.assign(document.querySelector('#find'), {value: ''})"
    ".dispatchEvent(new Event('input'))",
    'open a cell': "document.querySelector('#cell').close()",
}
DRAWN = """async (action) => {
  eval(action);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const isOpening = () => document.querySelector('#cell[open] .body > .muted:only-child');
  for (let i = 0; i < 600 && isOpening(); i += 1) {
    await new Promise((done) => setTimeout(done, 5));
  }
  document.body.getBoundingClientRect();
}"""


class Measured(NamedTuple):
    """A page: its bytes, seconds to write it, and milliseconds by what was done."""

    size: int
    seconds: float
    times: dict[str, float]


def records(backbones: int, tasks: int, seeds: int) -> Iterator[RunRecord]:
    """Yield records with curves, proof and configuration, as large as those of real runs."""
    random = np.random.default_rng(0)
    for task in range(tasks):
        for backbone in range(backbones):
            for seed in range(seeds):
                yield _record(task, backbone, seed, random)


def _record(task: int, backbone: int, seed: int, random: np.random.Generator) -> RunRecord:
    kind = KINDS[task % len(KINDS)]
    metric = {'key': 'score', 'unit': 'percent', 'higher_is_better': True, 'bounds': [0, 100]}
    skill = 30 + 40 * ((backbone * 37) % 101) / 101
    iterations = [float(i) for i in range(4, 204, 4)]
    terms = ('loss', 'loss_cls', 'loss_bbox', 'loss_mask')
    return RunRecord(
        suite='big',
        spec=RunSpec(f'task-{task}', f'timm:net_{backbone}', 'finetune', seed),
        fingerprint=random.bytes(32).hex(),
        status=Status.OK,
        primary='score',
        scores={'score': float(skill + random.normal(0, 3))},
        task={'kind': kind, 'title': f'Task {task}', 'group': kind, 'version': 1,
              'metrics': [metric], 'splits': {'train': 1000, 'test': 500}},
        backbone={'title': f'Net {backbone}', 'architecture': ARCHITECTURES[backbone % 3],
                  'parameters': 5_000_000 + 300_000 * backbone,
                  'pretraining': {'family': FAMILIES[backbone % 5], 'method': 'MAE'}},
        proof={'loaded': 174, 'total': 174, 'missing': [], 'unexpected': [],
               'weights_sha256': random.bytes(32).hex(), 'backbone_changed': True,
               'groups': [{'name': f'backbone layer {i}', 'lr': 1e-3 * 0.75 ** (12 - i),
                           'weight_decay': 0.05, 'parameters': 1_769_472} for i in range(13)]},
        cost={'train_seconds': 400 + backbone + float(random.normal()), 'test_seconds': 30.0,
              'peak_memory_mb': 1500 + backbone, 'device': 'cuda', 'iterations': 200},
        provenance={'finished': f'2031-05-04T10:00:{seed:02}+00:00', 'python': '3.11.7',
                    'libraries': {'torch': '2.14.1', 'mmengine': '0.10.12', 'timm': '1.0.31'}},
        curves={'iteration': iterations} | {
            term: [float(f'{v:.6g}') for v in 2 * np.exp(-np.array(iterations) / 80)
                   * random.normal(1, 0.05, len(iterations))] for term in terms},
        config={'model': {'type': 'MaskRCNN', 'backbone': {'name': f'net_{backbone}'},
                          'head': [{'type': 'Head', 'in_channels': 64, 'level': i, 'norm': 'GN'}
                                   for i in range(40)]},
                'randomness': {'seed': seed}},
    )  # fmt: skip


def measure(backbones: int, tasks: int, seeds: int) -> Measured:
    """Write the page of an invented suite and open it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = ResultStore(root / 'results', root / 'work')
        for record in records(backbones, tasks, seeds):
            path = store.record_path(record.suite, record.spec, record.fingerprint)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record.to_json(), encoding='utf-8')
        start = time.process_time()
        (path,) = write_report(store, 'big', out=root / 'out', formats=('html',))
        seconds = time.process_time() - start
        return Measured(path.stat().st_size, seconds, _visit(path))


def _visit(path: Path) -> dict[str, float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which('chromium'), args=['--no-sandbox', '--disable-gpu']
        )
        page = browser.new_page(viewport={'width': 1400, 'height': 900})
        page.set_default_timeout(0)
        session = page.context.new_cdp_session(page)
        session.send('Performance.enable', {'timeDomain': 'threadTicks'})
        times = {'load': _load(page, session, path)}
        for name, action in ACTIONS.items():
            times[name] = statistics.median(_act(page, session, name, action) for _ in range(5))
        browser.close()
    return times


def _busy(session: CDPSession) -> float:
    """Return the milliseconds that the page's main thread has worked so far."""
    metrics = session.send('Performance.getMetrics')['metrics']
    return next(1000 * item['value'] for item in metrics if item['name'] == 'TaskDuration')


def _load(page: Page, session: CDPSession, path: Path) -> float:
    page.goto(path.as_uri())
    page.wait_for_selector('#board td')
    page.evaluate(DRAWN, '')
    return _busy(session)


def _act(page: Page, session: CDPSession, name: str, action: str) -> float:
    start = _busy(session)
    page.evaluate(DRAWN, action)
    took = _busy(session) - start
    page.evaluate(DRAWN, UNDO[name])
    return took


def main() -> None:
    """Measure a big and a small suite in one run and print both and their ratio."""
    given = [int(text) for text in sys.argv[1:]]
    backbones, tasks, seeds = (*given, *(300, 40, 2)[len(given) :])
    big, small = measure(backbones, tasks, seeds), measure(6, 6, seeds)
    print(f'{"":14}{backbones} x {tasks}  6 x 6   ratio')
    rows = {
        'page (MB)': (big.size / 1e6, small.size / 1e6),
        'writing (s)': (big.seconds, small.seconds),
    }
    rows |= {f'{name} (ms)': (big.times[name], small.times[name]) for name in big.times}
    for name, (first, second) in rows.items():
        print(f'{name:14}{first:8.1f} {second:7.1f} {first / second:7.1f}')


if __name__ == '__main__':
    main()
