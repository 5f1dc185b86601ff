"""The comparison of recipes on small data: it trains as a run does, and only what is missing."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes.pictures import picture
from tests.support.kind_trials import declare
from tests.support.tool_loading import load_tool

TASK = {
    'name': 'insects',
    'kind': 'classification',
    'input_size': (32, 32),
    'classes': ('ant', 'bee'),
    'splits': {'train': 6, 'test': 4},
    'metric': 'accuracy',
    'budget': {'iterations': 3, 'batch_size': 2},
}
DATA = {
    'root': '.',
    'type': 'benchmark.ImageFolders',
    'train': {'data_prefix': 'train'},
    'test': {'data_prefix': 'test'},
}


@pytest.fixture(scope='module')
def tool() -> Any:
    return load_tool('sweep_recipes')


@pytest.fixture
def insects(tmp_path: Path) -> Path:
    for role, count in (('train', 3), ('test', 2)):
        for name in ('ant', 'bee'):
            for i in range(count):
                picture(tmp_path / role / name / f'{i}.jpg')
    return declare(tmp_path, TASK, DATA).path


@pytest.mark.parametrize('protocol', ['finetune', 'frozen'])
def test_arms_are_trained_and_scored_once(
    tool: Any, insects: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = insects.parent / 'out.csv'
    command = [
        'sweep', protocol, '--tasks', str(insects), '--arms', 'default', 'lr=1e-2',
        '--backbones', 'timm:test_resnet+random', '--data-root', str(insects.parent),
        '--out', str(out),
    ]  # fmt: skip

    def sweep(*more: str) -> list[tuple[str, str]]:
        monkeypatch.setattr(sys, 'argv', [*command, *more])
        assert tool.main() == 0
        with out.open(newline='') as file:
            rows = list(csv.DictReader(file))
        assert all(0 <= float(row['score']) <= 100 for row in rows)
        return [(row['arm'], row['iterations']) for row in rows]

    three = [('default', '3'), ('lr=1e-2', '3')]
    assert sweep() == three
    assert sweep() == three
    assert sweep('--iterations', '2') == [*three, ('default', '2'), ('lr=1e-2', '2')]
