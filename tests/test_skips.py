"""Reasons for skips: those that are listed pass, all others fail where CI asks for it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.skips import KNOWN, VARIABLE

TESTS = Path(__file__).parent
MODULES = """
import pytest

{module}

def test_known():
    pytest.skip('not run on a GPU')

def test_unknown():
    pytest.importorskip('no_such_library')

@pytest.mark.xfail(reason='wrong')
def test_wrong():
    assert False
"""


@pytest.mark.parametrize(
    ('variable', 'module', 'outcome'),
    [
        ('', '', '2 skipped, 1 xfailed'),
        ('1', '', '1 failed, 1 skipped, 1 xfailed'),
        ('1', "pytest.skip('whole', allow_module_level=True)", '1 error'),
    ],
)
def test_a_reason_that_is_not_listed_fails_in_ci(
    variable: str, module: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'conftest.py').write_text(
        'from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport\n'
    )
    (tmp_path / 'test_it.py').write_text(MODULES.format(module=module))
    monkeypatch.setenv(VARIABLE, variable)
    command = [
        sys.executable,
        '-m',
        'pytest',
        '-q',
        '-p',
        'no:cacheprovider',
        '--rootdir',
        '.',
        '.',
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f'{outcome} in' in done.stdout.splitlines()[-1].replace('=', '').strip(), done.stdout


def test_every_listed_reason_is_one_of_a_test() -> None:
    files = [path for path in TESTS.rglob('*.py') if path.parent.name != 'support']
    texts = re.sub(r"'\s+'", '', ''.join(path.read_text(encoding='utf-8') for path in files))
    assert [reason for reason in KNOWN if f"'{reason}'" not in texts] == []
