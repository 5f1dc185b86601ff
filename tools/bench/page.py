"""Print how large and how quick the page of a big suite is, in a real Chromium, beside a small one.

Usage: python tools/bench/page.py [BACKBONES] [TASKS] [SEEDS]

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
from pathlib import Path
from typing import NamedTuple

from invented import SUITE, write
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmark.report import write_report
from benchmark.results.store import ResultStore

ACTIONS = {
    'sort': "document.querySelectorAll('#board .sorter')[3].click()",
    'filter': "document.querySelector('.filters input[type=checkbox][name=family]').click()",
    'search': "Object.assign(document.querySelector('#find'), {value: 'Net 1'})"
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


def measure(backbones: int, tasks: int, seeds: int) -> Measured:
    """Write the page of an invented suite and open it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = ResultStore(root / 'results', root / 'work')
        write(store, backbones, tasks, seeds, protocols=('finetune',))
        start = time.process_time()
        (path,) = write_report(store, SUITE, out=root / 'out', formats=('html',))
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
