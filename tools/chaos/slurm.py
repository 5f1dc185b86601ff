"""A Slurm of this machine alone: a task of the job array is cancelled, another is preempted."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from tools.chaos.parts import RAW, expected
from tools.chaos.stage import Stage, events, staged

LEASE = 6.0
NEEDED = ('munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol')
"""Programs of Debian's packages munge, slurmctld, slurmd and slurm-client."""

_CONF = """
ClusterName=chaos
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=26817
AuthType=auth/munge
AuthInfo=socket={place}/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool-%n
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd-%n.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd-%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
SchedulerParameters=batch_sched_delay=1,sched_interval=5
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=27001 CPUs=2 RealMemory=64000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=27002 CPUs=2 RealMemory=64000
PartitionName=low Nodes=n1,n2 Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=60
PartitionName=high Nodes=n1,n2 PriorityTier=10 PreemptMode=OFF
"""


def main() -> int:
    """Return 0 when every cell has one record, with the value that it must have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cells', type=int, default=100)
    parser.add_argument('--keep', action='store_true', help='keep the folder of the stage')
    options = parser.parse_args()
    if missing := lacking():
        print(missing)
        return 2
    with staged(keep=options.keep, lease=LEASE) as stage:
        return _play(stage, options.cells)


def lacking() -> str:
    """Return which programs of Slurm are not there, in one line; empty if all are."""
    missing = [name for name in NEEDED if shutil.which(name, path=_path()) is None]
    packages = 'munge, slurmctld, slurmd, slurm-client'
    return f'not there: {", ".join(missing)} (packages {packages})' if missing else ''


def _path() -> str:
    return f'{os.environ["PATH"]}{os.pathsep}/usr/sbin'


def _play(stage: Stage, cells: int) -> int:
    suite = stage.suite(['chaos'], cells)
    first = stage.command('run', suite, 'shared', '--seeds', '0', '--jobs', '1')
    subprocess.run(first, env=stage.environment, cwd=stage.folder, check=True)
    begun = time.monotonic()
    with slurm_cluster(stage) as environment:
        options = ('cpus_per_task=2', 'slurm_partition=low')
        more = ('--executor', 'slurm', '--jobs', '2', '--resources', *options)
        command = stage.command('work', suite, 'shared', *more)
        running = stage.start(command, 'work.log', **environment)

        def is_due(count: int) -> bool:
            return running.poll() is not None or len(events(stage, 'begun')) >= count

        _wait(lambda: is_due(cells // 4))
        array = _said('squeue', '-h', '-p', 'low', '-o', '%F', environment=environment).split()[0]
        cancelled, kept = f'{array}_1', f'{array}_0'
        _said('scancel', cancelled, environment=environment)
        _wait(lambda: is_due(cells // 2))
        found = re.search(r'\sNodeList=(n\d)', _job(kept, environment))
        node = found[1] if found else ''
        urgent = ('-p', 'high', '-w', node, '-c', '2', '-o', '/dev/null', '--wrap', 'sleep 10')
        _said('sbatch', *urgent, environment=environment)
        _wait(lambda: 'Restarts=1' in _job(kept, environment) or running.poll() is not None)
        restarts = 'Restarts=1' in _job(kept, environment)
        code = running.wait()
        seconds = time.monotonic() - begun
        left_jobs = _said('squeue', '-h', '-p', 'low', environment=environment)
    left = stage.left_after(5.0)
    records = stage.records('chaos', 'shared').values()
    good = {record.spec.seed: record for record in records if record.is_ok}
    wrong = [seed for seed, record in good.items() if record.raw[RAW] != expected(seed)]
    begun_cells, ended = events(stage, 'begun'), events(stage, 'ended')
    print(f'cells {cells}, seconds {seconds:.0f}, exit code {code}')
    print(f'  task {cancelled} cancelled; task {kept} on {node} preempted, restarted: {restarts}')
    print(f'  begun {len(begun_cells)}, measured to the end {len(ended)}')
    print(
        f'lost {cells - len(good)}, doubled {len(records) - len(good)}, wrong {len(wrong)}, '
        f'processes left {len(left)}, jobs left {len(left_jobs.split())}'
    )
    bad = code or not restarts or len(good) != cells or wrong or left
    return 1 if bad else 0


def _wait(true: Callable[[], bool], seconds: float = 1800.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            sys.exit('nothing went on for too long')
        time.sleep(0.5)


def _said(*command: str, environment: Mapping[str, str]) -> str:
    whole = {**os.environ, **environment}
    done = subprocess.run(command, env=whole, check=False, capture_output=True, text=True)
    if done.returncode and command[0] != 'sinfo':  # it asks until there is an answer
        print(f'{" ".join(command)}: {done.stderr.strip()}')
    return done.stdout


def _job(number: str, environment: Mapping[str, str]) -> str:
    return _said('scontrol', 'show', 'job', number, environment=environment)


@contextlib.contextmanager
def slurm_cluster(stage: Stage) -> Iterator[dict[str, str]]:
    """Start a controller and two nodes; yield the environment in which commands find them."""
    place = stage.folder / 'slurm'
    (place / 'state').mkdir(parents=True)
    (place / 'slurm.conf').write_text(_CONF.format(host=socket.gethostname(), place=place))
    key = place / 'munge.key'
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    environment = {'SLURM_CONF': str(place / 'slurm.conf'), 'PATH': _path()}
    munge = ('--key-file', key, '--socket', place / 'munge.socket', '--pid-file', place / 'm.pid')
    daemons: list[tuple[object, ...]] = [
        ('munged', '--foreground', '--force', *munge, '--seed-file', place / 'm.seed'),
        ('slurmctld', '-D', '-i'),
        ('slurmd', '-D', '-N', 'n1'),
        ('slurmd', '-D', '-N', 'n2'),
    ]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for daemon in daemons:
            command = [str(word) for word in daemon]
            started.append(stage.start(command, 'daemons.log', **environment))
            time.sleep(2.0)
        _wait(lambda: _said('sinfo', '-h', '-t', 'idle', '-o', '%D', environment=environment) != '')
        yield environment
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
