"""A pretraining and a watch beside it, both killed and started again, among bad files."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark import world
from benchmark.cli.main import main
from benchmark.results.store import ResultStore
from benchmark.world import SplitCounts
from benchmark.world.store import ensure_world
from tests.api.conftest import TINY
from tests.support.pretraining_requests import write_pictures
from tests.watching.conftest import TASK

POSE = 'world-pose'
STEPS = 8
PRETRAIN = (
    *('pretrain', 'mae', '--arch', 'timm:vit_tiny_patch16_224', '--device', 'cpu'),
    *('--arch-options', 'embed_dim=16', 'depth=2', 'num_heads=2', '--data', 'pictures'),
    *('--steps', str(STEPS), '--size', '64', '--batch-size', '4', '--out', 'run'),
    *('--save-every', '1'),
)


@pytest.fixture(autouse=True)
def _neutral(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # the command narrows the environment of its process to the chosen device
    for name in ('CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
        monkeypatch.setenv(name, '')
    monkeypatch.setenv('OPENBLAS_NUM_THREADS', '')
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / 'pictures')


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a tiny world with scenes enough for somebody to be posed in each split."""
    spec = replace(TINY, scenes=SplitCounts(6, 6, 1))
    ensure_world(tmp_path / 'world', spec)
    monkeypatch.setattr(world, 'ensure_world', lambda root: ensure_world(root, spec))
    return tmp_path / 'world'


def in_child(said: Path, do: Callable[[], Any]) -> int:
    """Start ``do`` in a process of its own, its output added to ``said``, and return its id."""
    child = os.fork()
    if child:
        return child
    code = 99
    with said.open('a') as file, contextlib.redirect_stdout(file):
        try:  # torch is loaded already: a new interpreter would take many seconds for it
            code = do()
        except BaseException:
            traceback.print_exc(file=file)
        finally:
            file.flush()
            os._exit(code)


def ended(child: int) -> int:
    """Return the exit code of a process, negative for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(count: int, owner: Any, name: str, do: Callable[[], Any]) -> Any:
    """Carry out ``do`` until the method ``name`` of ``owner`` was called ``count`` times."""
    method, calls = getattr(owner, name), Counter[str]()

    def counted(*arguments: Any, **named: Any) -> Any:
        found = method(*arguments, **named)
        calls[name] += 1
        if calls[name] == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, counted)
    return do()


@pytest.mark.slow
def test_each_checkpoint_is_evaluated_once_though_both_are_killed(
    scenes: Path,
) -> None:
    """Covered classes by neighbours, and pose under a frozen backbone, over nine checkpoints."""
    snapshots, out = Path('run/checkpoints'), Path('out')
    watch = (
        *('watch', str(snapshots), '--suite', 'quick', '--tasks', TASK, POSE, '--protocols', 'knn'),
        *('frozen', '--seeds', '0', '--data-root', str(scenes), '--executor', 'inline'),
        *('--device', 'cpu', '--interval', '0.05', '--out', str(out), '--until', 'over'),
        *('--cfg-options', 'train_cfg.max_iters=1', 'train_dataloader.batch_size=2'),
    )

    # the pretraining is killed once it has written three checkpoints, in the middle of a step
    from benchmark.execution import saving

    first = in_child(
        Path('pretrain.txt'),
        lambda: killed_after(3, saving, 'save_weights', lambda: main(PRETRAIN)),
    )
    assert ended(first) == -signal.SIGKILL
    assert 2 <= len(list(snapshots.glob('*.safetensors'))) < STEPS

    # the watch is killed after the second checkpoint's first record, before its ledger says so
    watching = in_child(
        Path('watch.txt'), lambda: killed_after(4, ResultStore, 'save_once', lambda: main(watch))
    )
    (snapshots / 'step_00000090.safetensors').write_bytes(b'\xff' * 4000)
    again = in_child(Path('pretrain.txt'), lambda: main(PRETRAIN))
    assert ended(watching) == -signal.SIGKILL
    assert ended(again) == 0

    # one more is half written when the watch begins again, and grows before its eyes
    other = bytearray((snapshots / f'step_{STEPS:08d}.safetensors').read_bytes())
    other[-2] ^= 1  # other weights than those of step 8
    growing = snapshots / f'step_{STEPS + 1:08d}.safetensors'
    growing.write_bytes(other[: len(other) // 2])
    watching = in_child(Path('watch.txt'), lambda: main(watch))
    for end in range(len(other) // 2, len(other), len(other) // 12):
        growing.write_bytes(other[:end])
        time.sleep(0.05)
    growing.write_bytes(other)
    Path('over').touch()
    assert ended(watching) == 0, Path('watch.txt').read_text()

    content = json.loads((out / 'scores.json').read_text())
    found = {state: Counter(e['step'] for e in content['entries'] if e['state'] == state)
             for state in ('evaluated', 'unreadable')}  # fmt: skip
    assert found['evaluated'] == dict.fromkeys(range(1, STEPS + 2), 1)
    assert found['unreadable'][90] == 1
    # it is slow here: half of a file may have stood still for two looks, and was named as such
    assert set(found['unreadable']) <= {90, STEPS + 1}
    said = Path('watch.txt').read_text().splitlines()
    lines = Counter(line.partition(':')[0] for line in said if ': skipped' not in line)
    assert {step: lines[f'step {step}'] for step in range(1, STEPS + 2)} == found['evaluated']

    store = ResultStore(out / 'results', out / 'work')
    records = list(store.records('quick-val'))
    cells = Counter((record.spec.task, record.spec.protocol) for record in records)
    assert cells == dict.fromkeys(((TASK, 'knn'), (TASK, 'frozen'), (POSE, 'frozen')), STEPS + 1)
    assert all(record.is_ok for record in records)
    curves = {
        (score['task'], score['protocol']): [
            other['value']
            for entry in content['entries']
            for other in entry['scores']
            if (other['task'], other['protocol']) == (score['task'], score['protocol'])
        ]
        for entry in content['entries']
        for score in entry['scores']
    }
    assert {column: len(curve) for column, curve in curves.items()} == dict.fromkeys(
        cells, STEPS + 1
    )
    page = (out / 'index.html').read_text()
    assert page.count('<svg') >= 2
    assert POSE in page
