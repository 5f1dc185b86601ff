"""Real trainings on a Ray of two nodes, one of them killed half-way; compare every record."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tools.chaos.cluster import ray_cluster
from tools.chaos.kills import differences
from tools.chaos.stage import Stage


def main() -> int:
    """Return 0 when all records equal those of a run that nothing disturbed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--iterations', type=int, default=60)
    parser.add_argument('--protocols', nargs='+', default=['finetune', 'knn', 'trivial'])
    parser.add_argument('--keep', action='store_true', help='keep the folder of the stage')
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix='chaos-'))
    stage = Stage(folder / 'stage', iterations=options.iterations, lease=20.0)
    try:
        return _play(stage, options.protocols, options.seeds)
    finally:
        stage.end()
        if options.keep:
            print(f'kept: {folder}')
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _play(stage: Stage, protocols: list[str], seeds: int) -> int:
    suite = stage.suite(protocols, seeds)
    plain = stage.command('run', suite, 'plain', '--jobs', '1')
    subprocess.run(plain, env=stage.environment, cwd=stage.folder, check=True)
    whole = stage.records('chaos', 'plain')
    begun = time.monotonic()
    with ray_cluster(stage) as cluster:
        more = ('--executor', 'ray', '--resources', f'address={cluster.address}', 'cpus=1')
        running = stage.start(stage.command('run', suite, 'nodes', *more), 'nodes.log')
        while running.poll() is None and len(stage.records('chaos', 'nodes')) < len(whole) // 2:
            time.sleep(0.5)
        before = len(stage.records('chaos', 'nodes'))
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        cluster.add_node(num_cpus=1)
        code = running.wait()
        seconds = time.monotonic() - begun
    left = stage.left_after(5.0)
    found = stage.records('chaos', 'nodes')
    lost = sum('lost' in record.provenance for record in found.values())
    told = differences(whole, found)
    print(
        f'{len(whole)} cells ({", ".join(protocols)}), {seconds:.0f} s, exit code {code}: a node '
        f'killed when {before} were done; {lost} cells lost with it and tried again; '
        f'{len(told)} differences, {len(left)} processes left'
    )
    for line in (*told[:10], *left[:10]):
        print(f'  {line[:200]}')
    return 1 if code or told or left else 0
