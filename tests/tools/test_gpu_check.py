"""The check of a GPU, on a CPU with tiny sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.tool_loading import load_tool

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'gpu_check.py'


@pytest.fixture(scope='module')
def tool() -> Any:
    return load_tool('gpu_check')


def test_it_runs_here_and_writes_both_files(tmp_path: Path) -> None:
    """Two sections; the others take minutes."""
    command = [sys.executable, str(TOOL), '--device', 'cpu', '--tiny', '--out', str(tmp_path)]
    command += ['--sections', 'operators', 'communication', '--minutes', '20']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / 'device-tiny.json').read_text())
    assert found['communication']['backend'] == 'gloo'
    gaps = {name: gap for name, gap in found['operators'].items() if name != 'seconds'}
    # the CPU beside itself; with deformable convolution and attention, nine operators
    assert len(gaps) == 9
    assert set(gaps.values()) == {0.0}
    table = (tmp_path / 'device-tiny.md').read_text()
    assert '| operators | ok |' in table
    assert '| RoIAlign | 0.0 |' in table


def check(tool: Any, folder: Path) -> Any:
    return tool.Check('cpu', True, folder, folder / 'answer.json', 0.0)


def test_a_kind_is_trained_under_both_policies(tool: Any, tmp_path: Path) -> None:
    one = check(tool, tmp_path)
    config = tool.trial(
        one,
        'classification',
        'fast',
        architecture='test_vit',
        changes={'batch_size': 2, 'iterations': 8},
    )
    assert config['precision']['autocast'] == 'bfloat16'
    found = tool.trained(one, 'classification', config)
    assert found['is finite']
    assert found['steps'] == 8
    assert found['step over bare step'] > 0


def test_an_error_ends_its_part_alone_and_is_kept(tool: Any, tmp_path: Path) -> None:
    one = check(tool, tmp_path)
    with one.part('first'):
        raise ValueError('no kernel image\nand much more')
    one.keep(second=1)
    kept = json.loads((tmp_path / 'answer.json').read_text())
    assert kept == {'first failed': 'ValueError: no kernel image', 'second': 1}
    assert tool.state_of(kept) == 'FAILED (first: ValueError: no kernel image)'


@pytest.mark.parametrize(
    ('body', 'reason'),
    [
        ("raise RuntimeError('broken')", 'RuntimeError: broken'),
        ('os._exit(3)', 'exit code 3: last words'),
        ('time.sleep(60)', 'not done after 3 s'),
    ],
)
def test_a_section_that_fails_crashes_or_hangs_is_recorded(
    tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, reason: str
) -> None:
    script = tmp_path / 'script.py'
    script.write_text(
        f'import os, sys, time\nsys.path.insert(0, {str(TOOL.parent)!r})\nimport gpu_check\n'
        f"def section(check):\n    check.keep(known=1)\n    print('last words', flush=True)\n"
        f'    {body}\n'
        "gpu_check.SECTIONS['depth'] = (section, 60.0)\nsys.exit(gpu_check.main())\n"
    )
    monkeypatch.setattr(tool, '__file__', str(script))
    found = tool.run_section(check(tool, tmp_path), 'depth', 3.0)
    assert (found['known'], found['failed']) == (1, reason)


def test_no_section_is_begun_without_time(tool: Any, tmp_path: Path) -> None:
    found = tool.run_all(check(tool, tmp_path), ['operators', 'start'], 0.1)
    assert {tool.state_of(facts) for facts in found.values()} == {'skipped'}


def test_a_device_that_differs_from_the_cpu_is_told(tool: Any) -> None:
    near = {'input 0 size': 1.0, 'features 0 size': 2.0, 'loss loss': 3.0}
    assert tool._parity({**near, 'loss loss': 3.3}, near)['loss'] == 0.1
    with pytest.raises(ValueError, match='device and CPU differ'):
        tool._parity({**near, 'features 0 size': 2.1}, near)


def test_every_kind_has_a_section(tool: Any) -> None:
    from benchmark.kinds import all_kinds

    assert set(tool.TASKS) == {kind.name for kind in all_kinds()}
    assert set(tool.TASKS) <= set(tool.SECTIONS)
