"""The console command: ``tbench``, or ``python -m transferbench``."""

from __future__ import annotations

import sys


def main() -> int:
    """Return the exit code of the command line: 0 done, 1 some cells failed, 2 invalid request."""
    from benchmark.cli.main import main as command

    return command()


if __name__ == '__main__':
    sys.exit(main())
