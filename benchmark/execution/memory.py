"""Trainings that run out of memory are retried with gradient accumulation."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import torch

from benchmark.compiling import localise
from benchmark.compiling.memory import HALVINGS, batch_facts, halved_batch
from benchmark.errors import BenchmarkError
from benchmark.results.reduced import folder_of

Answer = dict[str, Any]
Trainings = Callable[[Answer], list[Answer]]
T = TypeVar('T')

_TOLD = ('out of memory', "can't allocate memory", 'not enough memory')
"""Messages of torch's out-of-memory errors without a class: on a CPU, in CUDA libraries."""


class OutOfMemory(Exception):
    """A training did not fit into the memory of the device or of the host.

    Not an error of the user: with smaller parts of a batch it may fit.
    """


def lack_of_memory(error: Exception) -> str:
    """Return the message of an out-of-memory error; empty for any other error."""
    text = str(error).strip()
    is_one = isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and any(said in text.lower() for said in _TOLD)
    )
    return (text or type(error).__name__).splitlines()[0][:200] if is_one else ''


def noticing_memory(run: Callable[[], T]) -> T:
    """Call ``run``, turning lack of memory into :class:`OutOfMemory`.

    Raises:
        OutOfMemory: memory was not enough.
    """
    try:
        return run()
    except Exception as error:
        reason = lack_of_memory(error)
        if not reason:
            raise
    # raised out here: the caught error would keep all tensors of the training alive
    raise OutOfMemory(reason)


def in_parts_that_fit(
    request: Answer, measure: Callable[[Answer], Answer], trainings: Trainings
) -> Answer:
    """Return the answer to a request for training, with the batch halved until it fits.

    Where it was, the answer's ``halvings`` says how often, its proof how the batch passed.

    Raises:
        BenchmarkError: the smallest part does not fit.
    """
    asked = request
    for halvings, asked in enumerate(_smaller(request, trainings)):
        try:
            answer = measure(asked)
        except OutOfMemory as error:
            reason = str(error)
        else:
            if not halvings:
                return answer
            facts = batch_facts(trainings(asked['config'])[0])
            proof = {**answer['proof'], 'batch': facts}
            return {**answer, 'proof': proof, 'halvings': halvings}
        _release()
    at_once = trainings(asked['config'])[0]['train_dataloader']['batch_size']
    raise BenchmarkError(
        f'memory is not enough for {at_once} pictures at a time ({reason}): set checkpointing=True '
        'in the recipe, or a smaller input_size in the task'
    )


def _smaller(request: Answer, trainings: Trainings) -> Iterator[Answer]:
    """Yield a request, then the same with the batch halved (in its own folder), and so on."""
    yield request
    config: Answer | None = request['config']
    for halvings in range(1, HALVINGS + 1):
        config = halved_batch(config) if config else None
        if config is None or not _is_shared(trainings(config), request.get('processes', 1)):
            return
        own = str(folder_of(Path(request['folder']), halvings))
        places = {request['folder']: own}
        yield {**request, 'config': localise(config, places), 'folder': own}


def _is_shared(trainings: list[Answer], processes: int) -> bool:
    """Whether each batch can be divided evenly among the processes."""
    return all(one['train_dataloader']['batch_size'] % processes == 0 for one in trainings)


def _release() -> None:
    gc.collect()
    if torch.cuda.is_available():  # not run on a GPU
        torch.cuda.empty_cache()
