"""What each cell needs from a cluster, and the few classes of workers that cover all cells."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from benchmark.planning.estimates import Basis, Estimate

_LEAST_GB = 4
"""Memory of the smallest class; the next ones hold four times as much each."""

_STEP = 4

_MEMORY_FACTOR = 1.5
"""An estimate of memory is multiplied by this."""

_UNKNOWN_GB = 32
"""Memory where nothing can be said; a round number of ours."""

_BESIDE_GPU_MB = 6 * 1024
"""Memory of the host that a process with a GPU takes, loader processes included; a round number of
ours, which was not measured on a GPU."""

_GPU_CPUS = 8
"""CPUs of a process with a GPU: it loads data with all that are free."""

_TIME_FACTOR = 2
"""The most seconds that an estimate holds plausible are multiplied by this."""

_READING_SECONDS = 900.0
"""Seconds that a probe on kept features takes at most on a core; a round number of ours."""

_LEAST_MINUTES, _MOST_MINUTES = 60, 24 * 60
"""Limits of the time that is requested: a worker that is stopped goes on from a checkpoint."""


class Needs(NamedTuple):
    """The resources of a cell, or of a worker, in all of its processes and nodes together.

    ``processes`` is how many processes a training takes, ``nodes`` on how many hosts.
    """

    processes: int = 1
    gpus: int = 0
    cpus: int = 1
    memory_gb: int = 0
    minutes: int = 0
    nodes: int = 1

    @property
    def per_node(self) -> Needs:
        """What each of the nodes gives."""
        shares = (-(-amount // self.nodes) for amount in self[:4])
        return Needs(*shares, minutes=self.minutes)

    def fits(self, room: Needs) -> bool:
        """Whether a worker with the resources ``room`` can run a cell that needs this.

        A cell of fewer processes than the worker's stays on one node.
        """
        there = room if self.processes == room.processes else room.per_node
        return all(mine <= theirs for mine, theirs in zip(self[:5], there[:5], strict=True))

    @property
    def label(self) -> str:
        """A word for names of files, which :meth:`parse` reads."""
        return 'p{}g{}c{}m{}t{}n{}'.format(*self)

    @classmethod
    def parse(cls, label: str) -> Needs:
        """Return what a label states.

        Raises:
            ValueError: it is not a label.
        """
        found = _LABEL.fullmatch(label)
        if found is None:
            raise ValueError(f'{label!r} states no resources')
        return cls(*map(int, found.groups()))

    @property
    def size(self) -> tuple[int, ...]:
        """A key that sorts the most demanding last."""
        return self.gpus, self.memory_gb, self.cpus, self.processes, self.minutes


_LABEL = re.compile(r'p(\d+)g(\d+)c(\d+)m(\d+)t(\d+)n(\d+)')

LIGHT = Needs()
"""What a job takes that no plan knows: an inspection, or a look at data."""


class Demand(NamedTuple):
    """What a plan knows of a cell.

    ``processes`` is how many processes run it, ``on_gpu`` whether it computes on a GPU, ``loaders``
    how many processes load data for each, ``None`` as many as there are free CPUs. ``cost`` is the
    estimate for one process; ``memory_mb`` in it is that of the GPU where there is one.
    """

    cost: Estimate
    processes: int = 1
    on_gpu: bool = False
    loaders: int | None = None


def reading_cost(cost: Estimate, kept: int) -> Estimate:
    """Return the cost, on a CPU, of a probe that reads ``kept`` bytes of features of a GPU's run.

    Memory holds them in single precision, and twice more for what is computed of them.
    """
    memory = 1024 + 6 * kept / 2**20
    return Estimate(max(cost.seconds or 0.0, _READING_SECONDS), memory, Basis.OPERATIONS)


class Share(NamedTuple):
    """A class of workers: what each needs, and how many cells there are for them.

    ``seconds`` is how long these cells take one after the other, at most.
    """

    needs: Needs
    cells: int
    seconds: float


class Resources(NamedTuple):
    """The class of each cell, and all classes, the most demanding first."""

    of: Mapping[Hashable, Needs]
    shares: tuple[Share, ...]


def resources_of(cells: Iterable[tuple[Hashable, Demand]]) -> Resources:
    """Return classes of resources that cover ``cells``, pairs of a key and its demand.

    Cells are of one class that take as many GPUs and CPUs, and memory of one order: up to 4 GB, 16
    GB, 64 GB and so on. A class gets the most that one of its cells needs.
    """
    groups: dict[tuple[int, ...], list[tuple[Hashable, Needs, float]]] = {}
    for key, demand in cells:
        needs = needs_of(demand)
        group = (*needs[:3], _order(needs.memory_gb))
        high = demand.cost.high
        groups.setdefault(group, []).append((key, needs, math.nan if high is None else high))
    of: dict[Hashable, Needs] = {}
    shares: list[Share] = []
    for members in groups.values():
        most = [needs for _, needs, _ in members]
        needs = Needs(*most[0][:3], max(x.memory_gb for x in most), max(x.minutes for x in most))
        of |= {key: needs for key, _, _ in members}
        shares.append(Share(needs, len(members), _total([s for _, _, s in members])))
    return Resources(of, tuple(sorted(shares, key=lambda share: share.needs.size, reverse=True)))


def needs_of(demand: Demand) -> Needs:
    """Return what one cell needs, with a margin: 1.5 times the memory, twice the longest time.

    Host memory of a cell on a GPU is a fixed amount per process, since its estimate is that of the
    GPU. Nothing more than a day is requested: a worker that is stopped goes on from a checkpoint.
    """
    count, cost = demand.processes, demand.cost
    own = _GPU_CPUS if demand.on_gpu else 1
    cpus = count * (own if demand.loaders is None else 1 + demand.loaders)
    if demand.on_gpu:
        memory = math.ceil(count * (_BESIDE_GPU_MB + 512 * (demand.loaders or 0)) / 1024)
    elif cost.memory_mb is None:
        memory = _UNKNOWN_GB
    else:
        whole = cost.memory_mb * count + 512 * (demand.loaders or 0) * count
        memory = max(_LEAST_GB, math.ceil(_MEMORY_FACTOR * whole / 1024))
    minutes = _MOST_MINUTES
    if cost.high is not None:
        hours = math.ceil(_TIME_FACTOR * cost.high / 3600)
        minutes = min(_MOST_MINUTES, max(_LEAST_MINUTES, 60 * hours))
    return Needs(count, count if demand.on_gpu else 0, cpus, memory, minutes)


def _order(memory_gb: int) -> int:
    """Return the order of an amount of memory: 0 up to 4 GB, 1 up to 16 GB and so on."""
    return max(0, math.ceil(math.log(memory_gb / _LEAST_GB, _STEP) - 1e-9))


def _total(seconds: Sequence[float]) -> float:
    """Return the sum of times; those that are unknown count as the mean of the others."""
    known = [one for one in seconds if not math.isnan(one)]
    return math.fsum(known) / len(known) * len(seconds) if known else 0.0


def joined(one: Share, other: Share) -> Share:
    """Return a class that covers two: the most of both."""
    most = (max(a, b) for a, b in zip(one.needs, other.needs, strict=True))
    return Share(Needs(*most), one.cells + other.cells, one.seconds + other.seconds)


def shared_out(shares: Sequence[Share], workers: int) -> list[tuple[Share, int]]:
    """Return how many of ``workers`` each class gets: by its time, at least one, at most its cells.

    Where there are fewer workers than classes, the least demanding classes are joined.
    """
    kept = sorted(shares, key=lambda share: share.needs.size, reverse=True)
    while len(kept) > max(workers, 1):
        kept[-2:] = [joined(kept[-2], kept[-1])]
    counts = [1] * len(kept)
    for _ in range(workers - len(kept)):
        open_to = [i for i, share in enumerate(kept) if counts[i] < share.cells]
        if not open_to:
            break
        # whoever would take longest
        counts[max(open_to, key=lambda i: (kept[i].seconds / counts[i], -i))] += 1
    return list(zip(kept, counts, strict=True))
