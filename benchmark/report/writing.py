"""The report of a suite as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.errors import BenchmarkError, unknown_name
from benchmark.report.boards import Board, build_boards
from benchmark.report.facts import BackboneFacts, backbone_facts, task_facts
from benchmark.report.findings import Findings, find
from benchmark.report.frames import newest, tidy
from benchmark.report.html import page
from benchmark.report.nights import read_nights
from benchmark.report.tables import long_csv, markdown, wide_csv
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, write_atomically
from benchmark.specs import slug


@dataclass(frozen=True)
class _Content:
    """A suite's records and all that is derived from them before a format is chosen."""

    store: ResultStore
    suite: str
    records: tuple[RunRecord, ...]
    frame: pd.DataFrame
    boards: tuple[Board, ...]
    findings: Findings
    backbones: Mapping[str, BackboneFacts]
    history: Mapping[str, Any] | None = None


def write_report(
    store: ResultStore,
    suite: str,
    *,
    out: Path,
    formats: tuple[str, ...],
    history: Path | None = None,
) -> list[Path]:
    """Write the report of ``suite`` into the folder ``out`` and return the files' paths.

    ``md`` and ``html`` are one file each, ``csv`` is a wide and a long one. Pictures beside
    the page are copied into a folder, which is not among the paths. ``history`` is a file
    of earlier nights for the page to draw.

    Raises:
        BenchmarkError: a format is unknown, the suite has no records, one of them
            or the history is unreadable, or a file cannot be written.
    """
    contents = _render(store, suite, formats, history)
    for name, content in contents.items():
        data = content.read_bytes() if isinstance(content, Path) else content
        write_atomically(out / name, data)
    return [out / name for name, content in contents.items() if isinstance(content, str)]


def render_report(store: ResultStore, suite: str, *, formats: tuple[str, ...]) -> dict[str, str]:
    """Return the texts of the report's files by name; equal records give equal texts.

    Raises:
        BenchmarkError: a format is unknown, the suite has no records or one is unreadable.
    """
    contents = _render(store, suite, formats)
    return {name: content for name, content in contents.items() if isinstance(content, str)}


def _render(
    store: ResultStore, suite: str, formats: tuple[str, ...], history: Path | None = None
) -> dict[str, str | Path]:
    """Return what to write by relative path: texts, and files to copy."""
    for name in formats:
        if name not in _FORMATS:
            raise unknown_name('report format', name, _FORMATS)
    content = replace(_content(store, suite), history=read_nights(history) if history else None)
    found: dict[str, str | Path] = {}
    for name in dict.fromkeys(formats):
        found |= _FORMATS[name](content)
    return found


def suite_boards(store: ResultStore, suite: str) -> tuple[Board, ...]:
    """Return the leaderboards of ``suite``, one per protocol.

    Raises:
        BenchmarkError: the suite has no records or one is unreadable.
    """
    return _content(store, suite).boards


def _content(store: ResultStore, suite: str) -> _Content:
    records = newest(store.records(suite))
    if not records:
        known = ', '.join(store.suites()) or 'none'
        raise BenchmarkError(
            f"{store.runs_folder(suite)}: no records of suite '{suite}' (suites with records: "
            f"{known}); run 'tbench run --suite {suite}' first"
        )
    frame, backbones = tidy(records), backbone_facts(records)
    boards = build_boards(frame, task_facts(records), backbones)
    return _Content(store, suite, tuple(records), frame, boards, find(boards), backbones)


def _md(content: _Content) -> dict[str, str]:
    return {f'{slug(content.suite)}.md': markdown(content.suite, content.boards)}


def _csv(content: _Content) -> dict[str, str]:
    stem = slug(content.suite)
    return {
        f'{stem}.csv': wide_csv(content.boards),
        f'{stem}.long.csv': long_csv(content.frame),
    }


def _html(content: _Content) -> dict[str, str | Path]:
    made = page(
        content.store,
        content.suite,
        content.records,
        content.boards,
        content.findings,
        content.backbones,
        history=content.history,
    )
    return {f'{slug(content.suite)}.html': made.text, **made.files}


_FORMATS: Mapping[str, Callable[[_Content], Mapping[str, str | Path]]] = {
    'md': _md,
    'csv': _csv,
    'html': _html,
}
