"""One cell on two nodes, played by processes of this host, beside the same on one node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import torch

from benchmark.errors import EnvironmentProblem
from benchmark.execution.gang import GANG, Gang
from tests.support.execution_cells import Cell, random_backbone, small_task
from tests.support.waiting import is_gone, until

from .test_distributed import CHANGES, train

FOLLOW = """
import json, sys
from pathlib import Path
from benchmark.execution.gang import Gang
Gang(Path(sys.argv[1]), 2, '127.0.0.1').follow(1)
"""
LEAD = """
import sys
from pathlib import Path
from benchmark.execution.locking import exclusive
from benchmark.execution.torchrun import launch
folder = Path(sys.argv[1])
with exclusive(folder):
    try:
        print(launch({'job': 'tests.support.sleeping_ranks:SLEEP', 'folder': str(folder)}, 2))
    except Exception as error:
        print(f'{type(error).__name__}: {error}')
"""


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PYTHONPATH', str(Path(__file__).parents[2]), prepend=os.pathsep)
    monkeypatch.setenv('TBENCH_LEASE', '20')


@contextmanager
def two_nodes(folder: Path) -> Iterator[tuple[Gang, subprocess.Popen[bytes]]]:
    """Lead a node that a process of its own plays, which has to end by itself."""
    gang = Gang(folder, 2, '127.0.0.1')
    command = [sys.executable, '-c', FOLLOW, str(folder)]
    with subprocess.Popen(command) as follower:
        try:
            with gang.led():
                yield gang, follower
            follower.wait(20)
        finally:
            follower.kill()


@pytest.mark.slow
def test_two_nodes_train_what_two_processes_of_one_node_do_to_the_bit(
    tiny_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, backbone = small_task('world-covered'), random_backbone('test_vit')

    def cell(name: str) -> Cell:
        return Cell(tiny_world, tmp_path / name, task, backbone, changes=CHANGES)

    one = train(cell('one'), 2)
    with two_nodes(tmp_path / 'gang') as (gang, follower):
        for name, value in gang.environment().items():
            monkeypatch.setenv(name, value)
        two = train(cell('two'), 2)
        assert not list(gang.folder.glob('turn-*'))
    assert follower.returncode == 0
    assert not gang.folder.exists()
    for part in ('raw', 'curves', 'proof', 'pictures'):
        assert two.found[part] == one.found[part], part
    assert two.found['cost']['processes'] == 2
    assert all(torch.equal(one.weights[name], tensor) for name, tensor in two.weights.items())
    assert one.weights.keys() == two.weights.keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    ('victim', 'told'),
    [
        ('follower', 'LostError: node 1 of 2 is gone'),
        ('rank', 'LostError: one of 2 processes was ended by SIGKILL'),
        ('leader', ''),
    ],
)
def test_whatever_is_killed_ends_the_ranks_of_all_nodes(
    victim: str, told: str, tmp_path: Path
) -> None:
    folder = tmp_path / 'cell'
    with two_nodes(tmp_path / 'gang') as (gang, follower):
        command = [sys.executable, '-c', LEAD, str(folder)]
        environment = {**os.environ, **gang.environment()}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as leader:
            assert until(lambda: len(list(folder.glob('*.rank'))) == 2, 60)
            ranks = [int(path.stem.split('-')[0]) for path in folder.glob('*.rank')]
            far = next(x for x in ranks if follower.pid in ancestors(x))
            assert sum(follower.pid in ancestors(rank) for rank in ranks) == 1
            hit = {'follower': follower.pid, 'rank': far, 'leader': leader.pid}[victim]
            os.kill(hit, signal.SIGKILL)
            if victim == 'leader':
                leader.wait()
                assert until(lambda: all(map(is_gone, ranks)), 20)
            said, _ = leader.communicate(timeout=90)
            assert until(lambda: all(map(is_gone, ranks)), 20)
        assert said.strip() == told
        gang.clear()


def ancestors(process: int) -> list[int]:
    return [parent.pid for parent in psutil.Process(process).parents()]


def test_processes_that_nodes_cannot_share_evenly_are_refused(tmp_path: Path) -> None:
    refused = pytest.raises(EnvironmentProblem, match='--processes 3: 2 nodes cannot share')
    with refused, Gang(tmp_path, 2, 'localhost').calling(3):
        pytest.fail('entered')
    assert not list(tmp_path.iterdir())


def test_a_worker_knows_its_nodes_by_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Gang.here() is None
    gang = Gang(tmp_path, 4, 'host-1')
    assert json.loads(gang.environment()[GANG])['nodes'] == 4
    for name, value in gang.environment().items():
        monkeypatch.setenv(name, value)
    assert Gang.here() == gang
