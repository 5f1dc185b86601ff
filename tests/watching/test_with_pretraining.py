"""From `tbench pretrain --save-every` to `tbench watch`: what is written on the way counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import transferbench as tb
from benchmark.cli.main import main
from tests.support.pretraining_requests import write_pictures
from tests.watching.conftest import TASK

MAE = (
    *('pretrain', 'mae', '--arch', 'timm:vit_tiny_patch16_224', '--device', 'cpu'),
    *('--arch-options', 'embed_dim=16', 'depth=3', 'num_heads=2'),
    *('--data', 'pictures', '--steps', '5', '--size', '64', '--batch-size', '4'),
)


@pytest.fixture(autouse=True)
def _neutral(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # the command narrows the environment of its process to the chosen device
    for name in ('CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
        monkeypatch.setenv(name, '')
    monkeypatch.setenv('OPENBLAS_NUM_THREADS', '')
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / 'pictures')


def test_the_checkpoints_of_a_pretraining_are_evaluated(
    tmp_path: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main((*MAE, '--out', 'plain')) == 0
    assert main((*MAE, '--out', 'saving', '--save-every', '2')) == 0
    plain, saved = (load_file(f'{name}/{name}.safetensors') for name in ('plain', 'saving'))
    assert all(torch.equal(plain[name], saved[name]) for name in plain)
    snapshots = sorted(Path('saving/checkpoints').glob('*.safetensors'))
    assert [path.stem for path in snapshots] == ['step_00000002', 'step_00000004', 'step_00000005']
    last = load_file(snapshots[-1])
    assert all(torch.equal(last[name], saved[name]) for name in saved)
    with safe_open(str(snapshots[0]), framework='pt') as file:
        assert file.metadata()['step'] == '2'

    snapshots[0].with_name('step_00000006.safetensors').write_bytes(
        snapshots[0].read_bytes()[:2000]
    )
    capsys.readouterr()
    asked = (
        *('watch', 'saving/checkpoints', '--suite', 'quick', '--tasks', TASK, '--protocols', 'knn'),
        *('--seeds', '0', '--data-root', str(tiny_data), '--executor', 'inline', '--device', 'cpu'),
        *('--once', '--interval', '0'),
    )
    assert main(asked) == 0
    said = capsys.readouterr().out
    out = tmp_path / 'saving' / 'checkpoints-watch'
    assert f'scores over steps: {out / "index.html"}' in said
    assert said.count('step 6: skipped: ') == 1
    content = json.loads((out / 'scores.json').read_text())
    states = {entry['step']: entry['state'] for entry in content['entries']}
    assert states == {2: 'evaluated', 4: 'evaluated', 5: 'evaluated', 6: 'unreadable'}
    entries = {entry['step']: entry for entry in content['entries']}
    assert entries[5]['health']['attention_entropy'] > 0

    declared = tb.Watcher(
        None, suite='quick', tasks=[TASK], protocols=['knn'], seeds=[0], out='final',
        data_root=tiny_data, say=lambda line: None,
    )._evaluator  # fmt: skip
    alone = declared.evaluate('saving/saving.py', tb.InlineExecutor('cpu'))
    assert [score.value for score in alone.scores] == [
        score['value'] for score in entries[5]['scores']
    ]
    assert main((*MAE, '--out', 'other', '--save-every', '0')) == 2
    assert main((*asked, '--interval', '-1')) == 2
