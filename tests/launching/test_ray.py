"""The Ray executor on a cluster of two nodes on this machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmark.errors import EnvironmentProblem
from benchmark.launching import Job, Reply
from benchmark.launching.executors import Wanted, make_executor
from benchmark.launching.executors.base import Reserving
from benchmark.launching.executors.ray import _count
from benchmark.launching.resources import Needs, Share

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


def test_a_cell_that_no_node_has_room_for_gets_a_process_on_each(
    cluster: Any, tmp_path: Path
) -> None:
    request = {
        'job': 'tests.support.sleeping_ranks:SHARE',
        'folder': str(tmp_path / 'cell'),
        'processes': 2,
    }
    needs, light = Needs(2, 0, 2, 1, 60), Needs(1, 0, 1, 1, 60)
    asked = [
        Job('both', request, tmp_path / 'log.txt', needs=needs),
        Job('one', {'job': 'none'}, tmp_path / 'other.txt', needs=light),
    ]
    asking = Wanted('cpu', None, 2, work=tmp_path, options={'address': cluster.address})
    with make_executor('ray', asking) as executor:
        assert executor.workers == 1
        assert isinstance(executor, Reserving)
        executor.reserve([Share(needs, 1, 1.0), Share(light, 1, 1.0)])
        found = {reply.job.name: reply for reply in executor.run(asked)}
    assert found['both'].answer == {'error': '', 'processes': 2, 'nodes': 2}
    assert found['one'].error.startswith("unknown procedure 'none'")
    ranks = {path.suffix: path.read_text() for path in (tmp_path / 'cell').glob('rank-of-node*')}
    assert ranks == {'.0': '0', '.1': '1'}
    assert not list((tmp_path / 'spool').glob('*'))


def test_a_node_that_joins_is_used_and_one_that_leaves_costs_its_job(
    cluster: Any, tmp_path: Path
) -> None:
    """Three jobs sleep at a time once there are three CPUs; one is lost with its node."""
    asked = [
        Job(
            f'j{n}',
            {'job': 'tests.support.sleeping_ranks:SLEEP', 'folder': str(tmp_path)},
            tmp_path / f'{n}.txt',
        )
        for n in range(3)
    ]
    lost: list[Reply] = []
    with make_executor('ray', wanted(cluster)) as executor:
        assert executor.workers == 2

        def take_first() -> None:
            replies = executor.run(asked)
            lost.append(next(replies))
            replies.close()  # type: ignore[attr-defined]

        thread = threading.Thread(target=take_first)
        thread.start()
        assert until(lambda: len(list(tmp_path.glob('*.rank'))) == 2)
        joined = cluster.add_node(num_cpus=1)
        assert until(lambda: len(list(tmp_path.glob('*.rank'))) == 3)
        cluster.remove_node(joined, allow_graceful=False)
        thread.join(120)
    (reply,) = lost
    assert reply.answer['lost']


@pytest.mark.parametrize(
    ('nodes', 'parts', 'count'),
    [
        ([{'CPU': 2.0}, {'CPU': 2.0}], [{'CPU': 1.0}], 4),
        ([{'CPU': 3.0}, {'CPU': 3.0}], [{'CPU': 2.0}], 2),  # not three: a job is on one node
        ([{'CPU': 1.0}, {'CPU': 1.0}], [{'CPU': 1.0}] * 2, 1),
        ([{'CPU': 8.0, 'GPU': 2.0}, {'CPU': 8.0}], [{'CPU': 1.0, 'GPU': 1.0}], 2),
        ([{'CPU': 8.0}], [{'GPU': 1.0}], 0),
        ([{'CPU': 1.0}], [{}], 1),
    ],
)
def test_jobs_that_have_room_at_a_time_are_counted_node_by_node(
    nodes: list[dict[str, float]], parts: list[dict[str, float]], count: int
) -> None:
    assert _count(nodes, parts) == count


@pytest.mark.parametrize(
    ('options', 'line'),
    [
        ({'cpus': '7'}, 'no room for a task with 7 CPUs'),
        ({'colour': 'red'}, 'unknown resource colour'),
        ({'gpus': 'all'}, 'gpus=all must be a number'),
        ({'cpu.memory_gb': '1e9'}, '1e+09 GB of memory; the cluster of'),
    ],
)
def test_what_the_cluster_cannot_give_is_one_line(
    cluster: Any, options: dict[str, str], line: str
) -> None:
    with pytest.raises(EnvironmentProblem, match='--executor ray') as caught:
        make_executor('ray', wanted(cluster, **options))
    assert line in str(caught.value)
    assert '\n' not in str(caught.value)
