"""A training in two processes on one node, on two of Ray's and on two of Slurm's: equal records."""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Iterator

from tools.chaos.cluster import ray_cluster
from tools.chaos.kills import differences
from tools.chaos.slurm import lacking, slurm_cluster
from tools.chaos.stage import Stage, staged

_WAYS = ('ray', 'slurm')


def main() -> int:
    """Return 0 when all records equal those of two processes on one node."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--ways', nargs='+', choices=_WAYS, default=_WAYS)
    parser.add_argument('--seeds', type=int, default=2)
    parser.add_argument('--iterations', type=int, default=40)
    parser.add_argument('--keep', action='store_true', help='keep the folder of the stage')
    options = parser.parse_args()
    if 'slurm' in options.ways and (missing := lacking()):
        print(missing)
        return 2
    with staged(keep=options.keep, iterations=options.iterations, lease=30.0) as stage:
        return _play(stage, options.ways, options.seeds)


def _play(stage: Stage, ways: list[str], seeds: int) -> int:
    suite = stage.suite(['finetune'], seeds)
    plain = stage.command('run', suite, 'plain', '--jobs', '1', '--processes', '2')
    subprocess.run(plain, env=stage.environment, cwd=stage.folder, check=True)
    whole = stage.records('chaos', 'plain')
    bad = 0
    for way in ways:
        for where, environment in _place(stage, way):
            begun = time.monotonic()
            more = ('--processes', '2', '--executor', way, *where)
            command = stage.command('run', suite, way, *more)
            running = stage.start(command, f'{way}.log', **environment)
            nodes: set[str] = set()
            while running.poll() is None:
                nodes |= _nodes(stage)
                time.sleep(0.2)
            seconds = time.monotonic() - begun
        told, left = differences(whole, stage.records('chaos', way)), stage.left_after(5.0)
        print(
            f'{way}: {len(whole)} cells of two processes, {seconds:.0f} s, exit code '
            f'{running.returncode}; processes were seen of nodes {", ".join(sorted(nodes))}; '
            f'{len(told)} differences to one node, {len(left)} processes left',
            flush=True,
        )
        for line in (*told[:10], *left[:10]):
            print(f'  {line[:200]}')
        bad |= bool(running.returncode or told or left or len(nodes) != 2)
    return bad


def _nodes(stage: Stage) -> set[str]:
    """Return the numbers of the nodes of which torchrun is at work."""
    lines = (process.cmdline() for process in stage.processes('torchrun_entry lead'))
    # lead COUNT REQUEST ANSWER NODES ADDRESS PORT NODE
    return {line[-1] for line in lines if len(line) > 8 and line[-4] == '2'}


def _place(stage: Stage, way: str) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Start Ray or Slurm; yield the options of a command, and its environment."""
    if way == 'ray':
        with ray_cluster(stage) as cluster:
            yield ('--resources', f'address={cluster.address}'), {}
        return
    with slurm_cluster(stage) as environment:
        yield ('--jobs', '1', '--resources', 'nodes=2', 'slurm_partition=low'), environment
