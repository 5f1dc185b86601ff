from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.errors import BenchmarkError
from benchmark.execution.locking import BusyError, check_leases, exclusive, holder_since

HOLD = """
import sys
from pathlib import Path
from benchmark.execution.locking import exclusive
with exclusive(Path(sys.argv[1])):
    print('held', flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / 'work' / 'cell'


@pytest.fixture
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Return another process that holds the folder until its input ends."""
    with subprocess.Popen(
        [sys.executable, '-c', HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == 'held\n'
        yield process
        process.kill()


def test_a_folder_that_another_process_holds_is_refused(
    folder: Path, holder: subprocess.Popen[str]
) -> None:
    entered = False
    with (
        pytest.raises(BenchmarkError, match='cell: is being run by another process') as caught,
        exclusive(folder),
    ):
        entered = True
    assert not entered
    assert '\n' not in str(caught.value)


def test_other_folders_are_free(folder: Path, holder: subprocess.Popen[str]) -> None:
    with exclusive(folder.parent / 'other'):
        pass


def test_the_system_lets_go_of_a_killed_process(
    folder: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    with exclusive(folder):
        pass


def test_it_is_let_go_afterwards_even_by_an_error(folder: Path) -> None:
    with pytest.raises(RuntimeError, match='inside'), exclusive(folder):
        raise RuntimeError('inside')
    with exclusive(folder):
        pass


def test_the_lock_file_stays_out_of_the_way(folder: Path) -> None:
    with exclusive(folder):
        (folder / 'log.txt').write_text('x')
    assert sorted(path.name for path in folder.iterdir()) == ['lease.000001', 'log.txt']


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('x')
    with (
        pytest.raises(BenchmarkError, match='cannot be written'),
        exclusive(tmp_path / 'file' / 'x'),
    ):
        pass


def test_a_worker_answers_that_another_process_runs_the_cell(
    folder: Path, holder: subprocess.Popen[str]
) -> None:
    pytest.importorskip('torch')
    from benchmark.execution.jobs import answer

    found = answer({'job': 'train', 'config': {}, 'folder': str(folder)})
    assert found['user_error'] is True
    assert 'is being run by another process' in found['error']


def test_no_lock_of_the_file_system_is_needed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, 'flock', refuse)
    check_leases(folder.parent)
    with exclusive(folder):
        assert holder_since(folder) is not None
        with pytest.raises(BusyError), exclusive(folder):
            pytest.fail('entered')
    assert holder_since(folder) is None


def test_a_length_of_leases_that_makes_no_sense_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('TBENCH_LEASE', 'soon')
    with pytest.raises(BenchmarkError, match='TBENCH_LEASE=soon: must be a number of seconds'):
        check_leases(folder)
