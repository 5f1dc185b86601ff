"""Commands that list and explain stay quick: they import none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    'torch',
    'torchvision',
    'timm',
    'numpy',
    'pandas',
    'jinja2',
    'cv2',
    'mmengine',
    'mmcv',
    'mmdet',
    'mmseg',
    'mmpose',
    'mmpretrain',
)
PROGRAM = """
import sys
from benchmark.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as ending:
    code = ending.code
print('loaded', *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ('arguments', 'code'),
    [
        (['--help'], 0),
        (['--version'], 0),
        (['run', '--help'], 0),
        (['plan', '--help'], 0),
        (['status'], 0),
        (['nightly', '--help'], 0),
        (['pretrain', '--help'], 0),
        (['regress', '--baseline', 'none', '--candidate', 'none'], 2),
        (['import', 'none.zip'], 2),
        ([], 2),
        (['list', 'tasks'], 0),
        (['list', 'tasks', '--json'], 0),
        (['list', 'suites'], 0),
        (['list', 'protocols'], 0),
        (['list', 'backbones', '--json'], 0),
        (['check', 'task', 'no-such-task'], 2),
        (['check', 'backbone', 'no-such-backbone'], 2),
        (['report', '--suite', 'no-such-suite'], 2),
        (['run', '--suite', 'no-such-suite'], 2),
        (['plan', '--suite', 'no-such-suite'], 2),
        (['run', '--suite', 'quick', '--backbones', 'no-such-backbone'], 2),
    ],
    ids=lambda value: ' '.join(value) or 'nothing' if isinstance(value, list) else None,
)
def test_the_command_loads_no_heavy_library(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM, *arguments], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == code, done.stderr
    loaded = done.stderr.splitlines()[-1].split()
    assert loaded[0] == 'loaded'
    assert [name for name in HEAVY if name in loaded] == []
    assert list(tmp_path.iterdir()) == []
