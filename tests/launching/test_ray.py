"""The Ray executor on a cluster of two nodes on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        made = Cluster(initialize_head=True, head_node_args={'num_cpus': 1})
        made.add_node(num_cpus=1)
        yield made
        made.shutdown()


def wanted(cluster: Any, **options: str) -> Wanted:
    return Wanted('cpu', None, options={'address': cluster.address, **options})


def test_jobs_run_on_both_nodes_and_errors_come_back(cluster: Any, tmp_path: Path) -> None:
    asked = [Job(f'j{n}', {'job': f'none-{n}'}, tmp_path / f'{n}.txt') for n in range(4)]
    with make_executor('ray', wanted(cluster)) as executor:
        assert (executor.workers, executor.device) == (2, 'cpu')
        found = {reply.job.name: reply.error.split(' (')[0] for reply in executor.run(asked)}
    assert found == {f'j{n}': f"unknown procedure 'none-{n}'" for n in range(4)}


@pytest.mark.parametrize(
    ('options', 'line'),
    [({'cpus': '7'}, 'no room for a task with 7 CPUs'), ({'colour': 'red'}, 'called colour')],
)
def test_what_the_cluster_cannot_give_is_one_line(
    cluster: Any, options: dict[str, str], line: str
) -> None:
    with pytest.raises(EnvironmentProblem, match='--executor ray') as caught:
        make_executor('ray', wanted(cluster, **options))
    assert line in str(caught.value)
    assert '\n' not in str(caught.value)
