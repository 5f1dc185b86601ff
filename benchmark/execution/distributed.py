"""One cell in several processes: the group they form, what each of them does.

They find a worker's request as a Python literal in a file; the answer goes to another, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from benchmark import stopping
from benchmark.errors import BenchmarkError, IncompatibleError, LostError
from benchmark.execution.lifetime import naming_parent
from benchmark.execution.ranks import command, ends_file
from benchmark.results.leases import handed_on
from benchmark.stopping import FROM_OUTSIDE, STOPPED

Config = dict[str, Any]


def world_size() -> int:
    """Return how many processes carry this cell."""
    return int(os.environ.get('WORLD_SIZE', '1')) if 'LOCAL_RANK' in os.environ else 1


def own_rank() -> int:
    """Return the number of this process among those that carry this cell."""
    return int(os.environ['RANK']) if world_size() > 1 else 0


def is_first() -> bool:
    """Whether this process writes what a cell leaves behind."""
    return own_rank() == 0


def in_processes(config: Config, count: int, rank: int = 0) -> Config:
    """Return a compiled configuration for process ``rank`` of ``count`` that share every batch.

    Raises:
        IncompatibleError: the batch cannot be shared evenly.
    """
    loader = config['train_dataloader']
    if loader['batch_size'] % count:
        raise IncompatibleError(
            f'a batch of {loader["batch_size"]} cannot be shared by {count} processes evenly'
        )
    if count == 1:
        return config
    share = loader['batch_size'] // count
    sampler = {**loader['sampler'], 'share': share, 'rank': rank, 'count': count}
    return {
        **config,
        'train_dataloader': {**loader, 'batch_size': share, 'sampler': sampler},
    }


def runner_arguments() -> Config:
    """Return what the training runner must be told about several processes, after joining them."""
    if world_size() == 1:
        return {}
    on_gpu = torch.cuda.is_available()  # not run on a GPU
    if not distributed.is_initialized():
        if on_gpu:
            torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
        distributed.init_process_group('nccl' if on_gpu else 'gloo')
    wrapper: Config = {
        'type': 'MMDistributedDataParallel',
        # a backbone may have parameters that its maps do not depend on, as a class token's norm
        'find_unused_parameters': True,
    }
    if not on_gpu:
        wrapper['device_ids'] = None
    return {'launcher': 'pytorch', 'model_wrapper_cfg': wrapper}


def launch(request: Config, count: int) -> Config:
    """Return the answer to a worker's ``request`` from ``count`` processes of this machine.

    Raises:
        LostError: one of them was ended from outside.
        BenchmarkError: they ended without an answer.
    """
    with tempfile.TemporaryDirectory(prefix='tbench-') as folder:
        asked, answered = Path(folder) / 'request', Path(folder) / 'answer'
        asked.write_text(repr(request), encoding='utf-8')
        with (
            subprocess.Popen(
                command(count, asked, answered), env={**naming_parent(), **handed_on()}
            ) as lead,
            stopping.training(lead.terminate),
        ):
            code = lead.wait()
        if stopping.is_asked():
            stopping.end()
        answer: Config | None = _read_if_whole(answered)
        if lost := _losses([code, *(_read_if_whole(ends_file(answered)) or ())], answer):
            raise LostError(f'one of {count} processes was ended by {lost}')
        if answer is None:
            raise BenchmarkError(f'{count} processes ended with exit code {code} and no answer')
        return answer


def _read_if_whole(path: Path) -> Any:
    """Return the content of a JSON file; ``None`` where its writer was ended before."""
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (FileNotFoundError, ValueError):
        return None


def _losses(codes: Sequence[int], answer: Config | None) -> str:
    """Return the signal from outside that ended a process; empty where another reason ended them.

    Once one is gone the others fail as well, because of it, and torchrun ends those that hang.
    """
    if answer is not None and (not answer['error'] or answer.get('user_error')):
        return ''
    found = [-code for code in codes if -code in FROM_OUTSIDE]
    if not found and answer is None and STOPPED in codes:  # it was asked to stop, and not by us
        return 'a request to stop'
    return signal.Signals(found[0]).name if found else ''


def take_part(request: Config, answered: Path) -> None:
    """Answer ``request`` with the other processes, the first of them into ``answered``."""
    from benchmark.openmmlab import prepare

    prepare()
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    from benchmark.execution.answering import answer

    found = answer(request)
    if is_first() or found['error']:
        answered.write_text(json.dumps(found), encoding='utf-8')
    if found['error']:
        # the others wait for this one in vain
        os._exit(1)
    if distributed.is_initialized():
        distributed.destroy_process_group()
