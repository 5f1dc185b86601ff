"""A pretraining and a watch at the same time, in two processes that are both killed half-way."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save

from benchmark.results.store import ResultStore
from benchmark.watching.watch import LEDGER
from benchmark.watching.writing import CONTENT, CURVES
from tests.support.tiny_world import HOLD

PATIENCE = 900.0
"""Seconds after which a process that should have got somewhere is taken for stuck."""

EVERY, STEPS, KILLED_AT = 6, 48, 24
CORRUPT, HALF = 3, 15
PRETRAIN = (
    *('pretrain', 'mae', '--arch', 'timm:vit_tiny_patch16_224', '--device', 'cpu'),
    *('--arch-options', 'embed_dim=16', 'depth=3', 'num_heads=2', '--data', 'world'),
    *('--pictures', '8', '--size', '64', '--batch-size', '4', '--steps', str(STEPS)),
    *('--save-every', str(EVERY), '--data-root', 'data', '--out', 'run'),
)
WATCH = (
    *('watch', 'run/checkpoints', '--suite', 'quick', '--tasks', 'world-covered', 'world-pose'),
    *('--protocols', 'knn', 'frozen', '--seeds', '0', '--data-root', 'data', '--until'),
    *('run/run.py', '--interval', '0.2', '--executor', 'inline', '--device', 'cpu', '--no-health'),
    *('--cfg-options', 'train_cfg.max_iters=2', 'train_dataloader.batch_size=4'),
)
COLUMNS = {('world-covered', 'knn'), ('world-covered', 'frozen'), ('world-pose', 'frozen')}

Start = Callable[..., 'subprocess.Popen[bytes]']


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a command in a process group, with its output in a file."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(name: str, arguments: tuple[str, ...], **environment: str) -> Any:
        with (tmp_path / f'{name}.log').open('ab') as log:
            process = subprocess.Popen(
                [sys.executable, '-m', 'tests.support.tiny_world', *arguments],
                cwd=tmp_path,
                env={**os.environ, 'OMP_NUM_THREADS': '1', **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(is_so: Callable[[], bool], *running: subprocess.Popen[bytes]) -> None:
    """Wait until something is so, while processes run."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert all(process.poll() is None for process in running), 'a process has ended too early'
        assert time.monotonic() < end, 'nothing happens'
        time.sleep(0.05)


def states(folder: Path) -> dict[int, str]:
    """Return what the ledger says of each step; nothing before it is written."""
    path = folder / LEDGER
    entries = json.loads(path.read_text())['entries'] if path.is_file() else []
    return {entry['step']: entry['state'] for entry in entries if entry['step'] >= 0}


def records_on_disk(store: ResultStore) -> dict[Path, tuple[int, bytes]]:
    """Return when each record was written and what it holds, by its place."""
    paths = (store.results / 'runs').rglob('*.json')
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


@pytest.mark.slow
def test_each_complete_checkpoint_is_evaluated_once_though_both_are_killed(
    tmp_path: Path, start: Start
) -> None:
    """A corrupt checkpoint and one that is written half at first lie between the others."""
    snapshots, out = tmp_path / 'run' / 'checkpoints', tmp_path / 'run' / 'checkpoints-watch'
    store = ResultStore(out / 'results', out / 'work')

    def snapshot(step: int) -> Path:
        return snapshots / f'step_{step:08d}.safetensors'

    pretraining = start('pretraining', PRETRAIN, **{HOLD: str(KILLED_AT)})
    until(snapshot(EVERY).is_file, pretraining)
    content = snapshot(EVERY).read_bytes()
    snapshot(CORRUPT).write_bytes(content[:9] + bytes(len(content) - 9))
    late = save({name: 1.5 * value for name, value in load_file(snapshot(EVERY)).items()})
    snapshot(HALF).write_bytes(late[: len(late) // 2])
    watch = start('watch', WATCH)
    until(lambda: Counter(states(out).values())['evaluated'] >= 2, pretraining, watch)
    until(snapshot(KILLED_AT).is_file, pretraining, watch)
    kill(watch)
    kill(pretraining)
    before, known = records_on_disk(store), states(out)
    assert not snapshot(KILLED_AT + EVERY).exists()
    assert known[CORRUPT] == 'unreadable'

    snapshot(HALF).write_bytes(late)
    pretraining, watch = start('pretraining', PRETRAIN), start('watch', WATCH)
    assert [process.wait(PATIENCE) for process in (pretraining, watch)] == [0, 0]

    complete = sorted([HALF, *range(EVERY, STEPS + 1, EVERY)])
    entries = json.loads((out / CONTENT).read_text())['entries']
    evaluated = [entry for entry in entries if entry['state'] == 'evaluated']
    assert [entry['step'] for entry in evaluated] == complete
    steps = {entry['backbone']: entry['step'] for entry in evaluated}
    runs = Counter(
        (steps[record.spec.backbone], record.spec.task, record.spec.protocol)
        for record in store.records('quick-val')
    )
    assert runs == Counter({(step, *column): 1 for step in complete for column in COLUMNS})
    # what was finished before they were killed was not run again
    assert before
    assert before.items() <= records_on_disk(store).items()

    said = (tmp_path / 'watch.log').read_text()
    assert said.count(f'step {CORRUPT}: skipped: {snapshot(CORRUPT).relative_to(tmp_path)}') == 1
    lines = Counter(line.partition(':')[0] for line in said.splitlines() if 'world-pose' in line)
    assert all(lines[f'step {step}'] <= 1 for step in complete)
    rows = list(csv.DictReader((out / CURVES).read_text().splitlines()))
    for column in COLUMNS:
        points = [row for row in rows if (row['task'], row['protocol']) == column]
        assert [int(row['step']) for row in points] == complete
        assert {row['over'] for row in points} == {'examples'}
        assert all(float(r['low']) <= float(r['mean']) <= float(r['high']) for r in points)
