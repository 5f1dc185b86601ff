"""Workers as actors of Ray: Ray places each, with its CPUs, GPUs and memory, on a node."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from benchmark.errors import EnvironmentProblem
from benchmark.execution.gang import Gang
from benchmark.launching.devices import worker_environments
from benchmark.launching.executors.base import Job, Jobs, Reply, Wanted, is_one_class
from benchmark.launching.pool import Pool
from benchmark.launching.resources import Needs, Share, joined
from benchmark.results.leases import LENGTH
from benchmark.stopping import SECONDS
from benchmark.wording import count_noun

Amounts = Mapping[str, float]
"""Amounts of Ray's resources by name: CPU, GPU, memory in bytes."""

_POLL = 1.0
_OWN = ('address', 'cpus', 'gpus', 'memory_gb', 'classes')
_PATIENCE = 300.0
"""Seconds to wait for nodes to come back when there is no room for what is left."""

_ANY = 1 << 30
"""More than any cell needs."""


class _Team:
    """An actor that runs jobs one by one; with it those that lead it to other nodes, if any.

    Args:
        room: what jobs it can run.
        amounts: the amounts of Ray's resources that it holds, one entry per actor.
        lead: the actor.
        others: the actors of other nodes, which follow it.
        group: the placement group of all, if they are several.
    """

    def __init__(
        self,
        room: Needs,
        amounts: Sequence[Amounts],
        lead: Any,
        others: Sequence[Any] = (),
        group: Any = None,
    ) -> None:
        self.room, self.amounts, self.lead = room, tuple(amounts), lead
        self.others, self.group = tuple(others), group
        self.followed: list[Any] = []
        self.is_busy = False


class RayExecutor:
    """Runs jobs in actors of a Ray cluster, or on this machine if there is no cluster.

    An actor has the resources of a class of cells, and takes any job that needs no more. It runs
    jobs in a worker process, which stays for the next one and ends with it. All nodes must see
    data, results and work folder under the same paths. Nodes may come and go: one that joins is
    used; a job of one that is gone is lost, and tried again by the campaign. A training in several
    processes runs on one node where it fits one, else in a placement group, with an actor for each.

    Args:
        jobs: how many at a time; as many as the cluster has room for, where not given.
        device: ``'cpu'``, or ``'cuda'`` or ``'auto'``, which ask for a GPU per process.
        processes: how many processes a training takes, each with a CPU or a GPU of its own.
        options: ``address`` of the cluster; ``cpus``, ``gpus`` and ``memory_gb`` of each actor, for
            all classes, or with ``cpu.`` or ``gpu.`` before them for those without or with GPUs;
            and ``classes``, ``'one'`` for the same resources everywhere.
        work: a folder that all nodes see, in which those of one training meet.

    Raises:
        EnvironmentProblem: Ray is not installed, not reachable, or has no room for one job.
    """

    def __init__(
        self,
        jobs: int | None = None,
        device: str = 'auto',
        *,
        processes: int = 1,
        options: Mapping[str, str] | None = None,
        work: Path = Path('work_dirs'),
    ) -> None:
        given = dict(options or {})
        plain = {key.removeprefix('cpu.').removeprefix('gpu.') for key in given}
        if unknown := sorted(plain - set(_OWN)):
            raise EnvironmentProblem(
                f'--executor ray: unknown resource {unknown[0]}; allowed: {", ".join(_OWN)}'
            )
        self._is_one = is_one_class('ray', given.pop('classes', 'several'))
        address = given.pop('address', None)
        self._given = {name: _number(name, text) for name, text in given.items()}
        self._ray, self._started = _connect(address)
        self._finalizer = weakref.finalize(self, _shut_down, self._ray, self._started)
        has_gpus = self._ray.cluster_resources().get('GPU', 0) >= processes
        uses_gpus = device == 'cuda' or (device == 'auto' and has_gpus)
        self.device = 'gpu' if uses_gpus else 'cpu'
        self._asked_device, self._jobs = device, jobs
        self._folder = work.resolve() / 'spool' / f'ray-{secrets.token_hex(4)}'
        self._teams: list[_Team] = []
        self._classes: Sequence[Share] = ()
        self._actor = self._ray.remote(Server)
        usual = Needs(processes, processes if uses_gpus else 0, processes)
        try:
            self._check(usual)
        except EnvironmentProblem:
            self.close()
            raise
        room = _count(self._nodes(), self._parts(usual))
        self.workers = min(jobs or room, room)

    @classmethod
    def of(cls, wanted: Wanted) -> RayExecutor:
        """Return the requested executor."""
        return cls(
            wanted.jobs,
            wanted.device,
            processes=wanted.processes,
            options=wanted.options,
            work=wanted.work,
        )

    def reserve(self, shares: Sequence[Share]) -> None:
        """Check that each class has room somewhere; actors start when there are jobs for them.

        Raises:
            EnvironmentProblem: no node, or no nodes together, have what a class needs.
        """
        self._classes = self._merged(shares)
        for share in self._classes:
            self._check(share.needs)

    def planned(self, shares: Sequence[Share]) -> list[str]:
        """Return a line per class of actors that it would start for cells of these classes."""
        return [
            f'ray: {count_noun(share.cells, "cell")} in workers with '
            f'{_said(self._amounts(share.needs))}'
            for share in self._merged(shares)
        ]

    def _merged(self, shares: Sequence[Share]) -> list[Share]:
        if not self._is_one or not shares:
            return list(shares)
        return [functools.reduce(joined, shares)]

    def _own(self, needs: Needs) -> dict[str, float]:
        """Return the amounts that the user chose for a class, by name."""
        prefix = 'gpu.' if needs.gpus else 'cpu.'
        plain = {name: value for name, value in self._given.items() if '.' not in name}
        special = {k[4:]: v for k, v in self._given.items() if k.startswith(prefix)}
        return plain | special

    def _amounts(self, needs: Needs) -> Amounts:
        """Return the amounts of Ray's resources that a class takes."""
        found: dict[str, float] = {'CPU': needs.cpus, 'GPU': needs.gpus, 'memory': needs.memory_gb}
        own = self._own(needs)
        for name, key in (('cpus', 'CPU'), ('gpus', 'GPU'), ('memory_gb', 'memory')):
            found[key] = own.get(name, found[key])
        found['memory'] *= _GB
        return {key: float(amount) for key, amount in found.items() if amount}

    def _parts(self, needs: Needs) -> list[Amounts]:
        """Return what a job takes: all of it of one node, or a part per process."""
        whole = self._amounts(needs)
        if needs.processes == 1 or any(_fits(whole, node) for node in self._nodes()):
            return [whole]
        part = {key: amount / needs.processes for key, amount in whole.items()}
        return [part] * needs.processes

    def _nodes(self) -> list[Amounts]:
        """Return the resources of each living node."""
        return [node['Resources'] for node in self._ray.nodes() if node['Alive']]

    def _check(self, needs: Needs) -> None:
        """Raise unless an empty cluster has room for a job.

        Raises:
            EnvironmentProblem: it has not.
        """
        nodes, parts = self._nodes(), self._parts(needs)
        if _count(nodes, parts):
            return
        there = self._ray.cluster_resources()
        raise EnvironmentProblem(
            f'--executor ray: no room for a task with {_said(self._amounts(needs))}; the cluster '
            f'of {count_noun(len(nodes), "node")} has {_said(there)}; --resources cpus=N gpus=N '
            'memory_gb=N requests less'
        )

    def _has_room(self, needs: Needs) -> bool:
        """Whether a further team has room beside those there are, as far as this process knows."""
        taken = [part for team in self._teams for part in team.amounts]
        return _packed(self._nodes(), [*taken, *self._parts(needs)])

    def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
        """Yield a reply for every job as it ends, in no particular order."""
        waiting = Jobs.of(jobs)
        asked: dict[Any, tuple[Job, datetime, _Team]] = {}
        busy = time.monotonic()
        try:
            while True:
                for team, job in self._hand_out(waiting):
                    handle = team.lead.run.remote(job.to_plain())
                    asked[handle] = (job, datetime.now(UTC), team)
                if not asked:
                    if not (left := waiting.left()):
                        return
                    # the node that had room for it is gone, and may come back
                    if time.monotonic() - busy > _PATIENCE:
                        self._check(left[0])
                    time.sleep(_POLL)
                    continue
                busy = time.monotonic()
                ready, _ = self._ray.wait(list(asked), timeout=_POLL)
                for handle in ready:
                    job, started, team = asked.pop(handle)
                    answer, is_there = self._answer(handle)
                    team.is_busy = False
                    if not is_there:
                        self._drop(team)
                    yield Reply(job, answer, started)
                self._end_broken()
        finally:
            if asked:  # the consumer left early
                self._end({handle: team for handle, (_, _, team) in asked.items()})

    def _hand_out(self, waiting: Jobs) -> Iterator[tuple[_Team, Job]]:
        """Yield jobs with who runs them: teams that are idle, and new ones where there is room."""
        for team in self._teams:
            if not team.is_busy and (job := waiting.take(team.room)):
                team.is_busy = True
                yield team, job
        for needs in waiting.left():
            room = self._room_of(needs)
            while needs in waiting.left():
                is_full = len(self._teams) >= (self._jobs or _ANY)
                # looked at each time: nodes may have joined
                if is_full or not self._has_room(room):
                    if self._drop_idle():
                        continue
                    break
                if (job := waiting.take(needs)) is None:
                    break
                team = self._start(room)
                team.is_busy = True
                yield team, job

    def _room_of(self, needs: Needs) -> Needs:
        """Return the class of a job: the least that covers it, or its own needs."""
        fitting = [share.needs for share in self._classes if needs.fits(share.needs)]
        return min(fitting, key=lambda room: room.size, default=needs)

    def _start(self, needs: Needs) -> _Team:
        """Start the actor of a class, or those of several nodes."""
        own = self._own(needs)
        chosen = {name: _ANY for name in ('cpus', 'memory_gb') if name in own}
        room = needs._replace(minutes=_ANY, **chosen)
        device = self._asked_device if needs.gpus else 'cpu'
        parts = self._parts(needs)
        setting = (device, needs.processes // len(parts), os.environ.get(LENGTH, ''))
        if len(parts) == 1:
            lead = self._actor.options(**_options(parts[0])).remote(*setting)
            team = _Team(room, parts, lead)
        else:
            team = self._start_group(room, parts, setting)
        self._teams.append(team)
        return team

    def _start_group(
        self, room: Needs, parts: Sequence[Amounts], setting: tuple[str, int, str]
    ) -> _Team:
        """Start an actor per process of a training that no single node has room for."""
        from ray.util.placement_group import placement_group
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        meeting = str(self._folder / secrets.token_hex(4))
        group = placement_group([dict(part) for part in parts], strategy='PACK')
        actors = [
            self._actor.options(
                **_options(part),
                scheduling_strategy=PlacementGroupSchedulingStrategy(
                    group, placement_group_bundle_index=index
                ),
            ).remote(*setting, meeting, len(parts))
            for index, part in enumerate(parts)
        ]
        team = _Team(room._replace(nodes=len(parts)), parts, actors[0], actors[1:], group)
        team.followed = [
            actors[0].lead.remote(),
            *(actor.follow.remote(node) for node, actor in enumerate(team.others, 1)),
        ]
        return team

    def _end_broken(self) -> None:
        """End the teams that lost an actor on another node: their jobs are lost."""
        for team in list(self._teams):
            if team.followed and self._ray.wait(team.followed, timeout=0)[0]:
                self._drop(team)

    def _drop_idle(self) -> bool:
        """End a team that does nothing; return whether there was one."""
        idle = [team for team in self._teams if not team.is_busy]
        if idle:
            self._drop(min(idle, key=lambda team: team.room.size))
        return bool(idle)

    def _drop(self, team: _Team) -> None:
        """End the actors of a team and leave their resources."""
        if team not in self._teams:
            return
        self._teams.remove(team)
        for actor in (team.lead, *team.others):
            with contextlib.suppress(Exception):  # it is gone, or Ray is
                self._ray.kill(actor)
        if team.group is not None:
            from ray.util.placement_group import remove_placement_group

            with contextlib.suppress(Exception):
                remove_placement_group(team.group)

    def _end(self, asked: Mapping[Any, _Team]) -> None:
        """Interrupt jobs, give trainings time for a checkpoint, and end what is left."""
        for team in asked.values():
            with contextlib.suppress(Exception):
                team.lead.stop.remote()
        handles = list(asked)
        with contextlib.suppress(Exception):
            self._ray.wait(handles, num_returns=len(handles), timeout=SECONDS)
        for team in asked.values():
            self._drop(team)

    def _answer(self, handle: Any) -> tuple[dict[str, Any], bool]:
        """Return the answer to a job, and whether the actor that ran it is there still."""
        try:
            answer: dict[str, Any] = self._ray.get(handle)
        except self._ray.exceptions.RayTaskError as error:
            reason = f'{type(error.cause).__name__}: {error.cause}'
            return {'error': reason, 'user_error': False}, True
        except self._ray.exceptions.RayError as error:  # actor or node is gone, no memory
            first = str(error).strip().splitlines()[:1]
            said = f'{type(error).__name__}: {first[0][:200] if first else "no message"}'
            return {'error': said, 'user_error': False, 'lost': True}, False
        return answer, True

    def close(self) -> None:
        """End the actors, leave the cluster, and end it where this executor started it."""
        for team in list(self._teams):
            self._drop(team)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_GB = 2**30


def _said(amounts: Amounts) -> str:
    """Return amounts of Ray's resources as text."""
    memory = amounts.get('memory', 0) / _GB
    return (
        f'{amounts.get("CPU", 0):g} CPUs, {amounts.get("GPU", 0):g} GPUs and {memory:.3g} GB of '
        'memory'
    )


def _options(amounts: Amounts) -> dict[str, Any]:
    """Return the options of an actor; it runs one job, and hears a request to stop meanwhile."""
    return {
        'num_cpus': amounts.get('CPU', 0),
        'num_gpus': amounts.get('GPU', 0),
        'memory': amounts.get('memory', 0),
        'max_concurrency': 3,
    }


def _fits(wanted: Amounts, there: Amounts) -> bool:
    return all(there.get(key, 0) >= amount - 1e-6 for key, amount in wanted.items())


def _packed(nodes: Sequence[Amounts], parts: Sequence[Amounts]) -> bool:
    """Whether all parts fit on the nodes, the largest placed first, each on the first with room."""
    left = [dict(node) for node in nodes]
    order = ('GPU', 'memory', 'CPU')
    for part in sorted(parts, key=lambda x: [x.get(key, 0) for key in order], reverse=True):
        node = next((node for node in left if _fits(part, node)), None)
        if node is None:
            return False
        for key, amount in part.items():
            node[key] = node.get(key, 0) - amount
    return True


def _count(nodes: Sequence[Amounts], parts: Sequence[Amounts]) -> int:
    """Return how many jobs of these parts fit on empty nodes at a time; 1 where they take none."""
    if not any(parts):
        return 1
    count = 0
    while _packed(nodes, [*parts] * (count + 1)):
        count += 1
    return count


def _number(name: str, text: str) -> float:
    """Return the amount of a resource that a task requests.

    Raises:
        EnvironmentProblem: something else than a number is given.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float('inf'):
        raise EnvironmentProblem(f'--executor ray: {name}={text} must be a number, as in {name}=1')
    return number


def _connect(address: str | None) -> tuple[Any, bool]:
    """Connect to Ray; return its module, and whether this executor must end the connection."""
    os.environ.setdefault('RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO', '0')
    try:
        import ray
    except ImportError:
        raise EnvironmentProblem(
            "--executor ray needs Ray: pip install 'transferbench[ray]'"
        ) from None
    if ray.is_initialized():
        return ray, False
    options: dict[str, Any] = {'log_to_driver': False, 'configure_logging': False}
    try:
        if address or os.environ.get('RAY_ADDRESS'):
            ray.init(address=address or 'auto', **options)
        else:
            ray.init(include_dashboard=False, **options)
    except Exception as error:  # whatever keeps Ray from starting
        said = ' '.join(str(error).split())[:300]
        raise EnvironmentProblem(f'--executor ray: cannot be reached ({said})') from None
    return ray, True


def _shut_down(ray: Any, is_ours: bool) -> None:
    if is_ours:
        with contextlib.suppress(Exception):
            ray.shutdown()


class Server:
    """The actor: runs jobs one by one in a worker process; of several nodes, it leads or follows.

    Args:
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        processes: how many processes a training takes here.
        lease: the length of leases in seconds, as text; empty for the usual one.
        meeting: the folder in which several nodes meet; empty for one node.
        nodes: how many they are.
    """

    def __init__(
        self, device: str, processes: int, lease: str, meeting: str = '', nodes: int = 1
    ) -> None:
        if lease:
            os.environ[LENGTH] = lease
        (self._environment,) = worker_environments(device, 1, processes=processes)
        self._pool: Pool | None = None
        self._gang: Gang | None = None
        if meeting:
            import ray

            self._gang = Gang(Path(meeting), nodes, ray.util.get_node_ip_address())

    def run(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a job."""
        if self._pool is None:
            more = self._gang.environment() if self._gang is not None else {}
            self._pool = Pool([{**self._environment, **more}])
        (reply,) = self._pool.run([Job.from_plain(content)])
        if self._gang is not None:  # the worker may have been killed
            self._gang.clear()
        return reply.answer

    def stop(self) -> None:
        """Ask the job at hand to end; a training keeps a checkpoint first."""
        if self._pool is not None:
            self._pool.terminate()

    def lead(self) -> None:
        """Let other nodes follow this one, until the actor ends."""
        assert self._gang is not None, 'there are several nodes'
        with self._gang.led():
            threading.Event().wait()

    def follow(self, node: int) -> None:
        """Follow the node that leads, until it ends."""
        assert self._gang is not None, 'there are several nodes'
        os.environ.update(self._environment)
        self._gang.follow(node)
