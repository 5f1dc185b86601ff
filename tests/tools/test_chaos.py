"""What chaos finds and kills: workers that were started or forked, and what forks them."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from benchmark.launching.nursery import Nursery
from tools.chaos import parts
from tools.chaos.stage import MARK, Stage, kill

ROOT = Path(__file__).parents[2]


def test_forked_workers_are_found_and_a_kill_counts_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path / 'stage')
    environment = {MARK: str(stage.folder), 'PYTHONPATH': str(ROOT)}
    places = 'tests.support.forked_worker:main', 'tests.support.forked_worker:preload'
    nursery = Nursery(environment, target=places[0], preload=places[1])
    reading, writing = os.pipe()
    try:
        first, second = (nursery.fork({}, writing) for _ in range(2))
        pids = {first.pid, second.pid}
        assert {process.pid for process in stage.workers()} == pids
        (above,) = stage.nurseries()
        assert above.pid == psutil.Process(first.pid).ppid()
        victim = psutil.Process(first.pid)
        assert kill(victim)
        assert first.wait(10) < 0
        assert not kill(victim)
        assert kill(above)
        assert second.wait(10) < 0
        assert stage.left_after(5.0) == []
        for worker in (first, second):
            assert worker.stdin is not None
            worker.stdin.close()
    finally:
        nursery.close()
        os.close(reading)
        os.close(writing)


def test_the_protocol_of_chaos_is_one() -> None:
    assert parts.PROTOCOL.procedure == 'tools.chaos.parts:WAIT'
    assert not parts.WAIT.uses_libraries
    answer = parts._measure(3)
    assert answer['raw'][parts.RAW] == parts.expected(3)
