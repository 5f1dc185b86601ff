"""Answer requests: errors become answers, and a cell is measured while its lease is held.

Nothing heavy is imported here: what a procedure needs, it imports itself.
"""

from __future__ import annotations

import logging
import pkgutil
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from benchmark.compiling import find_procedure
from benchmark.errors import BenchmarkError, LostError
from benchmark.execution.locking import BusyError, exclusive
from benchmark.results.answers import keep_answer, kept_answer
from benchmark.results.leases import check_held
from benchmark.results.reduced import read_note
from benchmark.results.store import read_if_there

Answer = dict[str, Any]


def claimed(request: Answer, measure: Callable[[], Answer]) -> Answer:
    """Return what ``measure`` finds, run while no other process is at work in the folder.

    With ``request['records']``, the files where a record of it may lie, the answer is ``done``
    where one of them is good now; and what was measured before, but not recorded, is taken.

    Raises:
        BusyError: another process is at work there, or has taken the folder over meanwhile.
        BenchmarkError: nothing could be measured.
    """
    folder, records = Path(request['folder']), request.get('records')
    with exclusive(folder, request.get('expired')):
        if records is None:
            return measure()
        # in this order: who saves a record forgets the answer afterwards
        if kept := kept_answer(folder):
            return kept
        note = read_note(folder)  # it may have run with a smaller batch
        if any(map(_is_good, [*map(Path, records), *([note.record] if note else [])])):
            return {'done': True}
        answer = measure()
        check_held()
        keep_answer(folder, answer)
        return answer


def _is_good(path: Path) -> bool:
    record = read_if_there(path)
    return record is not None and record.is_ok


def answer(request: Answer) -> Answer:
    """Return the answer to a request; ``error`` is one line, ``user_error`` tells its origin.

    ``busy`` is set where another process is doing the same, ``done`` where one has done it, and
    ``lost`` where a process that it needed was ended from outside.
    """
    try:
        run = pkgutil.resolve_name(find_procedure(request['job']).run)
        with _data_as_looked_at(request):
            return {'error': '', **run(request)}
    except BusyError as error:
        return {'error': _one_line_message(error), 'user_error': True, 'busy': True}
    except LostError as error:
        return {'error': _one_line_message(error), 'user_error': True, 'lost': True}
    except BenchmarkError as error:
        return {'error': _one_line_message(error), 'user_error': True}
    except Exception as error:  # a cell that fails must not take the worker with it
        if (found := _about_memory(error)) is not None:
            return found
        logging.getLogger(__name__).error(traceback.format_exc())
        lines = str(error).strip().splitlines()
        return {
            'error': f'{type(error).__name__}: {lines[0][:300] if lines else "no message"}',
            'user_error': False,
        }


def _data_as_looked_at(request: Answer) -> AbstractContextManager[None]:
    """Return the block in which splits must have the sizes that the request states."""
    if not request.get('sizes'):
        return nullcontext()
    from benchmark.kinds.common.opening import expecting

    return expecting(request['sizes'])


def _about_memory(error: Exception) -> Answer | None:
    """Return the answer to an error for lack of memory; ``None`` to any other."""
    from benchmark.execution.memory import OutOfMemory, lack_of_memory

    if isinstance(error, OutOfMemory):
        return {'error': str(error), 'user_error': True, 'out_of_memory': True}
    if reason := lack_of_memory(error):
        return {'error': f'memory is not enough: {reason}', 'user_error': True}
    return None


def _one_line_message(error: BenchmarkError) -> str:
    """Return an error's message in one line, without the traceback of a process that loads."""
    text = str(error).strip()
    if text.startswith('Caught ') and 'Original Traceback' in text:
        text = text.splitlines()[-1].partition(': ')[2]
    return ' '.join(text.split())
