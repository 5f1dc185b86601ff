"""Evaluating from Python: the same records as from the command line, in this process or not."""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import transferbench as tb
from benchmark.cli.main import main
from benchmark.results.records import RunRecord
from tests.api.conftest import SHORT

torch.set_num_threads(1)

TASK = 'world-covered'
MEASURED = ('scores', 'raw', 'curves', 'trials', 'error', 'primary', 'task', 'protocol')


def places(folder: Path, data: Path) -> dict[str, Any]:
    return {'data_root': data, 'results': folder / 'results', 'work_dir': folder / 'work'}


def flags(folder: Path, data: Path) -> list[str]:
    named = places(folder, data).items()
    return [part for key, path in named for part in (f'--{key.replace("_", "-")}', str(path))]


def measured(record: RunRecord) -> dict[str, Any]:
    return {key: getattr(record, key) for key in MEASURED}


def made(net: ModuleType, seed: int = 3, **options: Any) -> torch.nn.Module:
    torch.manual_seed(seed)
    found: torch.nn.Module = net.Net(**options)
    return found


@pytest.fixture
def run(net: ModuleType, tiny_data: Path, tmp_path: Path) -> tb.Run:
    return tb.evaluate(
        made(net),
        suite='quick',
        tasks=[TASK],
        protocols=['knn', 'trivial'],
        seeds=[0],
        **places(tmp_path, tiny_data),
    )


def test_a_module_has_the_record_of_the_same_weights_through_the_command_line(
    net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    module = made(net)
    module(torch.randn(2, 3, 64, 64))  # statistics of its own
    save_file(module.state_dict(), tmp_path / 'weights.safetensors')
    protocols = ['finetune', 'frozen', 'knn', 'linear-fixed']
    run = tb.evaluate(
        module.eval(),
        suite='quick',
        tasks=[TASK],
        protocols=protocols,
        seeds=[1],
        options=SHORT,
        **places(tmp_path / 'python', tiny_data),
    )
    code = main(
        [
            *('run', '--suite', 'quick', '--tasks', TASK, '--protocols', *protocols),
            *('--seeds', '1', '--jobs', '1', '--device', 'cpu', '--backbones'),
            f'{tmp_path / "my_net.py"}:Net@{tmp_path / "weights.safetensors"}',
            *flags(tmp_path / 'shell', tiny_data),
            *('--cfg-options', *(f'{key}={value}' for key, value in SHORT.items())),
        ]
    )
    assert code == 0
    shell = tb.load_results(tmp_path / 'shell' / 'results')
    assert len(shell.records) == len(run.records) == len(protocols)
    by_protocol = {record.spec.protocol: measured(record) for record in shell.records}
    for record in run.records:
        assert record.is_ok, record.error
        assert measured(record) == by_protocol[record.spec.protocol]
    assert run.records[0].curves['loss']


def test_a_run_in_this_process_equals_one_in_a_worker(tiny_data: Path, tmp_path: Path) -> None:
    asked = {'suite': 'quick', 'tasks': [TASK], 'seeds': [0], 'options': SHORT}
    backbone = 'timm:test_vit+random'
    inline, local = (
        tb.evaluate(backbone, **asked, executor=executor, **places(tmp_path / name, tiny_data))
        for name, executor in (
            ('inline', tb.InlineExecutor('cpu')),
            ('local', tb.LocalExecutor(1, 'cpu')),
        )
    )
    assert [r.fingerprint for r in inline.records] == [r.fingerprint for r in local.records]
    assert [measured(r) for r in inline.records] == [measured(r) for r in local.records]
    assert not inline.failed


def test_what_is_done_is_not_run_again(
    run: tb.Run, net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    asked = {'suite': 'quick', 'tasks': [TASK], 'protocols': ['knn', 'trivial'], 'seeds': [0]}
    again = tb.evaluate(made(net), **asked, **places(tmp_path, tiny_data))
    assert (run.new, again.new) == (2, 0)
    assert [r.to_json() for r in again.records] == [r.to_json() for r in run.records]


@pytest.mark.parametrize('change', ['weights', 'settings', 'source'])
def test_another_module_is_another_backbone(
    change: str, run: tb.Run, net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    module = made(net, seed=4) if change == 'weights' else made(net)
    if change == 'settings':
        module = made(net, slope=0.2)
    if change == 'source':
        path = tmp_path / 'my_net.py'
        path.write_text(path.read_text() + '# another line\n')
        import linecache

        linecache.checkcache()
    asked = {'suite': 'quick', 'tasks': [TASK], 'protocols': ['knn'], 'seeds': [0]}
    other = tb.evaluate(module, **asked, **places(tmp_path, tiny_data))
    (mine,) = (record for record in run.records if record.spec.protocol == 'knn')
    assert other.new == 1
    assert other.records[0].spec.backbone != mine.spec.backbone


def test_a_run_shows_its_records(run: tb.Run) -> None:
    frame = run.frame()
    assert set(frame['protocol']) == {'knn', 'trivial'}
    board = run.leaderboard()
    knn = next(record for record in run.records if record.spec.protocol == 'knn')
    assert board.loc[('knn', 'Net'), TASK] == knn.scores['accuracy']
    assert repr(run) == 'Run of quick: 2 cells, 2 of them run now, 0 failed'
    assert '<table' in run._repr_html_()
    assert run.failed == ()
    with pytest.raises(tb.UnknownNameError, match="unknown protocol of the records 'frozen'"):
        run.leaderboard('frozen')


def test_results_are_read_back(run: tb.Run, tmp_path: Path) -> None:
    results = tb.load_results(tmp_path / 'results', 'quick')
    assert {record.to_json() for record in results.records} == {
        record.to_json() for record in run.records
    }
    board = tb.leaderboard(tmp_path / 'results')
    assert board.equals(run.leaderboard())
    with pytest.raises(tb.BenchmarkError, match='name one suite'):
        tb.load_results(tmp_path)


def test_a_cell_that_fails_is_a_record_with_the_reason(
    net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    run = tb.evaluate(
        made(net),
        suite='quick',
        tasks=[TASK],
        protocols=['finetune'],
        seeds=[0],
        options={**SHORT, 'optim_wrapper.optimizer.lr': 0.0},
        **places(tmp_path, tiny_data),
    )
    (record,) = run.failed
    assert 'did not learn' in record.error
    assert 'did not learn' in repr(run)
    assert 'did not learn' in run._repr_html_()


def test_tasks_without_a_suite_are_run_by_themselves(tiny_data: Path, tmp_path: Path) -> None:
    run = tb.evaluate(
        {'name': 'mine', 'source': 'timm:test_vit', 'random': True},
        tasks=[TASK],
        protocols=['knn'],
        executor='inline',
        **places(tmp_path, tiny_data),
    )
    (record,) = run.records
    assert (record.suite, record.spec.backbone, record.spec.seed) == ('custom', 'mine', 0)


@pytest.mark.parametrize(
    ('asked', 'message'),
    [
        ({}, 'nothing to run'),
        ({'suite': 'quick', 'tasks': ['nyuv2']}, "unknown task 'nyuv2' of suite 'quick'"),
        ({'suite': {'name': 'a', 'title': 'b', 'tsks': ()}}, "unknown key 'tsks'"),
        ({'suite': 'quick', 'executor': 'cloud'}, "unknown executor 'cloud'"),
        ({'suite': 'quick', 'backbones': [3]}, 'not a int'),
    ],
)
def test_a_wrong_request_is_one_line(
    asked: dict[str, Any], message: str, tiny_data: Path, tmp_path: Path
) -> None:
    with pytest.raises(tb.BenchmarkError) as caught:
        tb.evaluate(**{'backbones': 'timm:test_vit+random', **asked}, **places(tmp_path, tiny_data))
    assert message in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('where', [{'executor': 'local'}, {'processes': 2}])
def test_a_module_in_memory_does_not_leave_this_process(
    where: dict[str, Any], net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    with pytest.raises(tb.IncompatibleError, match='a module in memory, which other processes'):
        tb.evaluate(made(net), suite='quick', tasks=[TASK], **where, **places(tmp_path, tiny_data))


def test_a_breakpoint_stops_in_this_process_with_the_terminal(
    net: ModuleType, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, bool]] = []
    terminal = sys.stdout
    monkeypatch.setattr(
        sys, 'breakpointhook', lambda: seen.append((os.getpid(), sys.stdout is terminal))
    )

    class Stopping(net.Net):  # type: ignore[misc, name-defined]
        def forward(self, images: torch.Tensor) -> Any:
            if images.device.type != 'meta' and not seen:
                sys.stdout.write('before')
                breakpoint()
            return super().forward(images)

    tb.evaluate(
        Stopping(),
        suite='quick',
        tasks=[TASK],
        protocols=['knn'],
        seeds=[0],
        **places(tmp_path, tiny_data),
    )
    assert seen == [(os.getpid(), True)]


def test_a_module_that_wants_to_end_the_process_fails_alone(
    net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    class Ending(net.Net):  # type: ignore[misc, name-defined]
        def forward(self, images: torch.Tensor) -> Any:
            if images.device.type != 'meta' and len(images) > 2:
                raise SystemExit('enough')
            return super().forward(images)

    run = tb.evaluate(
        Ending(),
        suite='quick',
        tasks=[TASK],
        protocols=['knn'],
        seeds=[0],
        **places(tmp_path, tiny_data),
    )
    (record,) = run.failed
    assert record.error.startswith('SystemExit: enough (log: ')


def test_an_inline_run_leaves_the_process_as_it_was(
    net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    import cv2
    from mmengine.registry import DefaultScope

    def state() -> dict[str, Any]:
        scope = DefaultScope.get_current_instance()
        return {
            'threads': torch.get_num_threads(),
            'opencv': cv2.getNumThreads(),
            'filters': list(warnings.filters),
            'folder': Path.cwd(),
            'environment': dict(os.environ),
            'random': random.getstate(),
            'numpy': json.dumps([str(part) for part in np.random.get_state()]),
            'torch': torch.get_rng_state().tolist(),
            'grad': torch.is_grad_enabled(),
            'root': (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
            'streams': (sys.stdout, sys.stderr, sys.breakpointhook),
            'scope': scope and scope.scope_name,
            'deterministic': torch.backends.cudnn.deterministic,
        }

    module = made(net)
    weights = {name: value.clone() for name, value in module.state_dict().items()}
    torch.set_num_threads(2)
    try:
        before = state()
        run = tb.evaluate(
            module,
            suite='quick',
            tasks=[TASK],
            protocols=['finetune'],
            seeds=[0],
            options=SHORT,
            **places(tmp_path, tiny_data),
        )
        assert state() == before
    finally:
        torch.set_num_threads(1)
    assert not run.failed
    assert all(torch.equal(weights[name], value) for name, value in module.state_dict().items())
    assert module.training
