"""Output to the terminal: text without control characters, and one line for our own errors."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

_TAB, _LINE = 9, 10
_CONTROLS = {
    code: f'\\x{code:02x}' for code in (*range(32), *range(127, 160)) if code not in (_TAB, _LINE)
}


def printable(text: object) -> str:
    """Return ``text`` with control characters and lone surrogates escaped.

    An error may quote a file or a library, whose escapes would else reach the terminal.
    """
    return str(text).translate(_CONTROLS).encode(errors='backslashreplace').decode()


def keep_traceback() -> str:
    """Write the traceback of the error being handled to a file, and return a text that names it."""
    try:
        handle, name = tempfile.mkstemp(prefix='tbench-fault-', suffix='.log')
        with os.fdopen(handle, 'w', encoding='utf-8', errors='backslashreplace') as file:
            file.write(traceback.format_exc())
    except OSError as error:
        return f'its traceback could not be saved ({error.strerror or error})'
    return f'please report it together with {Path(name)}'
