"""What an analysis of the command line is; imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.analysis.findings import Finding


def _add_nothing(parser: argparse.ArgumentParser) -> None:
    """Add no option."""


@dataclass(frozen=True)
class Analysis:
    """An analysis as ``tbench analyze NAME`` offers it.

    Attributes:
        name: its name on the command line.
        help: one line about what it finds.
        run: ``'module:function'`` from the parsed options to the finding, and whether all went
            well; imported when the analysis is asked for. The finding is written to disk.
        add_options: adds the options of its own.
        pictures: how many pictures it looks at and how many at a time, unless options say
            otherwise; ``None`` where it does not look at pictures. Where it does, the options are
            ``backbones``, ``images``, ``count``, ``size``, ``batch_size``, ``device`` and
            ``data_root``.
        runs_cells: whether it runs cells, and so has the options of ``tbench run``.
    """

    name: str
    help: str
    run: str
    add_options: Callable[[argparse.ArgumentParser], None] = _add_nothing
    pictures: tuple[int, int] | None = None
    runs_cells: bool = False


Outcome = tuple['Finding', bool]
"""What ``run`` returns."""
