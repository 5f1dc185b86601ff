"""The example scripts run as they stand, on a tiny world."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import matplotlib

EXAMPLES = Path(__file__).parent.parent.parent / 'examples'


def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / name))


def test_a_module_is_evaluated_and_its_records_are_read(tiny_data: Path, tmp_path: Path) -> None:
    matplotlib.use('Agg')
    frame, board = script('evaluate_module.py')['main'](
        data_root=str(tiny_data), results=str(tmp_path / 'results'), work_dir=str(tmp_path / 'work')
    )
    assert set(frame['task']) == {'world-covered'}
    assert len(board) == 2
    assert board['world-covered'].between(0, 100).all()
    picture = script('read_records.py')['draw'](
        str(tmp_path / 'results'), 'quick', tmp_path / 'scores.png'
    )
    assert picture.read_bytes().startswith(b'\x89PNG')
