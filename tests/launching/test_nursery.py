"""Workers forked from a process that has loaded what they need; real processes without torch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmark.launching import Pool
from benchmark.launching.executors.local import LocalExecutor
from benchmark.launching.nursery import Nursery

from .test_pool import by_name, gone, job, until

ROOT = Path(__file__).parents[2]
PLACES = {
    'target': 'tests.support.forked_worker:main',
    'preload': 'tests.support.forked_worker:preload',
}


def pool_of(count: int, *own: dict[str, str], **environment: str) -> Pool:
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    nursery = Nursery({'PYTHONPATH': path, **environment}, **PLACES)
    return Pool(list(own) or [{}] * count, nursery=nursery)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No test leaves a process, running or zombie, or an open file."""
    me = psutil.Process()
    processes, files = me.children(recursive=True), me.num_fds()
    yield
    assert until(lambda: me.children(recursive=True) == processes)
    assert me.num_fds() == files


def test_workers_share_what_was_loaded_once() -> None:
    with pool_of(2) as pool:
        jobs = [job('a', 'slow', seconds=0.5), job('b', 'slow', seconds=0.5)]
        first = by_name(pool.run(jobs))
        again = by_name(pool.run([job('c', 'loaded'), job('d', 'loaded')]))
    assert len({reply.answer['pid'] for reply in first.values()}) == 2
    loaded = [reply.answer['loaded'] for reply in again.values()]
    assert loaded[0] == loaded[1]
    assert len(loaded[0]) == 1
    assert not {reply.answer['pid'] for reply in again.values()} & set(loaded[0])


def test_each_worker_has_its_environment() -> None:
    with pool_of(2, {'GPU': '0'}, {'GPU': '1'}) as pool:
        jobs = [job(name, 'environment', variable='GPU') for name in 'ab']
        replies = by_name(pool.run(jobs))
    assert sorted(reply.answer['value'] for reply in replies.values()) == ['0', '1']


@pytest.mark.parametrize(
    ('do', 'request_', 'reason'),
    [
        ('exit', {}, 'the worker process ended with exit code 3'),
        ('die', {'signal': 'SIGKILL'}, 'was ended by SIGKILL; most likely out of memory'),
        ('die', {'signal': 'SIGSEGV'}, 'was ended by SIGSEGV; run the command again'),
        ('garbage', {}, 'gave an unreadable answer'),
        ('leave', {}, 'the worker process ended with exit code 3'),
    ],
)
def test_a_worker_that_dies_is_replaced_and_its_job_told_why(
    do: str, request_: dict[str, Any], reason: str
) -> None:
    with pool_of(1) as pool:
        jobs = [job('a', 'loaded'), job('bad', do, **request_), job('b', 'loaded')]
        replies = by_name(pool.run(jobs))
    assert reason in replies['bad'].error
    assert replies['a'].answer['pid'] != replies['b'].answer['pid']
    # the new worker needed no new loading
    assert replies['a'].answer['loaded'] == replies['b'].answer['loaded']


def test_a_nursery_that_died_is_started_again() -> None:
    with pool_of(1) as pool:
        (loaded,) = by_name(pool.run([job('a', 'loaded')]))['a'].answer['loaded']
        os.kill(loaded, signal.SIGKILL)
        assert until(lambda: gone(loaded))
        reply = by_name(pool.run([job('b', 'loaded')]))['b']
    assert reply.error == ''
    assert reply.answer['loaded'] != [loaded]


def test_a_large_request_and_a_large_answer_arrive_whole() -> None:
    with pool_of(1) as pool:
        jobs = [job('a', 'echo', value='y' * 1_000_000), job('b', 'large', size=5_000_000)]
        replies = by_name(pool.run(jobs))
    assert len(replies['a'].answer['back']) == 1_000_002
    assert replies['b'].answer['text'] == 'x' * 5_000_000


def test_what_a_worker_started_ends_with_it() -> None:
    with pool_of(1) as pool:
        child = by_name(pool.run([job('a', 'child')]))['a'].answer['child']
        assert not gone(child)
    assert until(lambda: gone(child))


def test_leaving_before_anything_is_loaded_takes_no_time() -> None:
    start = time.monotonic()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pool_of(1, LOADING='60') as pool, pytest.raises(KeyboardInterrupt):
            list(pool.run([job('a', 'echo', value=1)]))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 15


def test_a_worker_has_time_to_keep_its_work(tmp_path: Path) -> None:
    kept = tmp_path / 'kept'
    with pool_of(1) as pool:
        replies = pool.run([job('a', 'loaded'), job('b', 'careful', file=str(kept))])
        next(replies)
        assert until(Path(f'{kept}.begun').exists)
        replies.close()
    assert kept.read_text() == 'kept'


@pytest.mark.parametrize('ending', [signal.SIGKILL, signal.SIGTERM])
def test_all_end_when_the_process_that_wanted_them_does(ending: signal.Signals) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.launching.test_nursery import job, pool_of
with pool_of(2) as pool:
    for reply in pool.run([job('a', 'loaded'), job('b', 'slow', seconds=60)]):
        print(reply.answer['pid'], *reply.answer['loaded'], flush=True)
"""
    with subprocess.Popen(
        [sys.executable, '-c', program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = list(map(int, parent.stdout.readline().split()))
        assert len(pids) == 2
        assert not any(map(gone, pids))
        parent.send_signal(ending)
        parent.wait(10)
    assert until(lambda: all(map(gone, pids)))


def test_only_workers_without_a_gpu_are_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '0')
    for device, forks in (('cpu', True), ('cuda', False)):
        with LocalExecutor(1, device) as executor:
            assert (executor._pool._nursery is not None) is forks
