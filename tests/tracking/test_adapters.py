"""Runs as MLflow, W&B and Trackio keep them, read back from their own stores."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from benchmark.results.live import LiveFile
from benchmark.tracking import Result, Subject, open_tracking

FACTS = {'seed': 0, 'config': {'sizes': [1, 2], 'optimiser': {'lr': 0.1}}}


@pytest.fixture(autouse=True)
def _no_settings_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(('MLFLOW_', 'WANDB_', 'TRACKIO_')):
            monkeypatch.delenv(name)
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('MLFLOW_ALLOW_FILE_STORE', 'true')


def feed(name: str, root: Path) -> Path:
    """Send two runs side by side to a tracker, one of them failed; return its folder."""
    (root / 'cell').mkdir()
    file = LiveFile(root / 'cell', is_fresh=True)
    for step in (1, 2, 3):
        file.add(step, 3, {'loss': 1 / step, 'lr': 0.1})
    (root / 'record.json').write_text('{"fingerprint": "ff"}')
    Image.new('RGB', (8, 8)).save(root / 'drawn.png')
    first = Subject('a--1', 'first', 'quick', root / 'cell', FACTS)
    second = Subject('b--1', 'second', 'quick', root / 'other', {'seed': 1})
    lines: list[str] = []
    with open_tracking(name, root / 'tracking', lines.append) as tracking:
        assert tracking is not None
        tracking.follow(first)
        tracking.add(second, 7, {'val/a': 1.0})
        tracking.finish(
            first,
            Result(
                3,
                {'score/a': 50.0},
                pictures={'pictures/drawn.png': root / 'drawn.png'},
                artefacts=[root / 'record.json'],
            ),
        )
        tracking.finish(second, Result(end='failed'))
    (line,) = lines  # where it is, and no warning
    assert line.startswith(f'tracked by {name}: ')
    return root / 'tracking' / name


def test_mlflow_reads_its_file_store(tmp_path: Path) -> None:
    mlflow = pytest.importorskip('mlflow', reason='the extra mlflow is not installed')
    client = mlflow.MlflowClient(feed('mlflow', tmp_path).resolve().as_uri())
    experiment = client.get_experiment_by_name('transferbench')
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    first, second = runs['first'], runs['second']
    assert (first.info.status, second.info.status) == ('FINISHED', 'FAILED')
    assert first.data.params == {
        'seed': '0', 'config.sizes': '[1, 2]', 'config.optimiser.lr': '0.1'
    }  # fmt: skip
    assert first.data.metrics == {'train/loss': 0.333333, 'train/lr': 0.1, 'score/a': 50.0}
    curve = client.get_metric_history(first.info.run_id, 'train/loss')
    assert [(point.step, point.value) for point in curve] == [(1, 1.0), (2, 0.5), (3, 0.333333)]
    assert {item.path for item in client.list_artifacts(first.info.run_id)} == {
        'pictures', 'record.json'
    }  # fmt: skip
    assert second.data.metrics == {'val/a': 1.0}


def test_wandb_keeps_runs_offline_where_no_key_is_known(tmp_path: Path) -> None:
    pytest.importorskip('wandb', reason='the extra wandb is not installed')
    kept = list(feed('wandb', tmp_path).rglob('offline-run-*/*.wandb'))
    assert len(kept) == 2
    contents = [path.read_bytes() for path in kept]
    assert sorted((b'train/loss' in c, b'val/a' in c) for c in contents) == [
        (False, True), (True, False)
    ]  # fmt: skip


def test_trackio_keeps_runs_in_its_own_store(tmp_path: Path) -> None:
    pytest.importorskip('trackio', reason='the extra trackio is not installed')
    feed('trackio', tmp_path)
    (store,) = Path(os.environ['TRACKIO_DIR']).rglob('transferbench.db')
    with sqlite3.connect(store) as base:
        rows = base.execute('select run_name, step, metrics from metrics').fetchall()
    curve = [(name, step) for name, step, metrics in rows if b'train/loss' in bytes(metrics)]
    assert curve == [('a--1', 1), ('a--1', 2), ('a--1', 3)]
    assert [step for name, step, _ in rows if name == 'b--1'] == [7]
