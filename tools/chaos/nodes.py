"""Real trainings on a Ray of two nodes, one of them killed half-way; compare every record.

With ``--suite demo`` they are those of a shipped suite on the procedural world, cut short.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections import Counter
from pathlib import Path

from tools.chaos.cluster import ray_cluster
from tools.chaos.kills import differences
from tools.chaos.stage import Stage, staged


def main() -> int:
    """Return 0 when all records equal those of a run that nothing disturbed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--iterations', type=int, default=60)
    parser.add_argument('--protocols', nargs='+', default=['finetune', 'knn', 'trivial'])
    parser.add_argument('--suite', help='a shipped suite, with ten steps for each training')
    parser.add_argument('--backbones', nargs='+', default=['world-vit-random'])
    parser.add_argument('--data-root', type=Path, help='where the procedural world is, or will be')
    parser.add_argument('--keep', action='store_true', help='keep the folder of the stage')
    options = parser.parse_args()
    with staged(keep=options.keep, iterations=options.iterations, lease=20.0) as stage:
        if options.suite is None:
            suite = stage.suite(options.protocols, options.seeds)
            return _play(stage, suite, 'chaos', ())
        stage.data = (options.data_root or stage.data).resolve()
        cut = ('--backbones', *options.backbones, '--cfg-options', 'train_cfg.max_iters=10')
        return _play(stage, Path(options.suite), options.suite, cut)


def _play(stage: Stage, suite: Path, name: str, more: tuple[str, ...]) -> int:
    plain = stage.command('run', suite, 'plain', '--jobs', '1', *more)
    subprocess.run(plain, env=stage.environment, cwd=stage.folder, check=True)
    whole = stage.records(name, 'plain')
    begun = time.monotonic()
    with ray_cluster(stage) as cluster:
        where = ('--executor', 'ray', '--resources', f'address={cluster.address}', 'cpus=1')
        running = stage.start(stage.command('run', suite, 'nodes', *where, *more), 'nodes.log')
        while running.poll() is None and len(stage.records(name, 'nodes')) < len(whole) // 2:
            time.sleep(0.5)
        before = len(stage.records(name, 'nodes'))
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        cluster.add_node(num_cpus=1)
        code = running.wait()
        seconds = time.monotonic() - begun
    left = stage.left_after(5.0)
    found = stage.records(name, 'nodes')
    lost = sum('lost' in record.provenance for record in found.values())
    kinds = Counter(record.spec.protocol for record in whole.values())
    told = differences(whole, found)
    print(
        f'{len(whole)} cells ({", ".join(f"{n} {what}" for what, n in kinds.items())}), '
        f'{seconds:.0f} s, exit code {code}: a node killed when {before} were done; {lost} cells '
        f'lost with it and tried again; {len(told)} differences, {len(left)} processes left'
    )
    for line in (*told[:10], *left[:10]):
        print(f'  {line[:200]}')
    return 1 if code or told or left else 0
