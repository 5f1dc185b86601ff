"""One cell in several processes of this machine: torchrun starts them, one answer comes back.

They find a worker's request as a Python literal in a file; the answer goes to another, as JSON.
What they do themselves is in :mod:`benchmark.execution.torchrun_entry`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmark import stopping
from benchmark.errors import BenchmarkError
from benchmark.execution.lifetime import naming_parent
from benchmark.results.leases import handed_on

Config = dict[str, Any]

_ENTRY = 'benchmark.execution.torchrun_entry'


def launch(request: Config, count: int) -> Config:
    """Return the answer to a worker's ``request`` from ``count`` processes of this machine.

    Raises:
        BenchmarkError: they ended without an answer.
    """
    with tempfile.TemporaryDirectory(prefix='tbench-') as folder:
        asked, answered = Path(folder) / 'request', Path(folder) / 'answer'
        asked.write_text(repr(request), encoding='utf-8')
        with (
            subprocess.Popen(
                _command(count, asked, answered), env={**naming_parent(), **handed_on()}
            ) as lead,
            stopping.training(lead.terminate),
        ):
            code = lead.wait()
        if stopping.is_asked():
            stopping.end()
        if not answered.is_file():
            raise BenchmarkError(f'{count} processes ended with exit code {code} and no answer')
        answer: Config = json.loads(answered.read_text(encoding='utf-8'))
        return answer


def _command(count: int, asked: Path, answered: Path) -> tuple[str, ...]:
    """Return the command of ``count`` processes that answer the request in the file ``asked``."""
    return (sys.executable, '-P', '-m', _ENTRY, 'lead', str(count), str(asked), str(answered))
