"""Refuse a file or folder called ``benchmark`` that hides ours on the import path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

OURS = Path(__file__).resolve().parent.parent / 'benchmark' / '__init__.py'


WRONG_REQUEST = 2
"""The exit code."""


def foreign_package() -> Path | None:
    """Return the file that ``import benchmark`` finds instead of ours; ``None`` if it finds ours.

    Nothing is imported.
    """
    module = sys.modules.get('benchmark')
    if module is not None:
        origin = getattr(module, '__file__', None)
    else:
        spec = importlib.util.find_spec('benchmark')
        origin = spec.origin if spec is not None else None
    if origin is None:
        return Path('benchmark')  # a folder without __init__.py, or nothing at all
    found = Path(origin).resolve()
    return None if found == OURS else found


def message(found: Path) -> str:
    """Return one line about a foreign package and what to do."""
    return (
        f'{found} hides the package benchmark of transferbench ({OURS.parent}) on the '
        'import path: rename it, or start Python in another folder or with -P'
    )


def refuse_foreign_package() -> None:
    """Raise if ``import benchmark`` would find something else.

    Raises:
        ImportError: names the file that is in the way, and the remedy.
        SystemExit: the same from the command line, in one line.
    """
    found = foreign_package()
    if found is None:
        return
    if _is_command():
        print(f'tbench: {message(found)}', file=sys.stderr)
        sys.exit(WRONG_REQUEST)
    raise ImportError(message(found))


def _is_command() -> bool:
    """Whether this process is ``tbench`` or ``python -m transferbench``: no traceback then."""
    started = zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    return Path(sys.argv[0]).stem == 'tbench' or ('-m', 'transferbench') in started
