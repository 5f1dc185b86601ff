"""``tbench regress`` from records on disk to its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmark.cli.main import main
from benchmark.regression.history import read_history
from tests.support.regression_builders import PARTS, records, saved


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    made = {
        'base': records(range(10)),
        'same': records(range(100, 102)),
        'worse': records(range(100, 106), drops={PARTS: 3.0}),
    }
    return {name: str(saved(tmp_path / name, found)) for name, found in made.items()}


def test_exit_codes(folders: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    compared = ['regress', '--baseline', folders['base'], '--candidate']
    assert main([*compared, folders['same']]) == 0
    assert 'nothing got worse' in capsys.readouterr().out
    assert main([*compared, folders['worse']]) == 1
    assert 'regression  parts · vit-s-mae' in capsys.readouterr().out
    assert main([*compared, folders['worse'], '--margin', 'mIoU=9', 'rmse=1']) == 0
    assert main([*compared, folders['worse'], '--margin', '20%']) == 0


def test_files_and_json(
    folders: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, xml = tmp_path / 'out', tmp_path / 'deep' / 'junit.xml'
    arguments = ['regress', '--baseline', folders['base'], '--candidate', folders['worse']]
    places = ['--out', str(out), '--junit', str(xml)]
    assert main([*arguments, '--json', '--night', '2031-05-04', *places]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content['night'] == '2031-05-04'
    assert ElementTree.parse(xml).getroot().tag == 'testsuites'
    assert json.loads((out / 'comparison.json').read_text()) == content


def test_an_accepted_shift(folders: dict[str, str], tmp_path: Path) -> None:
    accepted = tmp_path / 'accepted.toml'
    accepted.write_text("[[shift]]\ntask = 'parts'\nsince = 2031-05-01\nreason = 'new labels'\n")
    arguments = ['regress', '--baseline', folders['base'], '--candidate', folders['worse']]
    arguments += ['--accepted', str(accepted), '--night']
    assert main([*arguments, '2031-05-01']) == 0
    assert main([*arguments, '2031-04-30']) == 1


def test_nights_are_appended_to_a_history(folders: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / 'history.json'
    arguments = ['regress', '--baseline', folders['base'], '--candidate', folders['same']]
    for night in ('2031-05-04', '2031-05-05', '2031-05-05'):
        main([*arguments, '--history', str(path), '--append', '--night', night])
    assert read_history(path, 'quick').nights == ('2031-05-04', '2031-05-05')
    before = path.read_bytes()
    main([*arguments, '--history', str(path), '--night', '2031-05-06'])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ('arguments', 'part'),
    [
        (['--baseline', 'nowhere', '--candidate', '{same}'], '--baseline nowhere: no such folder'),
        (['--baseline', '{base}', '--candidate', 'nowhere'], '--candidate nowhere: no such folder'),
        (['--baseline', '.', '--candidate', '{same}'], 'name one suite by --suite (there: none)'),
        (
            ['--baseline', '{base}', '--candidate', '{same}', '--suite', 'nope'],
            "no good record of suite 'nope'",
        ),
        (
            ['--baseline', '{base}', '--candidate', '{same}', '--margin', '3'],
            "--margin '3' must be a share as in 1%",
        ),
        (
            ['--baseline', '{base}', '--candidate', '{same}', '--margin', 'mIoU=-1'],
            "--margin 'mIoU=-1' must be",
        ),
        (
            ['--baseline', '{base}', '--candidate', '{same}', '--time-limit', '0.5'],
            '--time-limit is 0.5, must be a ratio from 1',
        ),
        (
            ['--baseline', '{base}', '--candidate', '{same}', '--history', 'none.json'],
            'none.json: no history',
        ),
        (
            ['--baseline', '{base}', '--candidate', '{same}', '--margin', 'foo=1'],
            "--margin unknown headline metric 'foo' (known: ",
        ),
        (['--baseline', '{base}', '--candidate', '{same}', '--append'], '--append needs --history'),
        (
            ['--baseline', '{base}', '--candidate', '{same}', '--accepted', 'none.toml'],
            'none.toml: cannot be read',
        ),
    ],
)
def test_wrong_requests(
    folders: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    part: str,
) -> None:
    (tmp_path / 'empty').mkdir()
    monkeypatch.chdir(tmp_path / 'empty')
    assert main(['regress', *(text.format(**folders) for text in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert part in err
    assert err.count('\n') == 1
