"""What trackers get of real cells; records stay what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import transferbench as tb
from benchmark.results.records import RunRecord
from tests.api.conftest import SHORT
from tests.support.trackers import Broken, Noting, Refusing

torch.set_num_threads(1)

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
    pytest.importorskip('tensorboard', reason='the extra tensorboard is not installed')
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
