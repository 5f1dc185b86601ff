"""A board on a terminal, plain lines in a pipe, little with --quiet; the same from elsewhere."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from benchmark.cli.board import render
from benchmark.cli.main import main
from benchmark.execution.locking import exclusive
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.launching.status import CampaignStatus, CellStatus, State, statuses
from benchmark.results.live import LiveFile
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec

SPECS = [RunSpec('flowers', 'b', 'finetune', seed) for seed in range(12)]
SHOWN = """
import os, sys, time
from pathlib import Path
from benchmark.cli.board import showing
from benchmark.execution.locking import exclusive
from benchmark.launching.ledger import Entry, open_ledger
from benchmark.results.live import LiveFile
from benchmark.results.store import ResultStore
from benchmark.specs import RunSpec
root = Path(sys.argv[1])
store = ResultStore(root / 'results', root / 'work')
entries = [Entry(RunSpec('flowers', 'b', 'finetune', seed), 'f' * 64) for seed in range(3)]
folder = store.work_folder('tiny', *entries[0])
with showing(root / 'work', is_quiet='--quiet' in sys.argv) as say:
    say('tiny: 0 cells done, 3 to do')
    with open_ledger(store, 'tiny', entries), exclusive(folder):
        LiveFile(folder, is_fresh=True).add(40, 100, {'loss': 1.25, 'images_per_second': 81.5})
        say('running  flowers  b  finetune  seed 0  train 40/100')
        say('WARNING look out')
        end = time.time() + 300
        while time.time() < end and not (root / 'seen').exists():
            time.sleep(0.1)
    say('[1/3] flowers  accuracy 50.00')
"""


def in_terminal(arguments: list[str], seen: str, flag: Path) -> str:
    """Return what a program writes to a terminal of 120 x 30 until it ends.

    ``flag`` is made once ``seen`` was written.
    """
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (30, 120))
    # a size in the environment, as other tests may leave it, would win over the terminal's own
    kept = {key: value for key, value in os.environ.items() if key not in ('COLUMNS', 'LINES')}
    environment = {**kept, 'TERM': 'xterm-256color'}
    with subprocess.Popen(
        arguments, stdout=follower, stderr=follower, stdin=follower, env=environment
    ) as process:
        os.close(follower)
        written = b''
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:  # the other end is closed
                break
            written += part
            if not part:
                break
            if seen in plain(written.decode(errors='replace')):
                flag.touch()
        os.close(leader)
        assert process.wait(60) == 0
    return written.decode(errors='replace')


def plain(text: str) -> str:
    return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', text)


def test_a_terminal_has_a_board_below_the_lines(tmp_path: Path) -> None:
    program = [sys.executable, '-c', SHOWN, str(tmp_path)]
    written = in_terminal(program, '81.5 pictures/s', tmp_path / 'seen')
    assert '\x1b[2K' in written  # the board is drawn anew in its place
    text = plain(written)
    assert 'tiny  1 running, 2 waiting' in text
    assert 'flowers  b  finetune  seed 0' in text
    assert 'train 40/100' in text
    assert 'loss 1.25' in text
    assert 'tiny: 0 cells done, 3 to do' in text
    assert 'running  flowers' not in text
    assert '[1/3] flowers  accuracy 50.00' in text


@pytest.mark.parametrize('quiet', [False, True])
def test_a_pipe_has_plain_lines(tmp_path: Path, quiet: bool) -> None:
    (tmp_path / 'seen').touch()
    program = [sys.executable, '-c', SHOWN, str(tmp_path), *(['--quiet'] if quiet else [])]
    found = subprocess.run(program, capture_output=True, text=True, check=True)
    assert '\x1b' not in found.stdout
    assert found.stdout.splitlines() == (
        ['WARNING look out']
        if quiet
        else [
            'tiny: 0 cells done, 3 to do',
            'running  flowers  b  finetune  seed 0  train 40/100',
            'WARNING look out',
            '[1/3] flowers  accuracy 50.00',
        ]
    )


def test_from_elsewhere_the_board_is_the_same_and_ends_with_the_campaign(tmp_path: Path) -> None:
    """Another process holds the cell; `status --watch` has nothing but the files."""
    with subprocess.Popen(
        [sys.executable, '-c', SHOWN, str(tmp_path)], stdout=subprocess.DEVNULL
    ) as process:
        while not list((tmp_path / 'work').rglob('live.jsonl')):
            time.sleep(0.1)
        command = [sys.executable, '-m', 'transferbench', 'status', '--work-dir',
                   str(tmp_path / 'work'), '--watch', '1']  # fmt: skip
        text = plain(in_terminal(command, '81.5 pictures/s', tmp_path / 'seen'))
        assert process.wait(60) == 0
    assert 'tiny  1 running, 2 waiting' in text
    assert 'loss 1.25' in text
    assert 'tiny (not running)  3 interrupted' in text


def test_status_in_a_pipe_says_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ResultStore(tmp_path / 'results', tmp_path / 'work')
    entries = [Entry(spec, 'f' * 64) for spec in SPECS[:2]]
    folder = store.work_folder('tiny', *entries[0])
    with open_ledger(store, 'tiny', entries, {spec.id: 50.0 for spec in SPECS}), exclusive(folder):
        LiveFile(folder, is_fresh=True).add(1, 4, {'loss': 2.0, 'images_per_second': 8.0})
        (found,) = statuses(tmp_path / 'work')
        assert main(['status', '--work-dir', str(tmp_path / 'work')]) == 0
    assert 'train 1/4' in capsys.readouterr().out
    assert found.cells[0].loss == 2.0
    assert found.cells[0].images_per_second == 8.0
    assert found.left is not None
    assert found.left == pytest.approx(50, abs=5)
    assert found.to_plain()['cells'][0]['loss'] == 2.0


def cell(seed: int, state: State, detail: str = '', seconds: float | None = None,
         **more: float) -> CellStatus:  # fmt: skip
    return CellStatus(SPECS[seed], state, detail, seconds, **more)


def campaign(*cells: CellStatus) -> CampaignStatus:
    return CampaignStatus('tiny', datetime.now(UTC), 'p', True, cells)


def test_the_time_left_scales_what_is_expected_by_what_was_taken() -> None:
    """Two run at a time; finished ones took twice what they should: 60 + 3 * 40 s in all."""
    found = campaign(
        cell(0, State.DONE, took=20.0, expected=10.0),
        cell(1, State.RUNNING, 'train 25/100', 10.0, expected=20.0),
        cell(2, State.RUNNING, '', 10.0, expected=40.0),
        *(cell(seed, State.WAITING, expected=20.0) for seed in (3, 4, 5)),
    )
    assert [c.left for c in found.cells[1:3]] == [30.0, 30.0]
    assert found.left == (30 + 30 + 3 * 40) / 2
    assert campaign(cell(0, State.RUNNING, '', 5.0), cell(1, State.WAITING)).left is None
    without = campaign(
        cell(0, State.DONE, took=20.0),
        cell(1, State.RUNNING, 'train 1/2', 10.0),
        cell(2, State.WAITING),
    )
    assert without.left == 30.0


def drawn(found: CampaignStatus, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=100, height=height, force_terminal=False)
    with console.capture() as capture:
        console.print(render([found], console))
    return capture.get().splitlines()


def test_a_small_terminal_shows_some_and_counts_the_rest() -> None:
    found = campaign(
        *(cell(seed, State.RUNNING, 'train 1/2', 9.0) for seed in range(8)),
        *(cell(seed, State.FAILED, '\x1b[31mthe loss\ndiverged') for seed in range(8, 12)),
    )
    lines = drawn(found, 12)
    assert lines[0] == 'tiny  8 running, 4 failed, about 9 s left'
    assert sum('train 1/2' in line for line in lines) == 4
    assert '  and 4 more that run' in lines
    assert sum(line.startswith('  failed  flowers') for line in lines) == 4
    assert not any('\x1b' in line for line in lines)
    assert all(len(line) <= 100 for line in lines)
