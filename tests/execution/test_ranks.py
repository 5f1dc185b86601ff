"""Several processes of one cell: whatever ends the process above them ends them too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmark.execution.locking import BusyError, exclusive, holder_since, shared
from benchmark.execution.torchrun import _losses
from tests.support.waiting import is_gone, until

PROGRAM = """
import sys
from pathlib import Path
from benchmark.execution.torchrun import launch
from benchmark.execution.locking import exclusive
folder = Path(sys.argv[1])
with exclusive(folder):
    launch({'job': 'tests.support.sleeping_ranks:SLEEP', 'folder': str(folder)}, 2)
"""


@pytest.mark.slow
@pytest.mark.parametrize('victim', ['worker', 'lead'])
def test_ranks_end_with_what_started_them(
    victim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('PYTHONPATH', str(Path(__file__).parents[2]), prepend=os.pathsep)
    with subprocess.Popen([sys.executable, '-c', PROGRAM, str(tmp_path)]) as worker:
        assert until(lambda: len(list(tmp_path.glob('*.rank'))) == 2, 120)
        pairs = [tuple(map(int, path.stem.split('-'))) for path in tmp_path.glob('*.rank')]
        (lead,) = {parent for _, parent in pairs}
        with pytest.raises(BusyError), exclusive(tmp_path):
            pass
        os.kill({'worker': worker.pid, 'lead': lead}[victim], signal.SIGKILL)
        assert until(lambda: all(is_gone(rank) for rank, _ in pairs) and is_gone(lead), 5)
        worker.wait(10)
    with exclusive(tmp_path):
        pass


LAUNCH = """
import sys
from pathlib import Path
from benchmark.execution.torchrun import launch
try:
    print(launch({'job': sys.argv[2], 'folder': sys.argv[1]}, 2)['error'])
except Exception as error:
    print(f'{type(error).__name__}: {error}')
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ('job', 'number', 'told'),
    [
        ('SLEEP', signal.SIGKILL, 'LostError: one of 2 processes was ended by SIGKILL'),
        ('SLEEP', signal.SIGTERM, 'LostError: one of 2 processes was ended by a request to stop'),
        ('SLEEP', signal.SIGSEGV, 'BenchmarkError: 2 processes ended with exit code 1 and no'),
        ('MISS', signal.SIGKILL, 'LostError: one of 2 processes was ended by SIGKILL'),
        ('REFUSE', None, 'no pictures'),
    ],
)
def test_a_process_that_others_ended_is_told_from_one_that_failed(
    job: str,
    number: signal.Signals | None,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('PYTHONPATH', str(Path(__file__).parents[2]), prepend=os.pathsep)
    command = [sys.executable, '-c', LAUNCH, str(tmp_path), f'tests.support.sleeping_ranks:{job}']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        if number is not None:
            assert until(lambda: len(list(tmp_path.glob('*.rank'))) == 2, 120)
            # the one of them that waits for nobody
            second = max(
                tmp_path.glob('*.rank'), key=lambda path: rank_of(int(path.stem.split('-')[0]))
            )
            os.kill(int(second.stem.split('-')[0]), number)
        said, _ = worker.communicate(timeout=120)
    assert said.startswith(told)


def rank_of(process: int) -> str:
    variables = Path(f'/proc/{process}/environ').read_text().split('\0')
    return next(text for text in variables if text.startswith('RANK='))


def test_a_folder_is_not_free_while_a_process_of_an_earlier_run_lives(tmp_path: Path) -> None:
    with shared(tmp_path):
        with shared(tmp_path):  # another of them
            pass
        assert holder_since(tmp_path) is not None
        with pytest.raises(BusyError, match='is being run by another process'), exclusive(tmp_path):
            pytest.fail('entered')
    assert holder_since(tmp_path) is None
    with exclusive(tmp_path):
        pass


@pytest.mark.parametrize('orphan', [True, False])
def test_a_process_whose_parent_is_gone_before_it_starts_ends_at_once(orphan: bool) -> None:
    program = (
        'import os\n'
        'from benchmark.execution.lifetime import PARENT, die_with_parent\n'
        f'os.environ[PARENT] = str(os.getppid() + {int(orphan)})\n'
        "die_with_parent()\nprint('lives', PARENT in os.environ)"
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == ((1, '') if orphan else (0, 'lives False\n'))


@pytest.mark.parametrize(
    ('codes', 'answer', 'lost'),
    [
        ([1, 1, -9], {'error': 'RuntimeError: Connection closed by peer'}, 'SIGKILL'),
        ([-9], None, 'SIGKILL'),  # torchrun itself
        ([1, 143, 143], None, 'a request to stop'),
        ([1, 1, -9], {'error': 'the loss became nan', 'user_error': True}, ''),
        ([1, 1, 143], {'error': 'TypeError: no'}, ''),
        ([1, -11, -9], None, ''),
        ([1, -11, 143], None, ''),
        ([1, 1, 143], None, ''),
        ([1, -11, 143], {'error': 'RuntimeError: Connection closed by peer'}, ''),
        ([0], {'error': ''}, ''),
        ([1, -9], {'error': ''}, ''),  # it ended after the answer was whole
    ],
)
def test_exit_codes_and_the_answer_say_whether_a_process_was_lost(
    codes: list[int], answer: dict[str, Any] | None, lost: str
) -> None:
    assert _losses(codes, answer) == lost
