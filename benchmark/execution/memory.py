"""Trainings that need more memory than there is, tried again with smaller parts of a batch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from benchmark.compiling.memory import batch_facts
from benchmark.errors import BenchmarkError

Answer = dict[str, Any]
T = TypeVar('T')

_TOLD = ('out of memory', "can't allocate memory", 'not enough memory')
"""What torch says where its error has no class of its own: on a CPU, in libraries of CUDA."""


class OutOfMemory(Exception):
    """A training did not fit into the memory of the device or of the host.

    Not an error of the user: with smaller parts of a batch it may fit.
    """


def noticing_memory(run: Callable[[], T]) -> T:
    """Return what ``run`` returns.

    Raises:
        OutOfMemory: memory was not enough.
    """
    try:
        return run()
    except (torch.OutOfMemoryError, MemoryError) as error:
        reason = _first_line(error)
    except RuntimeError as error:
        if not any(text in str(error).lower() for text in _TOLD):
            raise
        reason = _first_line(error)
    # raised out here: the caught error would keep all tensors of the training alive
    raise OutOfMemory(reason)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def in_parts_that_fit(
    request: Answer,
    measure: Callable[[Answer], Answer],
    trainings: Callable[[Answer], list[Answer]],
) -> Answer:
    """Return the answer to ``request``, or to the first of its ``smaller`` ones that fits.

    The answer's ``halvings`` says how often the batch was halved, its proof how it passed.

    Raises:
        BenchmarkError: none fits.
    """
    asked: Sequence[Answer] = (request, *request.get('smaller', ()))
    for halvings, smaller in enumerate(asked):
        try:
            answer = measure({**request, **smaller})
        except OutOfMemory as error:
            reason = str(error)
        else:
            if halvings:
                facts = batch_facts(smaller['config'], trainings)
                answer = {**answer, 'proof': {**answer['proof'], 'batch': facts}}
            return {**answer, 'halvings': halvings}
        _release()
    at_once = trainings(asked[-1]['config'])[0]['train_dataloader']['batch_size']
    raise BenchmarkError(
        f'memory is not enough for {at_once} pictures at a time ({reason}): set checkpointing=True '
        'in the recipe, or a smaller input_size in the task'
    )


def _release() -> None:
    gc.collect()
    if torch.cuda.is_available():  # not run on a GPU
        torch.cuda.empty_cache()
