"""Three executors on one store while workers are killed and frozen, clocks differ, no flock."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tools.chaos.parts import RAW, expected
from tools.chaos.stage import Stage, events, hit, is_forked, kill, staged

LEASE = 4.0
_MOST_STARTS = 30
_OWN_PROCESSES = ('unshare', '--pid', '--fork', '--mount-proc', '--kill-child')


def main() -> int:
    """Return 0 when every cell has one record, with the value that it must have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cells', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--without', nargs='*', default=(), choices=('local', 'ray', 'slurm'))
    parser.add_argument('--keep', action='store_true', help='keep the folder of the stage')
    options = parser.parse_args()
    with staged(keep=options.keep, lease=LEASE) as stage:
        return _play(stage, options)


def _play(stage: Stage, options: argparse.Namespace) -> int:
    shim = stage.folder / 'shim.so'
    source = Path(__file__).with_name('shim.c')
    subprocess.run(['gcc', '-shared', '-fPIC', '-O2', '-o', shim, source, '-ldl'], check=True)
    suite = stage.suite(['chaos'], options.cells)
    # what all would look at first: the data, and the backbone
    first = stage.command('run', suite, 'shared', '--seeds', '0', '--jobs', '1')
    subprocess.run(first, env=stage.environment, cwd=stage.folder, check=True)
    begun = time.monotonic()
    with _cluster(stage, options) as (address, cluster):
        actors = {
            name: _Actor(stage, name, command, environment)
            for name, command, environment in _commands(stage, suite, shim, address)
            if name not in options.without
        }
        chaos = _Chaos(stage, random.Random(options.seed), options.cells, cluster)
        while _go_on(actors.values()):
            chaos.act()
            time.sleep(0.2)
        chaos.calm()
        seconds = time.monotonic() - begun
    left = stage.left_after(5.0)
    # what was lost too often has failed: the same command again, as a person would
    again = subprocess.run(
        stage.command('work', suite, 'shared', '--jobs', '2'),
        env=stage.environment,
        cwd=stage.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    return _told(stage, options.cells, chaos, actors, left, seconds, again.stdout)


def _commands(
    stage: Stage, suite: Path, shim: Path, address: str
) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    no_flock = {'LD_PRELOAD': str(shim), 'SHIM_NO_FLOCK': '1'}
    work = lambda *more: stage.command('work', suite, 'shared', *more)  # noqa: E731
    local = work('--executor', 'local', '--jobs', '2')
    yield 'local', [*_OWN_PROCESSES, *local], {**no_flock, 'SHIM_SKEW': '300'}
    slurm = work('--executor', 'slurm', '--jobs', '2', '--resources', 'cluster=local')
    yield 'slurm', [*_OWN_PROCESSES, *slurm], no_flock
    yield 'ray', work('--executor', 'ray', '--resources', f'address={address}', 'cpus=1'), {}


def _go_on(actors: Iterable[_Actor]) -> bool:
    """Start again each that was killed; return whether any is at work."""
    at_work = [actor.goes_on() for actor in actors]
    return any(at_work)


class _Actor:
    """A command that is started again as long as it does not end by itself."""

    def __init__(
        self, stage: Stage, name: str, command: list[str], environment: dict[str, str]
    ) -> None:
        self._start = lambda: stage.start(command, f'{name}.log', **environment)
        self.process = self._start()
        self.starts = 1

    def goes_on(self) -> bool:
        """Whether it is at work; one that was killed is started again."""
        code = self.process.poll()
        # where the command inside it was killed, unshare ends with 1
        if code in (None, 0, 3) or self.starts > _MOST_STARTS:
            return code is None
        self.process, self.starts = self._start(), self.starts + 1
        return True


class _Chaos:
    """Kills every tenth worker, freezes others past their lease, and takes a node away."""

    def __init__(self, stage: Stage, draw: random.Random, cells: int, cluster: Any) -> None:
        self._stage, self._draw, self._cells, self._cluster = stage, draw, cells, cluster
        self._frozen: dict[int, float] = {}
        self._done = 0
        self.counts: Counter[str] = Counter()

    def act(self) -> None:
        """Do what is due, as cells begin."""
        for pid, moment in list(self._frozen.items()):
            if time.monotonic() > moment:
                del self._frozen[pid]
                self.counts['woken past their lease'] += hit(pid, signal.SIGCONT)
        begun = len(events(self._stage, 'begun'))
        for number in range(self._done, begun):
            if number % 10 == 5:
                self._kill()
            elif number % 25 == 12:
                self._freeze()
            elif number % 100 == 50:
                self._kill_command()
            if number == self._cells // 2:
                self._take_node()
        self._done = begun

    def calm(self) -> None:
        """Wake all that are frozen."""
        for pid in self._frozen:
            hit(pid, signal.SIGCONT)

    def _pick(self, found: Iterable[psutil.Process]) -> psutil.Process | None:
        awake = [process for process in found if process.pid not in self._frozen]
        return self._draw.choice(awake) if awake else None

    def _kill(self) -> None:
        """Kill a worker; now and then all those of a nursery at once, with it."""
        nurseries = self._stage.nurseries() if self._draw.random() < 0.1 else []
        if (nursery := self._pick(nurseries)) is not None:
            self.counts['nurseries killed'] += kill(nursery)
        elif (worker := self._pick(self._stage.workers())) is not None:
            self.counts[f'{_kind(worker)} workers killed'] += kill(worker)

    def _freeze(self) -> None:
        """Stop a worker for longer than its lease."""
        worker = self._pick(self._stage.workers())
        if worker is not None and hit(worker.pid, signal.SIGSTOP):
            self._frozen[worker.pid] = time.monotonic() + LEASE * self._draw.uniform(1.5, 3.0)
            self.counts[f'{_kind(worker)} workers frozen'] += 1

    def _kill_command(self) -> None:
        found = self._stage.processes('-m transferbench work')
        command = self._pick(x for x in found if not x.name().startswith('unshare'))
        if command is not None:
            self.counts['commands killed'] += kill(command)

    def _take_node(self) -> None:
        if self._cluster is not None:
            nodes = list(self._cluster.worker_nodes)
            self._cluster.remove_node(nodes[0], allow_graceful=False)
            self._cluster.add_node(num_cpus=2)
            self.counts['Ray nodes killed'] += 1


def _kind(worker: psutil.Process) -> str:
    return 'forked' if is_forked(worker) else 'started'


@contextlib.contextmanager
def _cluster(stage: Stage, options: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """Start Ray, if wanted."""
    if 'ray' in options.without:
        yield '', None
        return
    with ray_cluster(stage) as cluster:
        yield cluster.address, cluster


@contextlib.contextmanager
def ray_cluster(stage: Stage) -> Iterator[Any]:
    """Yield a Ray with two nodes of a CPU each."""
    # Ray's workers have a low priority, at which a busy machine lets them starve
    os.environ.update({**stage.environment, 'RAY_worker_niceness': '0'})
    from ray.cluster_utils import Cluster

    # the head runs no task: it is the other two that come and go
    cluster = Cluster(initialize_head=True, head_node_args={'num_cpus': 0})
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        cluster.shutdown()


def _by_executor(stage: Stage) -> str:
    """Return how many cells each command has recorded, by what it said."""
    done = re.compile(r'^\[\d+/\d+\] (?!.*FAILED)', re.MULTILINE)
    logs = {name: stage.folder / f'{name}.log' for name in ('local', 'slurm', 'ray')}
    return ', '.join(
        f'{name} {len(done.findall(log.read_text()))}' for name, log in logs.items() if log.exists()
    )


def _folders(stage: Stage) -> Iterator[Path]:
    yield from (stage.folder / 'shared' / 'work' / 'chaos').glob('dots--*')


def _told(
    stage: Stage,
    cells: int,
    chaos: _Chaos,
    actors: dict[str, _Actor],
    left: list[str],
    seconds: float,
    again: str,
) -> int:
    records = stage.records('chaos', 'shared')
    good = {record.spec.seed: record for record in records.values() if record.is_ok}
    wrong = [seed for seed, r in good.items() if r.raw[RAW] != expected(seed)]
    begun, ended = events(stage, 'begun'), events(stage, 'ended')
    retried = sum('lost' in record.provenance for record in good.values())
    drafts = [str(path) for path in stage.folder.rglob('*.tmp')]
    kept = list((stage.folder / 'shared').rglob('measured.json'))
    print(f'cells {cells}, seconds {seconds:.0f}, executors {", ".join(actors)}')
    for what, count in sorted(chaos.counts.items()):
        print(f'  {count} {what}')
    again_by = ', '.join(f'{name} {actor.starts - 1}' for name, actor in actors.items())
    print(f'  commands started again: {again_by}; records by executor: {_by_executor(stage)}')
    print(
        f'  begun {len(begun)}, measured to the end {len(ended)}, of them again '
        f'{len(ended) - len(set(ended))}; {retried} records of cells that were lost before'
    )
    numbers = [len(list(place.glob('lease.*'))) for place in _folders(stage)]
    print(f'  {sum(number > 1 for number in numbers)} cells whose lease changed hands')
    print(f'  left to the last `tbench work`: {again.count(": ") and again.splitlines()[0]}')
    lost = cells - len(good)
    doubled = len(records) - len({record.spec.seed for record in records.values()})
    print(
        f'lost {lost}, doubled {doubled}, wrong {len(wrong)}, processes left {len(left)}, '
        f'answers left {len(kept)}, drafts left {len(drafts)}'
    )
    for line in left:
        print(f'  left: {line[:150]}')
    return 1 if lost or doubled or wrong or left else 0
