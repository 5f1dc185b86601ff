"""Leases among processes that are frozen, killed, far away, or whose clocks are wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.results import leases
from benchmark.results.leases import LOST, BusyError, Observer, check_held, see, take

LENGTH = 0.6
HOLD = """
import sys, time
from pathlib import Path
from benchmark.results.leases import end_when_lost, take
end_when_lost()
lease = take(Path(sys.argv[1]))
print('held', flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv('TBENCH_LEASE', str(LENGTH))
    yield
    for lease in tuple(leases._State.leases):
        lease.release()


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return another process that holds the folder until its input ends."""
    with subprocess.Popen(
        [sys.executable, '-c', HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == 'held\n'
        yield process
        process.send_signal(signal.SIGCONT)
        process.kill()


def until(true: Callable[[], object], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def move_far_away(folder: Path, hours: float = 0.0) -> None:
    """Make the newest lease one of another host, whose clock is wrong by so many hours."""
    (path,) = sorted(folder.glob('lease.*'))[-1:]
    header, _, tail = path.read_text().partition('\n')
    content: dict[str, Any] = json.loads(header)
    content['owner'] |= {'host': 'far', 'system': 'another', 'pid': 1}
    content['since'] += hours * 3600
    path.write_text(json.dumps(content) + '\n' + tail)
    moment = time.time() + hours * 3600
    os.utime(path, (moment, moment))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_given_back_is_free_and_the_next_has_a_higher_number(tmp_path: Path) -> None:
    first = take(tmp_path)
    with pytest.raises(BusyError, match='is being run by another process'):
        take(tmp_path)
    first.release()
    second = take(tmp_path)
    assert (first.number, second.number) == (1, 2)
    second.release()


def test_of_many_that_take_a_free_folder_at_once_one_gets_it(tmp_path: Path) -> None:
    for _ in range(10):
        start, got = threading.Barrier(8), []

        def go(start: threading.Barrier = start, got: list[leases.Lease] = got) -> None:
            start.wait()
            with contextlib.suppress(BusyError):
                got.append(take(tmp_path))

        threads = [threading.Thread(target=go) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        got[0].release()


def test_a_killed_process_of_this_host_is_noticed_at_once(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    assert Observer().is_held(tmp_path)
    holder.kill()
    holder.wait()
    assert not Observer().is_held(tmp_path)
    take(tmp_path).release()


def test_one_that_lives_is_never_taken_over(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    observer = Observer()
    end = time.monotonic() + 3 * LENGTH
    while time.monotonic() < end:
        assert observer.is_held(tmp_path)
        assert observer.expired(tmp_path) is None
        time.sleep(LENGTH / 10)
    assert observer.is_alive(tmp_path)


def test_a_frozen_one_is_taken_over_and_ends_when_it_wakes(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    observer = Observer()
    holder.send_signal(signal.SIGSTOP)
    assert until(lambda: not observer.is_held(tmp_path))
    assert not observer.is_alive(tmp_path)
    lease = take(tmp_path, observer.expired(tmp_path))
    assert lease.number == 2
    holder.send_signal(signal.SIGCONT)
    assert holder.wait(10) == LOST
    assert lease.is_mine
    lease.release()


def test_a_frozen_one_that_wakes_in_time_keeps_its_folder(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    observer = Observer()
    holder.send_signal(signal.SIGSTOP)
    assert until(lambda: not observer.is_held(tmp_path))
    expired = observer.expired(tmp_path)
    assert expired is not None
    holder.send_signal(signal.SIGCONT)
    assert until(lambda: see(tmp_path).mark != expired)  # type: ignore[union-attr]
    with pytest.raises(BusyError):
        take(tmp_path, expired)
    assert holder.poll() is None


@pytest.mark.parametrize('hours', [-5.0, 0.0, 5.0])
def test_only_the_own_clock_judges_another_host(tmp_path: Path, hours: float) -> None:
    """The other host's clock is hours off; what it says is not looked at."""
    take(tmp_path)._ended.set()  # it gives no sign of life any more
    move_far_away(tmp_path, hours)
    clock = Clock()
    observer = Observer(clock)
    assert observer.is_held(tmp_path)
    clock.now = LENGTH * 0.9
    assert observer.is_held(tmp_path)
    clock.now = LENGTH * 1.1
    assert not observer.is_held(tmp_path)
    assert take(tmp_path, observer.expired(tmp_path)).number == 2


def test_every_sign_of_life_of_another_host_starts_the_wait_anew(tmp_path: Path) -> None:
    far = take(tmp_path)
    far._ended.set()
    move_far_away(tmp_path)
    clock = Clock()
    observer = Observer(clock)
    for count in range(1, 5):
        assert observer.is_held(tmp_path)
        clock.now += LENGTH * 0.9
        path = tmp_path / 'lease.000001'
        header = path.read_text().partition('\n')[0]
        path.write_text(f'{header}\n{count:012} held\n')
    assert observer.is_held(tmp_path)
    assert observer.is_alive(tmp_path)


def test_what_was_taken_over_keeps_nothing_more(tmp_path: Path) -> None:
    lease = take(tmp_path)
    check_held()
    lease._ended.set()
    move_far_away(tmp_path)
    mark = see(tmp_path).mark  # type: ignore[union-attr]
    other = take(tmp_path, mark)
    assert not lease.is_mine
    with pytest.raises(BusyError, match='another process took it over'):
        check_held()
    lease.release()  # of the other's lease nothing changes
    assert other.is_mine
    check_held()
    other.release()


def test_a_number_is_never_taken_twice_though_old_files_go(tmp_path: Path) -> None:
    for _ in range(40):
        take(tmp_path).release()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f'lease.{n:06}' for n in range(33, 41)]


def test_a_folder_that_was_deleted_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / 'cell'
    folder.mkdir()
    lease = take(folder)
    (folder / 'lease.000001').unlink()
    assert not lease.is_mine
    lease.release()
    assert not list(folder.iterdir())


@pytest.mark.parametrize('text', ['', '{"owner"', '[]\n000000000000 held\n', '{}\n'])
def test_a_lease_that_is_not_whole_holds_until_it_gives_no_sign_of_life(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / 'lease.000001').write_text(text)
    clock = Clock()
    observer = Observer(clock)
    assert observer.is_held(tmp_path)
    clock.now = 1000.0
    assert not observer.is_held(tmp_path)
    take(tmp_path, observer.expired(tmp_path)).release()


def test_where_files_have_one_name_only_it_works_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, 'Operation not permitted')

    monkeypatch.setattr(os, 'link', refuse)
    lease = take(tmp_path)
    with pytest.raises(BusyError):
        take(tmp_path)
    lease.release()
    take(tmp_path).release()
