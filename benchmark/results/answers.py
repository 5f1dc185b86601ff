"""What a worker measured, kept in its work folder until the record of it is saved.

So nothing is measured twice because the process that writes records died, or its disk was full.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, RecordError
from benchmark.results.leases import check_held
from benchmark.results.store import write_atomically

_FILE = 'measured.json'


def keep_answer(folder: Path, answer: Mapping[str, Any]) -> None:
    """Write ``answer`` into a work folder; where that fails, the log says so and nothing else.

    Raises:
        BusyError: another process has taken over what this one works at.
    """
    check_held()
    text = json.dumps(answer)
    try:
        write_atomically(folder / _FILE, json.dumps({'sha256': _hash(text), 'answer': text}))
    except RecordError as error:
        logging.getLogger(__name__).warning('%s; what was measured is not kept', error)


def kept_answer(folder: Path) -> dict[str, Any] | None:
    """Return the whole answer that a work folder holds, if any."""
    try:
        content = json.loads((folder / _FILE).read_bytes())
        text = content['answer']
        if _hash(text) != content['sha256']:
            return None
        answer: dict[str, Any] = json.loads(text)
    except (OSError, *UNFIT):
        return None
    return answer


def forget_answer(folder: Path) -> None:
    """Remove the answer that a work folder holds, once its record is saved."""
    (folder / _FILE).unlink(missing_ok=True)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
