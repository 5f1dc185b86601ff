"""Several nodes that train one cell together: the first leads, the others follow its calls.

The nodes meet in a folder that all of them see. For each training the leader puts a call there; who
follows starts torchrun for it, with processes of its own. A node holds a lease on a place in the
folder, by which the others notice that it is gone. What starts the nodes is a scheduler: the tasks
of a Slurm job, or actors of Ray.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, EnvironmentProblem, LostError
from benchmark.execution.lifetime import naming_parent
from benchmark.execution.locking import exclusive
from benchmark.results.leases import JOINED, Observer, handed_on, see
from benchmark.results.store import write_atomically
from benchmark.stopping import SECONDS

GANG = 'TBENCH_GANG'
"""The environment variable that tells a worker which nodes follow it."""

ENTRY = 'benchmark.execution.torchrun_entry'

_FIRST_SECONDS = 600.0
"""How long nodes wait for one another to begin."""

_POLL = 0.2
_CALL, _TURN = 'call', 'turn-'


@dataclass(frozen=True)
class Gang:
    """The nodes of one leader.

    Attributes:
        folder: where they meet; all of them see it.
        nodes: how many they are.
        address: name or address at which the others reach the leader.
    """

    folder: Path
    nodes: int
    address: str

    @classmethod
    def here(cls) -> Gang | None:
        """Return the nodes that follow this process; ``None`` if it is alone."""
        if not (text := os.environ.get(GANG, '')):
            return None
        content = json.loads(text)
        return cls(Path(content['folder']), content['nodes'], content['address'])

    def environment(self) -> dict[str, str]:
        """Return the variables by which the leader's worker knows of them."""
        content = {'folder': str(self.folder), 'nodes': self.nodes, 'address': self.address}
        return {GANG: json.dumps(content)}

    def _place(self, node: int) -> Path:
        return self.folder / f'node-{node}'

    @contextlib.contextmanager
    def led(self) -> Iterator[None]:
        """Keep the others following while the block lasts; then remove the folder.

        Raises:
            BenchmarkError: it cannot be written.
        """
        with exclusive(self._place(0)):
            yield
        shutil.rmtree(self.folder, ignore_errors=True)

    def follow(self, node: int) -> None:
        """Serve as node ``node``, from 1, until the leader has ended.

        Raises:
            BenchmarkError: the folder cannot be written.
        """
        observer, done = Observer(), set[str]()
        if not _comes_true(lambda: see(self._place(0)) is not None):  # the leader may start later
            return
        with exclusive(self._place(node)):
            while observer.is_held(self._place(0)):
                for call in sorted(self.folder.glob(f'{_TURN}*/{_CALL}')):
                    if call.parent.name not in done:
                        done.add(call.parent.name)
                        self._answer(call, node, observer)
                time.sleep(_POLL)

    def _answer(self, path: Path, node: int, observer: Observer) -> None:
        """Run torchrun for a call until it ends, or until the call is withdrawn."""
        try:
            call = json.loads(path.read_text(encoding='utf-8'))
            command, joined = list(call['command']), str(call['joined'])
        except (OSError, KeyError, TypeError, *UNFIT):
            return
        environment = {**naming_parent(), JOINED: joined}
        with subprocess.Popen(as_node(command, node), env=environment) as started:
            while started.poll() is None:
                if not path.exists() or not observer.is_held(self._place(0)):
                    end_softly(started)
                time.sleep(_POLL)
        with contextlib.suppress(OSError):  # the leader no longer waits for it
            if path.exists():
                write_atomically(path.parent / f'ended-{node}', str(started.returncode))

    def clear(self) -> None:
        """Withdraw the calls that a killed worker of the leader has left."""
        for folder in self.folder.glob(f'{_TURN}*'):
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def calling(self, count: int) -> Iterator[Turn]:
        """Yield a training of ``count`` processes in which all nodes take part.

        Raises:
            EnvironmentProblem: they cannot be shared by the nodes evenly.
            LostError: one of the nodes has not come.
        """
        if count % self.nodes:
            raise EnvironmentProblem(
                f'--processes {count}: {self.nodes} nodes cannot share them evenly; give a '
                f'multiple of {self.nodes}'
            )
        for node in range(1, self.nodes):
            if not _comes_true(lambda node=node: see(self._place(node)) is not None):
                raise LostError(f'node {node} of {self.nodes} has not come')
        folder = self.folder / f'{_TURN}{secrets.token_hex(8)}'
        folder.mkdir(parents=True)
        try:
            yield Turn(self, folder, count)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Turn:
    """One training of several nodes, as its leader sees it.

    Args:
        gang: the nodes.
        folder: for its request, its answer and the calls.
        count: how many processes there are in all.
    """

    def __init__(self, gang: Gang, folder: Path, count: int) -> None:
        self._gang, self.folder, self._count = gang, folder, count
        self._observer = Observer()

    def start(self, asked: Path, answered: Path) -> list[str]:
        """Call the other nodes, and return the command of this one."""
        found = (
            *(str(self._count // self._gang.nodes), str(asked), str(answered)),
            *(str(self._gang.nodes), self._gang.address, str(_free_port())),
        )
        command = [sys.executable, '-P', '-m', ENTRY, 'lead', *found]
        call = {'command': command, 'joined': handed_on()[JOINED]}
        write_atomically(self.folder / _CALL, json.dumps(call))
        return as_node(command, 0)

    def wait(self, lead: subprocess.Popen[bytes]) -> str:
        """Wait for all nodes; return which one is gone, empty if none is.

        Once one has failed, the others get a moment to say why, and are ended.
        """
        failed_at: float | None = None
        while lead.poll() is None:
            if gone := self._gone():
                end_softly(lead)
                return gone
            if failed_at is None and any(code != '0' for code in self._ended().values()):
                failed_at = time.monotonic()
            if failed_at is not None and time.monotonic() - failed_at > SECONDS:
                end_softly(lead)
            time.sleep(_POLL)
        end = time.monotonic() + SECONDS
        while len(self._ended()) < self._gang.nodes - 1 and time.monotonic() < end:
            if lead.returncode or (gone := self._gone()):
                break
            time.sleep(_POLL)
        return self._gone() if lead.returncode else ''

    def _ended(self) -> Mapping[str, str]:
        """Return the exit code of each other node that has ended this training."""
        return {
            place.name: place.read_text(encoding='utf-8') for place in self.folder.glob('ended-*')
        }

    def killed(self) -> list[int]:
        """Return the signals, as negative exit codes, that ended torchrun of other nodes."""
        return [int(code) for code in self._ended().values() if code.startswith('-')]

    def _gone(self) -> str:
        for node in range(1, self._gang.nodes):
            place = self._gang._place(node)
            if not self._observer.is_held(place):
                return f'node {node} of {self._gang.nodes}'
        return ''


def _comes_true(condition: Callable[[], bool]) -> bool:
    """Wait for other nodes to begin; return whether they did."""
    end = time.monotonic() + _FIRST_SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL)
    return True


def as_node(command: Sequence[str], node: int) -> list[str]:
    """Return the command of torchrun for one of the nodes."""
    return [*command, str(node)]


def end_softly(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end, and end it when it does not."""
    process.terminate()
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(('', 0))
        return int(found.getsockname()[1])
