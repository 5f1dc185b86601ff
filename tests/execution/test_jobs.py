"""What a worker answers, and what a run costs."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.compiling import compile_trivial, localise
from benchmark.errors import DataError
from benchmark.execution import jobs
from benchmark.execution.cost import Meter
from benchmark.execution.locking import exclusive
from benchmark.execution.outcome import Outcome
from benchmark.kinds.base import DATA
from benchmark.models.inspection import inspect_backbone
from benchmark.results.answers import forget_answer
from benchmark.results.records import RunRecord, Status
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec
from tests.support.execution_cells import Cell, random_backbone, small_task


def test_inspection_returns_plain_features() -> None:
    backbone = random_backbone('test_convnext')
    found = jobs.answer({'job': 'inspect', 'backbone': asdict(backbone)})
    assert found['error'] == ''
    assert json.loads(json.dumps(found['features'])) == json.loads(
        json.dumps(asdict(inspect_backbone(backbone)))
    )


def test_execution_returns_plain_results(tiny_world: Path, tmp_path: Path) -> None:
    cell = Cell(
        tiny_world, tmp_path / 'cell', small_task('world-covered'), random_backbone('test_resnet')
    )
    found = jobs.answer({'job': 'train', 'config': cell.config(), 'folder': str(cell.folder)})
    assert found['error'] == ''
    assert set(found) == {'raw', 'proof', 'cost', 'curves', 'pictures', 'trials', 'error'}
    assert json.loads(json.dumps(found)) == found


def test_user_error_is_one_line() -> None:
    backbone = asdict(random_backbone('no_such_network'))
    found = jobs.answer({'job': 'inspect', 'backbone': backbone})
    assert found['user_error'] is True
    assert found['error'].startswith("timm has no architecture 'no_such_network'")
    assert '\n' not in found['error']


def test_an_error_of_a_process_that_loads_is_told_without_its_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(config: Any, folder: Path) -> None:
        raise DataError(
            'Caught DataError in DataLoader worker process 0.\nOriginal Traceback (most recent '
            'call last):\n  File "a.py", line 3\nbenchmark.errors.DataError: a.png: broken: so\n'
        )

    monkeypatch.setattr(jobs, 'execute', fail)
    found = jobs.answer({'job': 'train', 'config': {}, 'folder': str(tmp_path / 'cell')})
    assert found == {'error': 'a.png: broken: so', 'user_error': True}


def test_other_errors_are_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(config: Any, folder: Path) -> None:
        raise RuntimeError('tensors do not match\nsecond line')

    monkeypatch.setattr(jobs, 'execute', fail)
    found = jobs.answer({'job': 'train', 'config': {}, 'folder': str(tmp_path / 'cell')})
    assert found == {'error': 'RuntimeError: tensors do not match', 'user_error': False}
    assert 'second line' in caplog.text


def test_folder_in_use_is_not_touched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jobs, 'execute', lambda *_: pytest.fail('ran in a folder in use'))
    with exclusive(tmp_path):
        found = jobs.answer({'job': 'train', 'config': {}, 'folder': str(tmp_path)})
    assert found['user_error'] is True
    assert found['busy'] is True
    assert 'is being run by another process' in found['error']


def _measured(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the folders that trainings will have run in."""
    ran: list[Path] = []

    def measure(config: Any, folder: Path) -> Outcome:
        ran.append(folder)
        return Outcome({'score': 0.1 + 0.2}, {}, {}, {'loss': [float('inf')]}, [])

    monkeypatch.setattr(jobs, 'execute', measure)
    return ran


def test_what_was_measured_is_not_measured_again_before_it_is_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = _measured(monkeypatch)
    folder = tmp_path / 'cell'
    request = {'job': 'train', 'config': {'custom_hooks': []}, 'folder': str(folder)}
    request['records'] = [str(tmp_path / 'none.json')]
    first = jobs.answer(request)
    assert (jobs.answer(request), len(ran)) == (first, 1)
    (kept,) = folder.glob('*.json')
    kept.write_text(kept.read_text().replace('0.3', '0.4'))  # damaged: measured anew
    assert (jobs.answer(request), len(ran)) == (first, 2)
    forget_answer(folder)
    assert (jobs.answer(request), len(ran)) == (first, 3)


def test_a_cell_that_is_recorded_by_now_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = _measured(monkeypatch)
    store = ResultStore(tmp_path / 'results', tmp_path / 'work')
    record = RunRecord('tiny', RunSpec('t', 'b', 'finetune', 0), 'f' * 64, Status.FAILED, 'no')
    request = {'job': 'train', 'config': {'custom_hooks': []}, 'folder': str(tmp_path / 'cell')}
    path = store.save(record)
    request['records'] = [str(tmp_path / 'none.json'), str(path)]
    store.save(replace(record, status=Status.OK, error=''))
    assert (jobs.answer(request), ran) == ({'error': '', 'done': True}, [])
    store.save(record)
    assert jobs.answer(request)['raw'] == {'score': 0.1 + 0.2}


def test_meter_measures_phases_and_memory() -> None:
    meter = Meter()
    before = meter.report(iterations=3, resumed_at=1)
    with meter.phase('train'):
        block = bytearray(b'x' * (160 << 20))
        del block
    after = meter.report(iterations=3, resumed_at=1)
    assert after['peak_memory_mb'] >= before['peak_memory_mb'] + 120
    assert after['train_seconds'] > 0
    assert 'train_seconds' not in before
    assert (after['iterations'], after['resumed_at']) == (3, 1)


@pytest.mark.parametrize(
    ('name', 'broken', 'part'),
    [
        ('world-segmentation', 'semantic/train/*.png', 'cannot be read as a picture'),
        ('world-segmentation', 'images/test/*', 'cannot be read as a picture'),
        ('world-detection', 'keypoints_train.json', 'not JSON'),
    ],
)
@pytest.mark.parametrize('job', ['train', 'trivial'])
def test_a_broken_file_is_named(
    name: str, broken: str, part: str, job: str, tiny_world: Path, tmp_path: Path
) -> None:
    task = small_task(name)
    world = tmp_path / 'world'
    shutil.copytree(tiny_world / task.source.root, world / task.source.root)
    files = sorted((world / task.source.root).glob(broken))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:20])
    cell = Cell(world, tmp_path / 'cell', task, random_backbone('test_resnet'))
    places = {DATA: str(world / task.source.root)}
    config = cell.config() if job == 'train' else localise(compile_trivial(task), places)
    found = jobs.answer({'job': job, 'config': config, 'folder': str(cell.folder)})
    assert found['user_error'] is True
    named, _, reason = found['error'].partition(': ')
    assert Path(named) in files
    assert reason.startswith(part)
