"""The worker's own loop, with cells that misbehave in place of trainings; needs no torch."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmark.launching import Job, Pool, Reply
from benchmark.launching.stalls import Progress

PROGRAM = Path(__file__).parent.parent / 'support' / 'misbehaving_worker.py'
COMMAND = (sys.executable, str(PROGRAM))


def replies(folder: Path, *does: str) -> dict[str, Reply]:
    with Pool([{}], command=COMMAND) as pool:
        jobs = [Job(f'{n} {do}', {'do': do}, folder / f'{n}.txt') for n, do in enumerate(does)]
        return {reply.job.name.partition(' ')[2]: reply for reply in pool.run(jobs)}


@pytest.mark.parametrize(
    ('do', 'place'),
    [('sleep for ever', 'in sleep_for_ever'), ('hold the interpreter', 'in answer')],
)
def test_a_cell_without_progress_is_ended_with_its_stack_in_the_log(
    do: str, place: str, tmp_path: Path
) -> None:
    log = tmp_path / 'own' / 'log.txt'
    log.parent.mkdir()
    start = time.monotonic()
    with Pool([{}], command=COMMAND) as pool:
        jobs = [
            Job('before', {'do': 'fine'}, tmp_path / 'before.txt'),
            Job('bad', {'do': do}, log, 1.0),
            Job('after', {'do': 'fine'}, tmp_path / 'after.txt'),
        ]
        found = {reply.job.name: reply for reply in pool.run(jobs)}
    assert found['bad'].error.startswith('no progress for 1 s: it was stopped')
    assert '\n' not in found['bad'].error
    assert not found['bad'].answer.get('lost')  # it would hang again
    assert [found[name].error for name in ('before', 'after')] == ['', '']
    assert 'misbehaving_worker.py' in log.read_text()
    assert place in log.read_text()
    assert time.monotonic() - start < 60


def test_whatever_grows_beside_a_log_is_progress_but_no_sign_of_life(tmp_path: Path) -> None:
    now = [0.0]
    log = tmp_path / 'log.txt'
    progress = Progress(log, 100.0, clock=lambda: now[0])
    for change in (
        lambda: log.write_text('a line'),
        lambda: log.write_text('a line, another'),
        lambda: (tmp_path / 'iter_1.pth').write_text('learned'),
    ):
        now[0] += 90
        change()
        assert not progress.has_stopped()
    (tmp_path / 'lease.000001').write_text('1')
    now[0] += 90
    (tmp_path / 'lease.000001').write_text('2')
    assert not progress.has_stopped()
    now[0] += 20
    (tmp_path / 'lease.000001').write_text('3')
    assert progress.has_stopped()
    assert not progress.has_stopped()  # once is enough


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = psutil.Process().children(recursive=True)
    yield
    assert psutil.Process().children(recursive=True) == before


@pytest.mark.parametrize(
    'do', ['close standard input', 'replace the streams', 'read standard input', 'close low']
)
def test_what_a_cell_does_to_standard_input_reaches_no_other_cell(do: str, tmp_path: Path) -> None:
    found = replies(tmp_path, do, 'fine', do, 'nothing')
    assert [reply.error for reply in found.values()] == [''] * 3
    assert len({reply.answer['pid'] for reply in found.values()}) == 1


@pytest.mark.parametrize(
    ('do', 'error'),
    [
        ('exit', 'SystemExit: 5'),
        ('interrupt', 'KeyboardInterrupt: stopped by a library'),
        ('raise', 'GeneratorExit: odd'),
    ],
)
def test_a_library_that_wants_to_end_the_process_ends_its_cell(
    do: str, error: str, tmp_path: Path
) -> None:
    found = replies(tmp_path, do, 'fine')
    assert found[do].error == error
    assert found['fine'].error == ''
    assert found['fine'].answer['pid'] != found[do].answer.get('pid')
    assert error.partition(':')[0] in (tmp_path / '0.txt').read_text()


@pytest.mark.parametrize('do', ['close everything', 'leave a thread and exit hard'])
def test_a_worker_that_cannot_answer_is_not_waited_for(do: str, tmp_path: Path) -> None:
    found = replies(tmp_path, do, 'fine')
    assert 'the worker process ended with exit code' in found[do].error
    assert found['fine'].error == ''


def test_a_child_that_a_cell_forks_does_not_hold_the_channels(tmp_path: Path) -> None:
    start = time.monotonic()
    found = replies(tmp_path, 'fork and die', 'fine')
    assert 'exit code 7' in found['fork and die'].error
    assert time.monotonic() - start < 30


def test_a_worker_that_holds_the_interpreter_ends_with_its_parent(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from benchmark.launching import Job, Pool
with Pool([{{}}], command={COMMAND!r}) as pool:
    folder = Path({str(tmp_path)!r})
    jobs = [Job(do, dict(do=do), folder / 'log.txt') for do in ('fine', 'hold the interpreter')]
    for reply in pool.run(jobs):
        print(reply.answer['pid'], flush=True)
"""
    with subprocess.Popen(
        [sys.executable, '-c', program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        until = time.monotonic() + 20
        while 'holding' not in (tmp_path / 'log.txt').read_text() and time.monotonic() < until:
            time.sleep(0.02)
        parent.kill()
        parent.wait(10)
    _, alive = psutil.wait_procs([worker], timeout=10)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_a_request_and_an_answer_larger_than_a_pipe_arrive_whole(tmp_path: Path) -> None:
    request: dict[str, Any] = {'do': 'echo', 'value': 'y' * 1_000_000}
    with Pool([{}], command=COMMAND) as pool:
        (reply,) = pool.run([Job('a', request, tmp_path / 'log.txt')])
    assert reply.answer['back'] == request['value']
