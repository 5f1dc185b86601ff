"""What both parts of chaos share: a tiny task, processes to hit, and records to compare."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
from PIL import Image

from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore

ROOT = Path(__file__).parents[2]
MARK = 'CHAOS_STAGE'
"""The environment variable by which all processes of a stage are known."""

_WORKER = '-m benchmark.launching.worker '
_NURSERY = '-m benchmark.launching.nursery '
"""A forked worker has the command line of what forked it."""

_TO_END = 10.0
"""Seconds that the system may take to end a process that was killed."""

_ENTRY_POINT = '[transferbench.protocols]\nchaos = tools.chaos.parts:PROTOCOL\n'
_SITE = {
    'METADATA': 'Metadata-Version: 2.1\nName: chaos-parts\nVersion: 1.0\n',
    'entry_points.txt': _ENTRY_POINT,
}
_TASK = """
task = dict(
    name='dots', kind='classification', version=1, title='Dots', group='semantic',
    input_size=(32, 32), classes=('dark', 'light'), splits=dict(train=16, val=4, test=8),
    metric='accuracy', metrics=(), budget=dict(iterations={iterations}, batch_size=4),
    options=dict(crop_range=(0.35, 1.0)), citation='none', licence='CC0-1.0', origin='drawn here',
)
data = dict(
    root='dots', type='benchmark.ImageFolders', train=dict(data_prefix='train'),
    val=dict(data_prefix='val'), test=dict(data_prefix='test'),
)
"""


class Stage:
    """A folder with a task, its data, and the environment in which everything runs there.

    Args:
        folder: is made.
        iterations: how many steps a training takes.
        lease: length of leases in seconds.
    """

    def __init__(self, folder: Path, *, iterations: int = 40, lease: float = 4.0) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / 'data'
        self.task = self.folder / 'dots.py'
        site = self.folder / 'site' / 'chaos_parts-1.0.dist-info'
        site.mkdir(parents=True)
        for name, text in _SITE.items():
            (site / name).write_text(text)
        self.task.write_text(_TASK.format(iterations=iterations))
        _draw(self.data / 'dots')
        self.environment = {
            **os.environ,
            MARK: str(self.folder),
            'PYTHONPATH': f'{site.parent}{os.pathsep}{ROOT}',
            'CHAOS_EVENTS': str(self.folder / 'events'),
            'TBENCH_LEASE': str(lease),
            'OMP_NUM_THREADS': '1',
        }

    def suite(self, protocols: Iterable[str], seeds: int, name: str = 'chaos') -> Path:
        """Write a suite of so many seeds, and return its file."""
        path = self.folder / f'{name}.py'
        content = {
            'name': name,
            'title': 'Chaos',
            'tasks': ('dots.py',),
            'protocols': tuple(protocols),
            'seeds': tuple(range(seeds)),
            'backbones': ('timm:test_vit+random',),
        }
        path.write_text(f'suite = {content!r}\n')
        return path

    def command(self, verb: str, suite: Path, place: str, *more: str) -> list[str]:
        """Return the command line that runs ``suite`` into the folders of ``place``."""
        where = self.folder / place
        return [
            *(sys.executable, '-P', '-m', 'transferbench', verb, '--suite', str(suite)),
            *('--data-root', str(self.data), '--results', str(where / 'results')),
            *('--work-dir', str(where / 'work'), '--device', 'cpu', *more),
        ]

    def records(self, suite: str, place: str) -> dict[str, RunRecord]:
        """Return the records of a suite by the name of their cell; no cell has two."""
        where = self.folder / place
        found: dict[str, RunRecord] = {}
        for record in ResultStore(where / 'results', where / 'work').records(suite):
            assert record.spec.id not in found, f'{record.spec.id} has two records'
            found[record.spec.id] = record
        return found

    def start(self, command: list[str], log: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a command of the stage; what it prints goes to a file."""
        with (self.folder / log).open('ab') as file:
            return subprocess.Popen(
                command,
                env={**self.environment, **environment},
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )

    def processes(self, part: str = '') -> list[psutil.Process]:
        """Return the living processes of the stage whose command line holds ``part``."""
        return [process for process in self._living() if part in _line(process)]

    def workers(self) -> list[psutil.Process]:
        """Return the living workers: those started by a command, and those that were forked."""
        started = self.processes(_WORKER)
        return [*started, *(x for x in self._of_nurseries() if is_forked(x))]

    def nurseries(self) -> list[psutil.Process]:
        """Return the living processes that fork workers."""
        return [x for x in self._of_nurseries() if not is_forked(x)]

    def _of_nurseries(self) -> list[psutil.Process]:
        """Return nurseries and workers, which lead sessions of their own; not what these fork."""
        return [x for x in self.processes(_NURSERY) if _leads_session(x)]

    def _living(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                lives = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
                if lives and process.environ().get(MARK) == str(self.folder):
                    yield process
            except (psutil.Error, OSError):
                continue

    def left_after(self, seconds: float) -> list[str]:
        """Return the command lines of processes that still live after some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.processes():
                return []
            time.sleep(0.1)
        return [_line(process) for process in self.processes()]

    def end(self) -> None:
        """End whatever is left."""
        for process in self.processes():
            hit(process.pid, signal.SIGKILL)


def events(stage: Stage, what: str) -> list[int]:
    """Return the seeds of the cells that have ``begun`` or ``ended``, in that order."""
    path = stage.folder / 'events'
    lines = path.read_text().splitlines() if path.exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith(what)]


def hit(pid: int, number: signal.Signals) -> bool:
    """Send a signal; return whether the process was there."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def kill(process: psutil.Process) -> bool:
    """Kill a process that lives; return whether it did, and ended by that."""
    try:
        opened = os.pidfd_open(process.pid)
    except (ProcessLookupError, PermissionError):
        return False
    try:
        # the number may have been given to another since it was found
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        signal.pidfd_send_signal(opened, signal.SIGKILL)
        return bool(select.select([opened], [], [], _TO_END)[0])
    except (ProcessLookupError, psutil.Error):
        return False
    finally:
        os.close(opened)


def is_forked(process: psutil.Process) -> bool:
    """Whether a process with the command line of a nursery was forked by one."""
    try:
        above = process.parent()
    except psutil.Error:
        return False
    return above is not None and _NURSERY in _line(above)


def _leads_session(process: psutil.Process) -> bool:
    try:
        return os.getsid(process.pid) == process.pid
    except ProcessLookupError:
        return False


def _line(process: psutil.Process) -> str:
    try:
        return ' '.join(process.cmdline())
    except psutil.Error:
        return ''


def _draw(folder: Path) -> None:
    for split, count in (('train', 8), ('val', 2), ('test', 4)):
        for name, grey in (('dark', 40), ('light', 200)):
            place = folder / split / name
            place.mkdir(parents=True)
            for number in range(count):
                picture = Image.new('RGB', (40, 40), (grey, grey, grey))
                picture.putpixel((number * 3 % 40, number * 7 % 40), (255, 0, 0))
                picture.save(place / f'{number}.png')


@contextlib.contextmanager
def staged(*, keep: bool, iterations: int = 40, lease: float = 4.0) -> Iterator[Stage]:
    """Yield a stage in a folder of its own, and end what runs there.

    Args:
        keep: leave the folder, and print where it is.
        iterations: how many steps a training takes.
        lease: length of leases in seconds.
    """
    folder = Path(tempfile.mkdtemp(prefix='chaos-'))
    stage = Stage(folder / 'stage', iterations=iterations, lease=lease)
    try:
        yield stage
    finally:
        stage.end()
        if keep:
            print(f'kept: {folder}')
        else:
            shutil.rmtree(folder, ignore_errors=True)
