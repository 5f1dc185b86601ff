"""``tbench pretrain``: wrong requests end with one line, right ones with a backbone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli.main import main
from tests.support.pretraining_requests import write_pictures

VIT = (
    *('--arch', 'timm:vit_tiny_patch16_224'),
    *('--arch-options', 'embed_dim=16', 'depth=3', 'num_heads=2'),
)


@pytest.fixture(autouse=True)
def _neutral(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # the command narrows the environment of its process to the chosen device
    for name in ('CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
        monkeypatch.setenv(name, '')
    monkeypatch.setenv('OPENBLAS_NUM_THREADS', '')
    monkeypatch.chdir(tmp_path)


def pretrain(*arguments: str, out: str = 'run') -> int:
    return main(('pretrain', *arguments, '--out', out, '--device', 'cpu'))


def test_both_sides_of_a_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pictures(tmp_path / 'pictures')
    common = ('--size', '64', '--batch-size', '4', '--lr', '2e-3')
    asked = ('mae', *VIT, '--data', 'pictures', '--epochs', '2.5', *common)
    assert pretrain(*asked, out='vit-mae') == 0
    said = capsys.readouterr().out
    assert 'pictures, 8 pictures: 5 steps of 4, 2.5 epochs' in said
    assert 'step 5 of 5, loss ' in said
    assert said.endswith('next: tbench run --suite quick --backbones vit-mae/vit-mae.py\n')
    assert pretrain('supervised', *VIT, '--like', 'vit-mae', '--match', 'steps', out='sup') == 0
    mae, supervised = (
        json.loads(Path(path).read_text()) for path in ('vit-mae/vit-mae.json', 'sup/sup.json')
    )
    for key in ('steps', 'epochs', 'size', 'batch_size', 'lr', 'place', 'options', 'source'):
        assert mae[key] == supervised[key], key
    assert mae['options']['img_size'] == 64
    assert supervised['budget'] == {'unit': 'steps', 'amount': 5, 'like': 'vit-mae'}
    capsys.readouterr()
    assert pretrain(*asked, out='vit-mae') == 0
    assert capsys.readouterr().out.startswith('vit-mae/vit-mae.py: finished already\n')
    write_pictures(tmp_path / 'others', count=6)
    code = pretrain(
        *('supervised', *VIT, '--like', 'vit-mae', '--match', 'steps', '--data', 'others'),
        out='third',
    )
    assert code == 2
    assert 'the other side learnt from other pictures (pictures, 8' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('mea', *VIT, '--data', 'd', '--steps', '4'), "unknown pretraining method 'mea'; did"),
        (('mae', '--data', 'd', '--steps', '4'), '--arch is needed'),
        (('mae', *VIT, '--steps', '4'), '--data is needed: world, or a folder'),
        (('mae', *VIT, '--match', 'steps'), '--match steps needs --like FOLDER'),
        (
            ('mae', *VIT, '--match', 'steps', '--like', 'none'),
            '--like none: holds no pretraining',
        ),
        (('mae', *VIT, '--data', 'none', '--steps', '4'), "--data 'none': no such folder"),
        (('mae', *VIT, '--data', 'empty', '--steps', '4'), 'empty: holds no picture'),
        (('mae', *VIT, '--data', 'd', '--epochs', '0'), 'epochs is 0, must be above 0'),
        (('mae', *VIT, '--data', 'd', '--epochs', '0.1'), '0.1 epochs are 0 steps of 32 pictures'),
        (('mae', *VIT, '--data', 'd', '--steps', '4', '--labels', 'x'), "label of the world 'x'"),
        (('mae', '--arch', 'timm:nonet', '--data', 'd', '--steps', '4'), "architecture 'nonet'"),
        (('mae', '--arch', 'nonet', '--data', 'd', '--steps', '4'), "unknown backbone 'nonet"),
        (('mae', '--arch', 'timm:x@y', '--data', 'd', '--steps', '4'), 'not with a checkpoint'),
        (
            ('mae', '--arch', 'timm:test_resnet', '--data', 'd', '--steps', '4'),
            'timm:test_resnet is not a plain ViT of timm; mae takes plain ViTs of timm with one',
        ),
        (
            ('mae', *VIT, 'embed_dim', '--data', 'd', '--steps', '4'),
            "--arch-options 'embed_dim': must be KEY=VALUE",
        ),
        (
            ('mae', *VIT, 'img_size=32', '--data', 'd', '--steps', '4', '--size', '64'),
            'is made for pictures of 32 px (img_size), requested: 64',
        ),
        (
            ('supervised', *VIT, '--data', 'd', '--steps', '4'),
            'supervised needs pictures of at least two classes',
        ),
    ],
)
def test_wrong_requests(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / 'empty').mkdir()
    write_pictures(tmp_path / 'd', count=1)
    assert pretrain(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('tbench: ')
    assert err.count('\n') == 1
    assert message in err
    assert not (tmp_path / 'run' / 'settings.json').exists()
