"""The Slurm executor with submitit's local executor, and with a scheduler that is played."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import EnvironmentProblem
from benchmark.launching import Job, Pool, Reply
from benchmark.launching.executors import Wanted, make_executor
from benchmark.launching.resources import Needs, Share
from benchmark.launching.spool import Spool
from benchmark.launching.station import Station

FAKE = Path(__file__).parent.parent / 'support' / 'fake_worker.py'
COMMAND = (sys.executable, '-S', '-E', str(FAKE))


def jobs(count: int, **request: Any) -> list[Job]:
    return [
        Job(f'j{n}', {'do': 'echo', 'value': n, **request}, Path('/dev/null')) for n in range(count)
    ]


@pytest.fixture
def fake_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stations of this process work with processes that need no torch."""
    monkeypatch.setattr(
        'benchmark.launching.station.Pool', lambda found: Pool(found, command=COMMAND)
    )
    monkeypatch.setattr('benchmark.launching.station._POLL', 0.01)


class TestStations:
    @pytest.fixture(autouse=True)
    def _fast(self, fake_pools: None) -> None:
        pass

    def serve(self, folder: Path, count: int) -> list[threading.Thread]:
        threads = [threading.Thread(target=Station(folder, 'cpu')) for _ in range(count)]
        for thread in threads:
            thread.start()
        return threads

    def gathered(self, spool: Spool, count: int) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        end = time.monotonic() + 60
        while len(found) < count and time.monotonic() < end:
            found |= spool.answers()
            time.sleep(0.01)
        return found

    def test_every_job_gets_its_own_answer(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path / 'spool')
        with spool.waited_for():
            for job in jobs(12):
                spool.put(job.name, job)
            threads = self.serve(spool.folder, 2)
            found = self.gathered(spool, 12)
        for thread in threads:
            thread.join(20)
        assert {name: answer['back'] for name, answer in found.items()} == {
            f'j{n}': str(n) for n in range(12)
        }
        assert not spool.folder.exists()

    def test_it_ends_when_nobody_waits_for_answers_any_more(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path / 'spool')
        with spool.waited_for():
            (thread,) = self.serve(spool.folder, 1)
            end = time.monotonic() + 20
            while not spool.living() and time.monotonic() < end:
                time.sleep(0.01)
            assert spool.living()
        thread.join(20)
        assert not thread.is_alive()

    def test_what_a_killed_submitter_left_goes(self, tmp_path: Path) -> None:
        program = f"""
import os
from pathlib import Path
from benchmark.launching.resources import Needs, Share
from benchmark.launching.spool import Spool
with Spool(Path({str(tmp_path / 'old')!r})).waited_for():
    os._exit(0)
"""
        subprocess.run([sys.executable, '-c', program], check=True)
        assert (tmp_path / 'old' / 'open').is_dir()
        with Spool(tmp_path / 'new').waited_for():
            assert [path.name for path in tmp_path.iterdir()] == ['new']

    def test_one_that_starts_too_late_leaves_nothing(self, tmp_path: Path) -> None:
        assert Station(tmp_path / 'spool', 'cpu')() == 0
        assert not list(tmp_path.iterdir())

    def test_a_preempted_one_hands_its_job_back(self, tmp_path: Path) -> None:
        pytest.importorskip('submitit')
        spool, station = Spool(tmp_path / 'spool'), Station(tmp_path / 'spool', 'cpu')
        with spool.waited_for(), spool.working('w'):
            spool.put('a', jobs(1)[0])
            assert spool.take('w') is not None
            station._name, station._at = 'w', 'a'
            again = station.checkpoint()
            assert isinstance(again.function, Station)
            name, job = spool.take('other') or ('', None)
        assert (name, job) == ('a', jobs(1)[0])

    def test_a_job_is_taken_by_one_of_many(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path / 'spool')
        taken: list[str] = []

        def go(worker: str) -> None:
            while (found := spool.take(worker)) is not None:
                taken.append(found[0])

        with spool.waited_for():
            for job in jobs(40):
                spool.put(job.name, job)
            threads = [threading.Thread(target=go, args=(f'w{n}',)) for n in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(taken) == sorted(job.name for job in jobs(40))

    def test_a_job_of_a_worker_that_is_gone_is_lost(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path / 'spool')
        with spool.waited_for():
            spool.put('a', jobs(1)[0])
            with spool.working('w'):
                spool.take('w')
                assert spool.lost() == {}
            assert spool.lost() == {'a': 'w'}
            assert spool.lost() == {}


PLAYED = {
    'sbatch': """#!/bin/bash
# starts the tasks of the array as processes
script=$1; place=$(dirname "$0"); id=$((100 + $(ls "$place" | grep -c '^job')))
cp "$script" "$place/job.$id"
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$script")
nodes=$(sed -n 's/^#SBATCH --nodes=\\([0-9]*\\)/\\1/p' "$script")
for task in $(seq 0 "${last:-0}"); do
  export SLURM_JOB_ID=$id SLURM_NTASKS=${nodes:-1} SLURM_JOB_NUM_NODES=${nodes:-1}
  export SLURM_LOCALID=0 SLURM_RESTART_COUNT=0
  [ -n "$last" ] && export SLURM_ARRAY_JOB_ID=$id SLURM_ARRAY_TASK_ID=$task
  setsid bash "$script" >"$place/out.$id.$task" 2>&1 &
  echo $! >"$place/pid.$id.$task"
done
echo "Submitted batch job $id"
""",
    'srun': """#!/bin/bash
# one process per node
while [[ $1 == --* ]]; do [[ $1 == --output || $1 == --error ]] && shift; shift; done
for node in $(seq 0 $((SLURM_NTASKS - 1))); do
  SLURM_PROCID=$node SLURM_NODEID=$node "$@" &
done
wait
""",
    'scancel': """#!/bin/bash
place=$(dirname "$0")
for file in "$place"/pid."${1/_/.}"*; do kill -KILL -- -"$(cat "$file")" 2>/dev/null; done
echo "$@" >>"$place/cancelled"
""",
    'sacct': """#!/bin/bash
echo 'JobID|State|NodeList'
""",
    'scontrol': """#!/bin/bash
echo "$@" >>"$(dirname "$0")/controlled"
""",
}


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of commands that play Slurm on this machine."""
    pytest.importorskip('submitit', reason='the extra slurm is not installed')
    place = tmp_path / 'bin'
    place.mkdir()
    for name, text in PLAYED.items():
        (place / name).write_text(text)
        (place / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv('PATH', f'{place}{os.pathsep}{os.environ["PATH"]}')
    monkeypatch.setenv('TBENCH_LEASE', '20')
    return place


def replies(found: Iterator[Reply]) -> dict[str, Reply]:
    return {reply.job.name: reply for reply in found}


def test_a_job_array_runs_jobs_and_is_cancelled_at_the_end(tmp_path: Path, slurm: Path) -> None:
    options = {'slurm_partition': 'small', 'timeout_min': '30', 'mem_gb': '2'}
    wanted = Wanted('cpu', 2, 1, 50, tmp_path / 'work', options)
    asked = [Job(f'j{n}', {'job': f'none-{n}'}, tmp_path / 'log.txt') for n in range(3)]
    with make_executor('slurm', wanted) as executor:
        assert (executor.workers, executor.device) == (2, 'cpu')
        found = replies(executor.run(asked))
        again = replies(executor.run(asked[:1]))
    assert {name: reply.error.split(' (')[0] for name, reply in found.items()} == {
        f'j{n}': f"unknown procedure 'none-{n}'" for n in range(3)
    }
    assert again['j0'].error == found['j0'].error
    (script,) = slurm.glob('job.*')
    text = script.read_text()
    for line in (
        '--array=0-1%2',
        '--partition=small',
        '--time=30',
        '--mem=2GB',
        '--signal=USR1@120',
    ):
        assert f'#SBATCH {line}' in text
    assert 'export SUBMITIT_PREEMPT_SIGNAL=USR1' in text
    assert len((slurm / 'cancelled').read_text().splitlines()) == 2
    assert not list((tmp_path / 'work' / 'spool').iterdir())


def test_classes_of_cells_have_arrays_of_their_own(tmp_path: Path, slurm: Path) -> None:
    """A job goes to the tasks with room for it, and a class without cells costs no task."""
    large, small = Needs(1, 0, 2, 8, 120), Needs(1, 0, 1, 4, 60)
    asked = [
        Job(f'{name}{n}', {'job': f'none-{name}{n}'}, tmp_path / 'log.txt', needs=needs)
        for n in range(3)
        for name, needs in (('small', small), ('large', large))
    ]
    shares = [Share(large, 3, 90.0), Share(small, 3, 30.0), Share(Needs(1, 0, 9), 1, 1.0)]
    wanted = Wanted('cpu', 3, work=tmp_path / 'work', options={'slurm_partition': 'any'})
    with make_executor('slurm', wanted) as executor:
        executor.reserve(shares)
        found = replies(executor.run(asked))
    assert {name: reply.error.split(' (')[0] for name, reply in found.items()} == {
        job.name: f"unknown procedure 'none-{job.name}'" for job in asked
    }
    scripts = [path.read_text() for path in sorted(slurm.glob('job.*'))]
    assert len(scripts) == 2
    for text, lines in zip(
        scripts,
        (('--cpus-per-task=1', '--mem=4GB', '--time=60'), ('--cpus-per-task=2', '--mem=8GB')),
        strict=True,
    ):
        for line in (*lines, '--partition=any'):
            assert f'#SBATCH {line}' in text


def test_tasks_that_wait_already_are_kept_for_classes_that_fit_them(
    tmp_path: Path, slurm: Path
) -> None:
    """A second campaign of the same command need not wait in the queue again."""
    first, less, more = (Needs(1, 0, 1, memory, 60) for memory in (8, 4, 16))

    def run(needs: Needs) -> None:
        executor.reserve([Share(needs, 2, 1.0)])
        asked = Job('a', {'job': 'none'}, tmp_path / 'log.txt', needs=needs)
        assert replies(executor.run([asked]))['a'].error.startswith("unknown procedure 'none'")

    with make_executor('slurm', Wanted('cpu', 1, work=tmp_path / 'work')) as executor:
        for needs, arrays in ((first, 1), (less, 1), (more, 2)):
            run(needs)
            assert len(list(slurm.glob('job.*'))) == arrays
        assert len((slurm / 'cancelled').read_text().splitlines()) == 1


GPU, CPU = Needs(1, 1, 8, 6, 240), Needs(1, 0, 1, 4, 60)


@pytest.mark.parametrize(
    ('options', 'lines'),
    [
        (
            {},
            (
                'slurm: 9 cells in an array of 2 tasks with timeout_min=240 cpus_per_task=8 '
                'mem_gb=6 gpus_per_node=1',
                'slurm: 3 cells in an array of 1 task with timeout_min=60 cpus_per_task=1 mem_gb=4',
            ),
        ),
        (
            {'mem_gb': '2', 'gpu.slurm_partition': 'a100', 'cpu.slurm_partition': 'cpu'},
            (
                'slurm: 9 cells in an array of 2 tasks with timeout_min=240 cpus_per_task=8 '
                'gpus_per_node=1 mem_gb=2 slurm_partition=a100',
                'slurm: 3 cells in an array of 1 task with timeout_min=60 cpus_per_task=1 '
                'mem_gb=2 slurm_partition=cpu',
            ),
        ),
        (
            {'classes': 'one'},
            (
                'slurm: 12 cells in an array of 3 tasks with timeout_min=240 cpus_per_task=8 '
                'mem_gb=6 gpus_per_node=1',
            ),
        ),
        (
            {'timeout_min': '9', 'mem_gb': '9', 'cpus_per_task': '9', 'slurm_gres': 'gpu:1'},
            (
                'slurm: 12 cells in an array of 3 tasks with timeout_min=9 mem_gb=9 '
                'cpus_per_task=9 slurm_gres=gpu:1',
            ),
        ),
    ],
)
def test_what_the_user_gives_is_requested_and_the_rest_by_the_plan(
    options: dict[str, str], lines: tuple[str, ...], slurm: Path, tmp_path: Path
) -> None:
    shares = [Share(GPU, 9, 900.0), Share(CPU, 3, 30.0)]
    with make_executor('slurm', Wanted('cuda', 3, work=tmp_path, options=options)) as executor:
        assert executor.planned(shares) == list(lines)


@pytest.mark.slow
def test_a_cell_of_two_nodes_gets_a_process_on_each(
    tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('PYTHONPATH', str(Path(__file__).parents[2]), prepend=os.pathsep)
    request = {
        'job': 'tests.support.sleeping_ranks:SHARE',
        'folder': str(tmp_path / 'cell'),
        'processes': 2,
    }
    needs = Needs(2, 0, 2, 4, 60)
    asked = [Job('both', request, tmp_path / 'log.txt', needs=needs)]
    wanted = Wanted('cpu', 1, 2, work=tmp_path / 'work', options={'nodes': '2'})
    with make_executor('slurm', wanted) as executor:
        executor.reserve([Share(needs, 1, 1.0)])
        (reply,) = executor.run(asked)
    assert reply.answer == {'error': '', 'processes': 2, 'nodes': 2}
    ranks = {path.suffix: path.read_text() for path in (tmp_path / 'cell').glob('rank-of-node*')}
    assert ranks == {'.0': '0', '.1': '1'}
    (script,) = slurm.glob('job.*')
    for line in ('--nodes=2', '--ntasks-per-node=1', '--cpus-per-task=1', '--mem=2GB'):
        assert f'#SBATCH {line}' in script.read_text()


@pytest.mark.parametrize(
    ('wanted', 'line'),
    [
        (Wanted('cpu', 1, 3, options={'nodes': '2'}), 'cannot share --processes 3 evenly'),
        (Wanted('cpu', 1, options={'classes': 'two'}), 'classes=two must be one or several'),
        (Wanted('cpu', None), 'give the number of tasks of the job array'),
        (Wanted('cpu', 1, options={'slurm_colour': 'red'}), 'slurm_colour'),
        (Wanted('cpu', 1, options={'cluster': 'pbs'}), 'pbs'),
    ],
)
def test_what_cannot_be_submitted_is_one_line(
    wanted: Wanted, line: str, slurm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentProblem, match='--executor slurm') as caught:
        make_executor('slurm', wanted)
    assert line in str(caught.value)
    assert '\n' not in str(caught.value)


def test_what_the_scheduler_refuses_is_one_line(slurm: Path, tmp_path: Path) -> None:
    refusal = '#!/bin/bash\necho "sbatch: error: Memory cannot be satisfied" >&2\nexit 1\n'
    (slurm / 'sbatch').write_text(refusal)
    (slurm / 'sbatch').chmod(stat.S_IRWXU)
    needs = Needs(1, 0, 2, 512, 60)
    asked = Job('a', {'job': 'none'}, tmp_path / 'log.txt', needs=needs)
    with make_executor('slurm', Wanted('cpu', 1, work=tmp_path / 'work')) as executor:
        executor.reserve([Share(needs, 1, 1.0)])
        with pytest.raises(EnvironmentProblem, match='mem_gb=512') as caught:
            list(executor.run([asked]))
    assert 'Memory cannot be satisfied' in str(caught.value)
    assert '\n' not in str(caught.value)
    assert not list((tmp_path / 'work' / 'spool').iterdir())


def test_without_slurm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('submitit', reason='the extra slurm is not installed')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(EnvironmentProblem, match='--executor slurm'):
        make_executor('slurm', Wanted('cpu', 1, work=tmp_path))
