"""Several processes of one cell: whatever ends the process above them ends them too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.execution.locking import BusyError, exclusive, holder_since, shared

PROGRAM = """
import sys
from pathlib import Path
from benchmark.execution.torchrun import launch
from benchmark.execution.locking import exclusive
folder = Path(sys.argv[1])
with exclusive(folder):
    launch({'job': 'tests.support.sleeping_ranks:SLEEP', 'folder': str(folder)}, 2)
"""


def is_gone(process: int) -> bool:
    try:
        state = Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()[0]
    except OSError:
        return True
    return state == 'Z'


def until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


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
