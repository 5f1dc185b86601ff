"""What trackers get of real cells, read back by their own readers; records stay what they are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import transferbench as tb
from benchmark.results.records import RunRecord
from tests.api.conftest import SHORT
from tests.support.trackers import Broken, Noting, Refusing

TASK = 'world-covered'
MEASURED = ('fingerprint', 'scores', 'raw', 'curves', 'trials', 'config', 'pictures')


def run(folder: Path, data: Path, track: Any, *protocols: str, say: Any = None) -> tb.Run:
    return tb.evaluate(
        'timm:test_vit+random', suite='quick', tasks=[TASK], protocols=protocols or ['finetune'],
        seeds=[0], options=SHORT, executor=tb.InlineExecutor('cpu'), data_root=data,
        results=folder / 'results', work_dir=folder / 'work', track=track, say=say,
    )  # fmt: skip


def measured(record: RunRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in MEASURED}


def test_a_tracker_that_raises_at_every_call_changes_no_record(
    tiny_data: Path, tmp_path: Path
) -> None:
    """Beside them one that works gets curves, scores, pictures and the record."""
    protocols = ('finetune', 'knn')
    without = run(tmp_path / 'without', tiny_data, (), *protocols)
    lines: list[str] = []
    noting = Noting()
    tracked = run(
        tmp_path / 'with', tiny_data, [Refusing(), noting, Broken()], *protocols, say=lines.append
    )
    assert not without.failed
    assert list(map(measured, without.records)) == list(map(measured, tracked.records))
    assert sum(line.startswith('WARNING Refusing failed') for line in lines) == 1
    assert sum(line.startswith('WARNING Broken failed') for line in lines) == 1

    by_protocol = {
        s.facts['protocol']: r for s, r in zip(noting.subjects, noting.runs, strict=True)
    }
    assert by_protocol.keys() == set(protocols)
    trained, record = by_protocol['finetune'], tracked.records[0]
    curve = [(step, values) for step, values in trained.points if 'train/loss' in values]
    assert [step for step, _ in curve] == record.curves['iteration'] == [1, 2, 3, 4]
    assert all(values['train/memory_mb'] > 10 for _, values in curve)
    assert all(values['train/images_per_second'] > 0 for _, values in curve)
    assert all('train/lr' in values for _, values in curve)
    assert trained.points[-1][0] == 4
    assert trained.points[-1][1]['score/accuracy'] == record.scores['accuracy']
    assert [name for name, _ in trained.pictures] == [f'pictures/{n}' for n in record.pictures]
    assert {start for _, start in trained.pictures} == {b'\x89PNG'}
    for one in noting.runs:
        assert one.ends == ['finished']
        assert len(one.files) == 1
    assert not list((tmp_path / 'with' / 'work').rglob('tracked.json'))


def test_tensorboard_reads_its_files(tiny_data: Path, tmp_path: Path) -> None:
    pytest.importorskip('tensorboard', reason="needs pip install '.[tensorboard]'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    lines: list[str] = []
    (record,) = run(tmp_path, tiny_data, 'tensorboard', say=lines.append).records
    root = tmp_path / 'work' / 'tracking' / 'tensorboard'
    assert f'tracked by tensorboard: tensorboard --logdir {root.resolve()}' in lines
    assert not [line for line in lines if line.startswith('WARNING tensorboard')]
    (folder,) = {path.parent for path in root.rglob('events.*')}
    found = EventAccumulator(str(folder), {'images': 0, 'scalars': 0, 'tensors': 0}).Reload()
    losses = found.Scalars('train/loss')
    assert [event.step for event in losses] == record.curves['iteration']
    assert losses[0].value == pytest.approx(record.curves['loss'][0], rel=1e-4)
    (score,) = found.Scalars(f'score/{record.primary}')
    assert score.value == pytest.approx(record.scores[record.primary])
    assert {'train/lr', 'train/memory_mb'} <= set(found.Tags()['scalars'])
    assert set(found.Tags()['images']) == {f'pictures/{name}' for name in record.pictures}
    texts = {name: found.Tensors(name)[0].tensor_proto.string_val[0].decode()
             for name in found.Tags()['tensors']}  # fmt: skip
    (kept,) = (text for name, text in texts.items() if name.endswith('.json/text_summary'))
    assert json.loads(kept)['fingerprint'] == record.fingerprint
    assert texts['end/text_summary'].strip() == 'finished'


def test_mlflow_reads_its_store(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('mlflow', reason="needs pip install '.[mlflow]'")
    for name in ('MLFLOW_TRACKING_URI', 'MLFLOW_EXPERIMENT_NAME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('MLFLOW_ALLOW_FILE_STORE', 'true')
    lines: list[str] = []
    (record,) = run(tmp_path, tiny_data, 'mlflow', say=lines.append).records
    assert not [line for line in lines if line.startswith('WARNING mlflow')]
    from mlflow import MlflowClient

    client = MlflowClient((tmp_path / 'work' / 'tracking' / 'mlflow').resolve().as_uri())
    experiment = client.get_experiment_by_name('transferbench')
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == 'FINISHED'
    assert found.data.params['fingerprint'] == record.fingerprint
    losses = client.get_metric_history(found.info.run_id, 'train/loss')
    assert sorted(point.step for point in losses) == record.curves['iteration']
    assert found.data.metrics[f'score/{record.primary}'] == record.scores[record.primary]
    files = {item.path for item in client.list_artifacts(found.info.run_id)}
    assert {'pictures'} < files
    (name,) = files - {'pictures'}
    kept = Path(client.download_artifacts(found.info.run_id, name, str(tmp_path)))
    assert json.loads(kept.read_text())['fingerprint'] == record.fingerprint


def test_wandb_keeps_runs_offline_where_no_key_is_known(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('wandb', reason="needs pip install '.[wandb]'")
    for name in ('WANDB_API_KEY', 'WANDB_MODE', 'WANDB_PROJECT'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('HOME', str(tmp_path))
    lines: list[str] = []
    (record,) = run(tmp_path, tiny_data, 'wandb', say=lines.append).records
    assert record.is_ok
    assert not [line for line in lines if line.startswith('WARNING wandb')]
    (kept,) = (tmp_path / 'work' / 'tracking' / 'wandb').rglob('*.wandb')
    assert b'train/loss' in kept.read_bytes()


def test_trackio_keeps_runs_in_its_own_store(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('trackio', reason="needs pip install '.[trackio]'")
    lines: list[str] = []
    (record,) = run(tmp_path, tiny_data, 'trackio', say=lines.append).records
    assert record.is_ok
    assert not [line for line in lines if line.startswith('WARNING trackio')]
    import sqlite3

    (store,) = Path(os.environ['TRACKIO_DIR']).rglob('transferbench.db')
    rows = sqlite3.connect(store).execute('select step, metrics from metrics').fetchall()
    assert {1, 2, 3, 4} <= {step for step, _ in rows}
    assert any('train/loss' in metrics for _, metrics in rows)
