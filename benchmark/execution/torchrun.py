"""One cell in several processes: torchrun starts them, one answer comes back.

They find a worker's request as a Python literal in a file; the answer goes to another, as JSON.
What they do themselves is in :mod:`benchmark.execution.torchrun_entry`.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark import stopping
from benchmark.errors import BenchmarkError, LostError
from benchmark.execution.gang import ENTRY, Gang
from benchmark.execution.lifetime import naming_parent
from benchmark.execution.torchrun_entry import ends_file
from benchmark.results.leases import handed_on
from benchmark.stopping import FROM_OUTSIDE, STOPPED

Config = dict[str, Any]


def launch(request: Config, count: int) -> Config:
    """Return the answer to a worker's ``request`` from ``count`` processes.

    They are processes of this machine, and of the nodes that follow this one if there are any.

    Raises:
        LostError: one of them was ended from outside, or a node is gone.
        BenchmarkError: they ended without an answer.
    """
    gang = Gang.here()
    if gang is not None:
        return _launch_on_nodes(request, count, gang)
    with tempfile.TemporaryDirectory(prefix='tbench-') as folder:
        asked, answered = Path(folder) / 'request', Path(folder) / 'answer'
        asked.write_text(repr(request), encoding='utf-8')
        with (
            subprocess.Popen(
                _command(count, asked, answered), env={**naming_parent(), **handed_on()}
            ) as lead,
            stopping.training(lead.terminate),
        ):
            code = lead.wait()
        if stopping.is_asked():
            stopping.end()
        return _judged([code, *_ends(answered)], answered, count)


def _launch_on_nodes(request: Config, count: int, gang: Gang) -> Config:
    """Return the answer from processes on several nodes; this one leads them."""
    with gang.calling(count) as turn:
        asked, answered = turn.folder / 'request', turn.folder / 'answer'
        asked.write_text(repr(request), encoding='utf-8')
        with (
            subprocess.Popen(
                turn.start(asked, answered), env={**naming_parent(), **handed_on()}
            ) as lead,
            stopping.training(lead.terminate),
        ):
            gone = turn.wait(lead)
        if stopping.is_asked():
            stopping.end()
        if gone:
            raise LostError(f'{gone} is gone')
        ends = [code for node in range(gang.nodes) for code in _ends(answered, node)]
        return _judged([lead.returncode, *ends, *turn.killed()], answered, count)


def _ends(answered: Path, node: int = 0) -> Sequence[int]:
    """Return the exit codes of the processes of a node that failed."""
    return _read_if_whole(ends_file(answered, node)) or ()


def _judged(codes: Sequence[int], answered: Path, count: int) -> Config:
    """Return the answer of processes that have ended.

    Args:
        codes: exit codes of torchrun here and of the processes that failed.
        answered: the file of their answer.
        count: how many they were.

    Raises:
        LostError: one of them was ended from outside.
        BenchmarkError: there is no answer.
    """
    answer: Config | None = _read_if_whole(answered)
    if lost := _losses(codes, answer):
        raise LostError(f'one of {count} processes was ended by {lost}')
    if answer is None:
        raise BenchmarkError(f'{count} processes ended with exit code {codes[0]} and no answer')
    return answer


def _read_if_whole(path: Path) -> Any:
    """Return the content of a JSON file; ``None`` where its writer was ended before."""
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (FileNotFoundError, ValueError):
        return None


def _losses(codes: Sequence[int], answer: Config | None) -> str:
    """Return the signal from outside that ended a process; empty where another reason ended them.

    ``codes`` are the exit codes of torchrun and of the processes that failed.
    Once one is gone the others fail as well, because of it, and torchrun ends those that hang.
    """
    if answer is not None and (not answer['error'] or answer.get('user_error')):
        return ''
    if any(code < 0 and -code not in FROM_OUTSIDE for code in codes):  # a fault of its own
        return ''
    found = [-code for code in codes if -code in FROM_OUTSIDE]
    _, *ranks = codes
    if answer is None and ranks and all(code == STOPPED for code in ranks):  # and not by us
        return 'a request to stop'
    return signal.Signals(found[0]).name if found else ''


def _command(count: int, asked: Path, answered: Path) -> tuple[str, ...]:
    """Return the command of ``count`` processes that answer the request in the file ``asked``."""
    return (sys.executable, '-P', '-m', ENTRY, 'lead', str(count), str(asked), str(answered))
