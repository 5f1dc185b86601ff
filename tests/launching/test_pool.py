"""The pool with real processes that need no torch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmark.launching import Job, Pool, Reply
from benchmark.stopping import Stopped, stopped_by_signals

FAKE = Path(__file__).parent.parent / 'support' / 'fake_worker.py'
# -S -E: starts faster
COMMAND = (sys.executable, '-S', '-E', str(FAKE))


def pool_of(count: int, **environment: str) -> Pool:
    return Pool([dict(environment) for _ in range(count)], command=COMMAND)


def job(name: str, do: str, **request: Any) -> Job:
    return Job(name, {'do': do, **request}, Path('/dev/null'))


def by_name(replies: Iterator[Reply]) -> dict[str, Reply]:
    found: dict[str, Reply] = {}
    for reply in replies:
        assert reply.job.name not in found
        found[reply.job.name] = reply
    return found


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No test leaves a process, running or zombie, or an open file."""
    me = psutil.Process()
    processes, files = me.children(recursive=True), me.num_fds()
    yield
    assert me.children(recursive=True) == processes
    assert me.num_fds() == files


def test_every_job_gets_its_own_reply_from_fewer_workers() -> None:
    with pool_of(2) as pool:
        replies = by_name(pool.run(job(f'j{i}', 'echo', value=i) for i in range(9)))
    assert {name: reply.answer['back'] for name, reply in replies.items()} == {
        f'j{i}': str(i) for i in range(9)
    }
    assert len({reply.answer['pid'] for reply in replies.values()}) == 2


def test_no_more_workers_start_than_there_are_jobs() -> None:
    with pool_of(8) as pool:
        assert by_name(pool.run([])) == {}
        before = len(psutil.Process().children())
        by_name(pool.run([job('a', 'echo', value=1)]))
        assert len(psutil.Process().children()) == before + 1


def test_workers_stay_for_the_next_jobs() -> None:
    with pool_of(1) as pool:
        first = by_name(pool.run([job('a', 'echo', value=1)]))['a']
        second = by_name(pool.run([job('b', 'echo', value=2)]))['b']
    assert first.answer['pid'] == second.answer['pid']


def test_a_request_keeps_tuples_and_any_letters() -> None:
    value = {'tuple': (1, (2,)), 'list': [1], 'text': 'größe 部分 \n "\'', 0: None}
    with pool_of(1, LC_ALL='C', PYTHONIOENCODING='ascii') as pool:
        reply = by_name(pool.run([job('a', 'echo', value=value)]))['a']
    assert reply.answer['back'] == repr(value)


def test_each_worker_has_its_environment() -> None:
    pool = Pool([{'GPU': '0'}, {'GPU': '1'}], command=COMMAND)
    with pool:
        jobs = [job(name, 'environment', variable='GPU') for name in 'ab']
        replies = by_name(pool.run(jobs))
    assert sorted(reply.answer['value'] for reply in replies.values()) == ['0', '1']


def test_a_failed_job_leaves_its_worker_in_place() -> None:
    with pool_of(1) as pool:
        jobs = [job('a', 'echo', value=0), job('bad', 'fail'), job('b', 'echo', value=0)]
        replies = by_name(pool.run(jobs))
    assert replies['bad'].error == 'it failed'
    assert replies['a'].answer['pid'] == replies['b'].answer['pid']


@pytest.mark.parametrize(
    ('do', 'request_', 'reason'),
    [
        ('exit', {}, 'the worker process ended with exit code 3'),
        ('die', {'signal': 'SIGKILL'}, 'was ended by SIGKILL; most likely out of memory'),
        ('die', {'signal': 'SIGSEGV'}, 'was ended by SIGSEGV; run the command again'),
        ('garbage', {}, 'gave an unreadable answer'),
    ],
)
def test_a_worker_that_dies_is_replaced_and_its_job_told_why(
    do: str, request_: dict[str, Any], reason: str
) -> None:
    with pool_of(1) as pool:
        jobs = [job('a', 'echo', value=1), job('bad', do, **request_), job('b', 'echo', value=2)]
        replies = by_name(pool.run(jobs))
    assert reason in replies['bad'].error
    assert '\n' not in replies['bad'].error
    assert (replies['a'].error, replies['b'].error) == ('', '')
    assert replies['a'].answer['pid'] != replies['b'].answer['pid']


@pytest.mark.parametrize(
    ('number', 'is_lost'),
    [
        ('SIGKILL', True),
        ('SIGTERM', True),
        ('SIGBUS', True),
        ('SIGSEGV', False),
        ('SIGABRT', False),
    ],
)
def test_what_others_ended_is_lost_and_a_fault_of_its_own_is_none(
    number: str, is_lost: bool
) -> None:
    with pool_of(1) as pool:
        reply = by_name(pool.run([job('bad', 'die', signal=number)]))['bad']
    assert bool(reply.answer.get('lost')) is is_lost


def test_a_worker_that_lost_its_lease_says_that_others_are_at_work() -> None:
    with pool_of(1) as pool:
        reply = by_name(pool.run([job('bad', 'exit', code=98)]))['bad']
    assert (reply.answer['busy'], reply.answer['user_error']) == (True, True)


def test_jobs_are_asked_for_when_there_is_room() -> None:
    asked: list[int] = []

    def jobs() -> Iterator[Job]:
        for number in range(5):
            asked.append(number)
            yield job(f'j{number}', 'echo', value=number)

    with pool_of(2) as pool:
        found = pool.run(jobs())
        next(found)
        assert len(asked) <= 3
        assert len(list(found)) == 4


def test_a_worker_that_ended_is_noticed_though_a_child_holds_its_pipe() -> None:
    start = time.monotonic()
    with pool_of(1) as pool:
        replies = by_name(pool.run([job('bad', 'leave'), job('b', 'echo', value=2)]))
    assert replies['bad'].error == 'the worker process ended with exit code 3'
    assert replies['b'].error == ''
    assert time.monotonic() - start < 30  # the child sleeps for 60 s


def test_many_deaths_among_many_jobs() -> None:
    kinds = ['echo', 'die', 'echo', 'exit', 'large', 'fail']
    jobs = [
        job(f'{kind}{i}', kind, value=i, signal='SIGKILL', size=10)
        for i, kind in enumerate(kinds * 2)
    ]
    with pool_of(3) as pool:
        replies = by_name(pool.run(jobs))
    assert len(replies) == len(jobs)
    assert {name.rstrip('0123456789') for name, reply in replies.items() if not reply.error} == {
        'echo',
        'large',
    }


def test_a_worker_that_dies_between_jobs_costs_no_job() -> None:
    with pool_of(2) as pool:
        jobs = [job('a', 'echo', value=1, then='exit'), job('slow', 'slow', seconds=0.5)]
        replies = by_name(pool.run(jobs))
        assert until(lambda: gone(replies['a'].answer['pid']))
        again = by_name(pool.run([job('b', 'echo', value=2), job('c', 'echo', value=3)]))
    assert {reply.error for reply in (*replies.values(), *again.values())} == {''}


def test_an_answer_of_five_megabytes_arrives_whole() -> None:
    with pool_of(1) as pool:
        reply = by_name(pool.run([job('a', 'large', size=5_000_000)]))['a']
    assert reply.answer['text'] == 'x' * 5_000_000


def test_a_request_larger_than_a_pipe_arrives_whole() -> None:
    with pool_of(1) as pool:
        reply = by_name(pool.run([job('a', 'echo', value='y' * 1_000_000)]))['a']
    assert len(reply.answer['back']) == 1_000_002


def test_a_slow_job_does_not_hold_up_the_others() -> None:
    with pool_of(2) as pool:
        jobs = [
            job('slow', 'slow', seconds=1.5),
            *(job(f'q{i}', 'echo', value=i) for i in range(4)),
        ]
        order = [reply.job.name for reply in pool.run(jobs)]
    assert order[-1] == 'slow'


def test_a_reply_tells_when_its_own_job_started() -> None:
    before = datetime.now(UTC)
    with pool_of(1) as pool:
        replies = by_name(pool.run([job('a', 'slow', seconds=0.2), job('b', 'echo', value=1)]))
    assert before <= replies['a'].started
    assert (replies['b'].started - replies['a'].started).total_seconds() >= 0.2


def test_an_interruption_in_the_consumer_ends_the_workers() -> None:
    pids: list[int] = []
    before = psutil.Process().children()

    def interrupted() -> None:
        with pool_of(2) as pool:
            jobs = [job('a', 'echo', value=1), job('b', 'slow', seconds=60)]
            for reply in pool.run(jobs):
                pids.append(reply.answer['pid'])
                started = set(psutil.Process().children()) - set(before)
                pids.extend(child.pid for child in started)
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(set(pids)) == 2
    assert all(map(gone, pids))


@pytest.mark.usefixtures('default_signals')
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_worker_has_time_to_keep_its_work(
    number: signal.Signals, tmp_path: Path
) -> None:
    kept = tmp_path / 'kept'

    def begin() -> None:
        until(Path(f'{kept}.begun').exists)
        os.kill(os.getpid(), number)

    threading.Thread(target=begin).start()
    with (
        pytest.raises((KeyboardInterrupt, Stopped)),
        stopped_by_signals(),
        pool_of(1) as pool,
    ):
        list(pool.run([job('a', 'careful', file=str(kept))]))
    assert kept.read_text() == 'kept'


def test_a_consumer_that_leaves_early_gets_no_stale_reply_later() -> None:
    with pool_of(2) as pool:
        replies = pool.run([job('a', 'echo', value=1), job('b', 'slow', seconds=0.3)])
        assert next(replies).job.name == 'a'
        replies.close()
        later = by_name(pool.run([job('c', 'slow', seconds=0.6), job('d', 'echo', value=1)]))
    assert set(later) == {'c', 'd'}


def test_what_a_worker_started_ends_with_it() -> None:
    with pool_of(1) as pool:
        child = by_name(pool.run([job('a', 'child')]))['a'].answer['child']
        assert not gone(child)
    assert until(lambda: gone(child))


def test_a_command_that_does_not_exist_leaves_nothing_open() -> None:
    with Pool([{}], command=['/no/such/program']) as pool, pytest.raises(FileNotFoundError):
        list(pool.run([job('a', 'echo', value=1)]))


@pytest.mark.parametrize('ending', [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_ends_when_its_parent_does(ending: signal.Signals) -> None:
    program = f"""
import sys
from pathlib import Path
from benchmark.launching import Job, Pool, Reply
with Pool([{{}}], command={COMMAND!r}) as pool:
    jobs = [Job(n, dict(do=d, value=1, seconds=60), Path('/dev/null'))
            for n, d in (('a', 'echo'), ('b', 'slow'))]
    for reply in pool.run(jobs):
        print(reply.answer['pid'], flush=True)
"""
    with subprocess.Popen(
        [sys.executable, '-c', program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert not gone(worker)
        parent.send_signal(ending)
        parent.wait(10)
    assert until(lambda: gone(worker))
