"""The Ray executor on a cluster of two nodes on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmark.errors import EnvironmentProblem
from benchmark.launching import Job
from benchmark.launching.executors import Wanted, make_executor

pytest.importorskip('ray', reason='the extra ray is not installed')
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings('default')]


@pytest.fixture(scope='module')
def cluster() -> Iterator[Any]:
    """Return a cluster of two nodes with a CPU each; it is started once."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PYTHONPATH', str(Path(__file__).parents[2]), prepend=os.pathsep)
        # Ray's workers have a low priority, at which a busy machine lets them starve
        patch.setenv('RAY_worker_niceness', '0')
        made = Cluster(initialize_head=True, head_node_args={'num_cpus': 1})
        made.add_node(num_cpus=1)
        yield made
        made.shutdown()


def until(true: Callable[[], object], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def wanted(cluster: Any, **options: str) -> Wanted:
    return Wanted('cpu', None, options={'address': cluster.address, **options})


def test_jobs_run_on_both_nodes_and_errors_come_back(cluster: Any, tmp_path: Path) -> None:
    asked = [Job(f'j{n}', {'job': f'none-{n}'}, tmp_path / f'{n}.txt') for n in range(4)]
    with make_executor('ray', wanted(cluster)) as executor:
        assert (executor.workers, executor.device) == (2, 'cpu')
        found = {reply.job.name: reply.error.split(' (')[0] for reply in executor.run(asked)}
    assert found == {f'j{n}': f"unknown procedure 'none-{n}'" for n in range(4)}


def test_a_consumer_that_leaves_early_ends_what_runs(cluster: Any, tmp_path: Path) -> None:
    asked = [
        Job('quick', {'job': 'none'}, tmp_path / 'a.txt'),
        Job(
            'slow',
            {'job': 'tests.support.sleeping_ranks:SLEEP', 'folder': str(tmp_path)},
            tmp_path / 'b.txt',
        ),
    ]
    with make_executor('ray', wanted(cluster)) as executor:
        found = executor.run(asked)
        assert next(found).job.name == 'quick'
        assert until(lambda: list(tmp_path.glob('*.rank')))
        (pid,) = (int(path.stem.split('-')[0]) for path in tmp_path.glob('*.rank'))
        found.close()
        assert until(lambda: not psutil.pid_exists(pid))


@pytest.mark.parametrize(
    ('options', 'line'),
    [
        ({'cpus': '7'}, 'no room for a task with 7 CPUs'),
        ({'colour': 'red'}, 'unknown resource colour'),
        ({'gpus': 'all'}, 'gpus=all must be a number'),
    ],
)
def test_what_the_cluster_cannot_give_is_one_line(
    cluster: Any, options: dict[str, str], line: str
) -> None:
    with pytest.raises(EnvironmentProblem, match='--executor ray') as caught:
        make_executor('ray', wanted(cluster, **options))
    assert line in str(caught.value)
    assert '\n' not in str(caught.value)
