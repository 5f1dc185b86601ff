"""Jobs and answers as files in a shared folder: no port, no lock, no clock.

One process puts jobs in and gathers answers, any number of workers take jobs. A job is a file in
``open``, which a worker renames into ``taken``: of several, one succeeds. A worker, and who waits
for its answers, hold leases, so that each notices the end of the other.
"""

from __future__ import annotations

import ast
import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, RecordError
from benchmark.execution.locking import exclusive
from benchmark.launching.executors.base import Job
from benchmark.launching.resources import LIGHT, Needs
from benchmark.results.leases import Observer, see
from benchmark.results.store import write_atomically

_BETWEEN = '@'
_NEEDING = '~'


def name_with_needs(stem: str, needs: Needs) -> str:
    """Return the name of a job by which workers see whether it fits them before they take it."""
    return f'{stem}{_NEEDING}{needs.label}'


def _needs(name: str) -> Needs:
    """Return what a job of this name needs; nothing where the name does not say it."""
    try:
        return Needs.parse(name.partition(_NEEDING)[2])
    except ValueError:
        return LIGHT


@dataclass
class Spool:
    """The shared folder of jobs, answers and workers."""

    folder: Path
    _observer: Observer = field(default_factory=Observer, repr=False)

    def __reduce__(self) -> tuple[type[Spool], tuple[Path]]:
        return Spool, (self.folder,)

    @property
    def _open(self) -> Path:
        return self.folder / 'open'

    @property
    def _taken(self) -> Path:
        return self.folder / 'taken'

    @property
    def _answers(self) -> Path:
        return self.folder / 'answers'

    def _place_of(self, worker: str) -> Path:
        return self.folder / 'workers' / worker

    @contextlib.contextmanager
    def waited_for(self) -> Iterator[None]:
        """Keep workers running while the block lasts; then remove the folder.

        Raises:
            BenchmarkError: it cannot be written.
        """
        self._sweep()
        for place in (self._open, self._taken, self._answers):
            place.mkdir(parents=True, exist_ok=True)
        with exclusive(self.folder / 'waiting'):
            yield
        shutil.rmtree(self.folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove folders left behind by killed processes of this host."""
        for other in self.folder.parent.glob('*/waiting'):
            sight = see(other)
            if sight is not None and sight.is_free:
                shutil.rmtree(other.parent, ignore_errors=True)

    @property
    def is_over(self) -> bool:
        """Whether no process is waiting for answers any more."""
        return not self._observer.is_held(self.folder / 'waiting')

    # processes that wait for answers

    def put(self, name: str, job: Job) -> None:
        """Offer a job to the workers."""
        write_atomically(self._open / name, repr(job.to_plain()))

    def answers(self) -> dict[str, dict[str, Any]]:
        """Return the answers that arrived since the last call, by name of the job."""
        found: dict[str, dict[str, Any]] = {}
        for path in sorted(self._answers.iterdir()):
            if path.name.startswith('.'):
                continue
            try:
                found[path.name] = dict(json.loads(path.read_bytes()))
            except (OSError, *UNFIT) as error:  # its worker is not asked a second time
                found[path.name] = {'error': f'{path}: cannot be read ({error})', 'lost': True}
            path.unlink(missing_ok=True)
            for taken in self._taken.glob(f'{path.name}{_BETWEEN}*'):
                taken.unlink(missing_ok=True)
        return found

    def lost(self) -> dict[str, str]:
        """Remove and return the jobs whose workers have died, with the worker of each."""
        found = {}
        for path in self._taken.iterdir():
            name, _, worker = path.name.partition(_BETWEEN)
            if not self._observer.is_held(self._place_of(worker)) and not (
                (self._answers / name).exists()
            ):
                path.unlink(missing_ok=True)
                found[name] = worker
        return found

    def withdraw(self, name: str) -> bool:
        """Take back a job; return whether no worker had taken it."""
        try:
            (self._open / name).unlink()
        except FileNotFoundError:
            return False
        return True

    def living(self) -> tuple[str, ...]:
        """Return the names of the workers with a recent heartbeat."""
        places = self.folder.glob('workers/*')
        return tuple(place.name for place in places if self._observer.is_held(place))

    # workers

    @contextlib.contextmanager
    def working(self, worker: str) -> Iterator[None]:
        """Be a worker of this name for as long as the block lasts.

        Raises:
            BenchmarkError: there is one already, or the folder cannot be written.
        """
        with exclusive(self._place_of(worker)):
            yield

    def take(self, worker: str, room: Needs | None = None) -> tuple[str, Job] | None:
        """Take the most demanding job that fits into ``room``; return it with its name.

        ``None`` if there is no such job.
        """
        with contextlib.suppress(FileNotFoundError):
            names = sorted(path.name for path in self._open.iterdir())
            there = [(_needs(name), name) for name in names if not name.startswith('.')]
            fitting = [(x, name) for x, name in there if room is None or x.fits(room)]
            for _, name in sorted(fitting, key=lambda one: one[0].size, reverse=True):
                path = self._open / name
                mine = self._taken / f'{path.name}{_BETWEEN}{worker}'
                with contextlib.suppress(FileNotFoundError):
                    path.rename(mine)
                    try:
                        content = ast.literal_eval(mine.read_text(encoding='utf-8'))
                        return path.name, Job.from_plain(content)
                    except (SyntaxError, MemoryError, *UNFIT) as error:
                        told = f'{mine}: cannot be read ({error})'
                        self.answer(path.name, {'error': told, 'lost': True})
        return None

    def answer(self, name: str, answer: dict[str, Any]) -> None:
        """Write the answer to a job; does nothing if no process is waiting for it."""
        if self._answers.is_dir():
            with contextlib.suppress(RecordError):
                write_atomically(self._answers / name, json.dumps(answer))

    def give_back(self, name: str, worker: str) -> None:
        """Return a job that was taken, so that other workers can take it."""
        with contextlib.suppress(FileNotFoundError):
            (self._taken / f'{name}{_BETWEEN}{worker}').rename(self._open / name)
