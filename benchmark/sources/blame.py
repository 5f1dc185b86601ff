"""Where in a user's own code an error arose."""

from __future__ import annotations

import sysconfig
from pathlib import Path

_OURS = str(Path(__file__).resolve().parents[1])
_PYTHON = sysconfig.get_path('stdlib')


def place_in_code(error: BaseException) -> str:
    """Return where in a user's code an error arose, as ``'net.py:12: '``; empty where it did not.

    That is the innermost line outside of installed packages and of this one.
    """
    found = ''
    frames = error.__traceback__
    while frames is not None:
        file = frames.tb_frame.f_code.co_filename
        if not file.startswith('<') and not _is_installed(file):
            found = f'{file}:{frames.tb_lineno}: '
        frames = frames.tb_next
    return found


def _is_installed(file: str) -> bool:
    parts = Path(file).parts
    return bool({'site-packages', 'dist-packages'} & {*parts}) or file.startswith((_OURS, _PYTHON))
