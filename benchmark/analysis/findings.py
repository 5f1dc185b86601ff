"""What an analysis hands back: tidy rows, facts, and figures that can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmark.report.data.analyses import KeyNumbers

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """The outcome of one analysis.

    Attributes:
        analysis: name of the analysis, as on the command line.
        title: one line for a heading.
        caption: what the figure shows and how to read it, in one paragraph.
        rows: tidy values, one per row, all with the same keys.
        facts: conventions, settings and summaries, as JSON data.
        subjects: facts of each backbone that was looked at.
        images: facts about the pictures; empty for an analysis without pictures.
        key_numbers: the few numbers that a report prints beside the figure.
        draw: draws the figure.
    """

    analysis: str
    title: str
    caption: str
    rows: tuple[Row, ...]
    facts: Mapping[str, Any]
    draw: Callable[[], Figure]
    subjects: tuple[Mapping[str, Any], ...] = ()
    images: Mapping[str, Any] = field(default_factory=dict)
    key_numbers: KeyNumbers | None = None
