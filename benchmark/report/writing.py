"""The report of a suite as files."""

from __future__ import annotations

import contextlib
import gc
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from benchmark.errors import BenchmarkError, unknown_name
from benchmark.hashing import slug
from benchmark.protocols import TRIVIAL
from benchmark.report.comparing import reader
from benchmark.report.data.baselines import Baseline, read_baselines
from benchmark.report.data.boards import Board, build_boards, with_set_aside
from benchmark.report.data.facts import (
    BackboneFacts,
    TaskFacts,
    backbone_facts,
    task_facts,
)
from benchmark.report.data.frames import tidy, tidy_rows
from benchmark.report.data.nights import read_nights
from benchmark.report.data.normaliser import Normaliser, read_normaliser
from benchmark.report.data.pictures import Pictures
from benchmark.report.formats.exports import frames, report_json
from benchmark.report.formats.html import page
from benchmark.report.formats.latex import latex, paper_latex
from benchmark.report.formats.markdown import markdown, paper_markdown
from benchmark.report.formats.pairs import example_sentences, pair_views
from benchmark.report.formats.tables import long_csv, wide_csv
from benchmark.report.inference.findings import Findings, find
from benchmark.report.inference.flags import flagged
from benchmark.report.text.presets import PAPER
from benchmark.results.briefs import Brief, brief
from benchmark.results.counting import Runs, newest, set_aside
from benchmark.results.index import read_briefs, read_whole
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, read_record, write_atomically
from benchmark.results.titles import find_id, split_name
from benchmark.specs import CellKey


@dataclass(frozen=True)
class ReportOptions:
    """Options of a report.

    Attributes:
        reference: the backbone to which tables show differences, by its title or id.
        normaliser: scale of the aggregates, by default the project's own.
        groups: group by task name, where the suite's group differs from the task's own.
        history: file of earlier nights, as ``tbench nightly`` writes it, for the page to plot.
        backbones: those that are shown, as ``ID`` or ``NAME=ID``, by title or id; all when empty.
        films: what tells films apart in the names of test pictures, by task.
        pictures: where those of the page are: in a folder beside it, inside, or nowhere.
        tasks: those that are shown, by name; all when empty.
        protocols: those that are shown, by name; all when empty.
        baselines: file of published rows to show below the others, with their citations.
        asked: the tasks that the suite asks for under each protocol, run or not.
        version: version of the suite, which headings show from 2 on.
        home: where the page links to as the list of all suites; nowhere when empty.
    """

    reference: str | None = None
    normaliser: Normaliser | None = None
    groups: Mapping[str, str] | None = None
    history: Path | None = None
    backbones: tuple[str, ...] = ()
    films: Mapping[str, str] | None = None
    pictures: Pictures = Pictures.BESIDE
    tasks: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    baselines: Path | None = None
    asked: Mapping[str, Sequence[TaskFacts]] = field(default_factory=dict)
    version: int = 1
    home: str = ''


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Spare large suites the search for cycles: records and what is made of them have none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            # what is young becomes old in one step, and is not searched as soon as that is on again
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()


NO_OPTIONS = ReportOptions()
"""The default options."""


@dataclass(frozen=True)
class Content:
    """A suite's newest records in brief and all that is derived from them for any format.

    Attributes:
        store: where the records are.
        suite: name of the suite.
        runs: the records in brief.
        tasks: by name.
        backbones: by id.
        boards: a leaderboard per protocol.
        options: what the report shall show.
        whole: records that were read with their evidence, by their path.
    """

    store: ResultStore
    suite: str
    runs: Runs
    tasks: Mapping[str, TaskFacts]
    backbones: Mapping[str, BackboneFacts]
    boards: tuple[Board, ...]
    options: ReportOptions
    whole: Mapping[str, RunRecord]

    @property
    def cited(self) -> str:
        """The suite as headings name it, such as ``'quick@2'``; without its version while 1."""
        version = self.options.version
        return f'{self.suite}@{version}' if version > 1 else self.suite

    @property
    def aside(self) -> dict[CellKey, int]:
        """How many results of a cell do not count, since others of another make do."""
        return {
            CellKey(board.protocol, *place): count
            for board in self.boards
            for place, count in board.set_aside.items()
        }

    @cached_property
    def findings(self) -> Findings:
        """What all tasks together say."""
        return find(self.boards, self.options.normaliser)

    def records(self) -> list[RunRecord]:
        """Return the chosen records with all their evidence.

        Raises:
            RecordError: one of them was not read before and cannot be read now.
        """
        folder = self.store.runs_folder(self.suite)
        return [
            self.whole.get(item.path) or read_record(folder / item.path)
            for records in self.runs.values()
            for item in records
        ]


def write_report(
    store: ResultStore,
    suite: str,
    *,
    out: Path,
    formats: Sequence[str],
    options: ReportOptions = NO_OPTIONS,
) -> list[Path]:
    """Write the report of ``suite`` into the folder ``out`` and return the files' paths.

    ``md``, ``tex``, ``json`` and ``html`` are one file each, ``csv`` is a wide and a long one,
    ``paper`` the tables in the paper's shape as Markdown and LaTeX. Pictures beside the page are
    copied into a folder, which is not among the paths.

    Args:
        store: where the records are.
        suite: name of the suite.
        out: folder to write to.
        formats: names of file formats.
        options: reference backbone, scale, groups and history.

    Raises:
        BenchmarkError: a format or the reference is unknown, the suite has no records, one of
            them or the history is unreadable, or a file cannot be written.
    """
    contents = _render(store, suite, formats, options)
    for name, content in contents.items():
        data = content.read_bytes() if isinstance(content, Path) else content
        write_atomically(out / name, data)
    return [out / name for name, content in contents.items() if isinstance(content, str)]


def render_report(
    store: ResultStore,
    suite: str,
    *,
    formats: Sequence[str],
    options: ReportOptions = NO_OPTIONS,
) -> dict[str, str]:
    """Return the texts of the report's files by name; equal records give equal texts.

    Args:
        store: where the records are.
        suite: name of the suite.
        formats: names of file formats.
        options: reference backbone, scale, groups and history.

    Raises:
        BenchmarkError: a format or the reference is unknown, the suite has no records or one is
            unreadable.
    """
    contents = _render(store, suite, formats, options)
    return {name: content for name, content in contents.items() if isinstance(content, str)}


def stale_files(
    store: ResultStore,
    suite: str,
    *,
    out: Path,
    formats: Sequence[str] = (),
    options: ReportOptions = NO_OPTIONS,
) -> list[Path]:
    """Return the files of the report in ``out`` that are missing or not what the records say.

    Without ``formats``, every format that has a file in ``out`` is checked.

    Args:
        store: where the records are.
        suite: name of the suite.
        out: folder that holds the report.
        formats: names of file formats.
        options: reference backbone, scale, groups and history.

    Raises:
        BenchmarkError: as for :func:`render_report`, or ``out`` has no file of a report.
    """
    formats = formats or [
        name for name, made in _FILES.items() if any((out / f).exists() for f in made(slug(suite)))
    ]
    if not formats:
        raise BenchmarkError(
            f"{out}: no file of a report of suite '{suite}'; run 'tbench report --suite {suite}' "
            'without --check first'
        )
    texts = render_report(store, suite, formats=formats, options=options)
    return [out / name for name, text in texts.items() if not _holds(out / name, text)]


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode(errors='backslashreplace')
    except OSError:
        return False


def _render(
    store: ResultStore, suite: str, formats: Sequence[str], options: ReportOptions
) -> dict[str, str | Path]:
    """Return what to write by relative path: texts, and files to copy."""
    for name in formats:
        if name not in FORMATS:
            raise unknown_name('report format', name, FORMATS)
    return render(load_content(store, suite, options, has_evidence='html' in formats), formats)


@_without_collector()
def render(content: Content, formats: Iterable[str]) -> dict[str, str | Path]:
    """Return what to write by relative path: texts, and files to copy."""
    found: dict[str, str | Path] = {}
    for name in dict.fromkeys(formats):
        found |= FORMATS[name](content)
    return found


def suite_boards(store: ResultStore, suite: str) -> tuple[Board, ...]:
    """Return the leaderboards of ``suite``, one per protocol.

    Raises:
        BenchmarkError: the suite has no records or one is unreadable.
    """
    return load_content(store, suite).boards


def report_frames(
    store: ResultStore, suite: str, options: ReportOptions = NO_OPTIONS
) -> dict[str, pd.DataFrame]:
    """Return the report as pandas frames: ``long``, ``wide``, ``pairs``, ``contrasts`` and so on.

    Raises:
        BenchmarkError: the suite has no records or one is unreadable.
    """
    content = load_content(store, suite, options)
    long = tidy(content.runs, content.tasks, content.backbones, content.aside)
    return frames(long, content.boards, content.findings)


@_without_collector()
def load_content(
    store: ResultStore,
    suite: str,
    options: ReportOptions = NO_OPTIONS,
    *,
    has_evidence: bool = False,
) -> Content:
    """Return the records of ``suite`` with what is derived from them.

    With ``has_evidence`` they are read whole at once, rather than in brief by the index.

    Args:
        store: where the records are.
        suite: name of the suite.
        options: reference backbone, scale, groups and history.
        has_evidence: whether configurations, curves and proof are needed as well.

    Raises:
        BenchmarkError: the suite has no records, one is unreadable, or no backbone with a record
            is the reference.
    """
    whole = read_whole(store, suite) if has_evidence else {}
    briefs = [brief(record, path) for path, record in whole.items()]
    content = _content(store, suite, briefs or read_briefs(store, suite), options, whole)
    competitors = sorted({row.backbone.id for board in content.boards for row in board.rows})
    if options.reference is None:
        return content
    titles = {name: content.backbones[name].label for name in competitors}
    found = find_id(options.reference, titles, 'reference backbone')
    return replace(content, options=replace(options, reference=found))


def _chosen(texts: Sequence[str], known: Mapping[str, BackboneFacts]) -> dict[str, str]:
    """Return the name by id of the backbones that are chosen; empty where they keep theirs.

    Raises:
        BenchmarkError: no record is of such a backbone, or a name is given twice.
    """
    titles = {id_: facts.label for id_, facts in known.items()}
    found: dict[str, str] = {}
    for text in texts:
        name, id_ = ('', text) if text in titles else split_name(text)
        if name and name in found.values():
            raise BenchmarkError(f"--backbones: two backbones are named '{name}'")
        found[find_id(id_, titles, 'backbone with records')] = name
    return found


def _asked_for(records: tuple[Brief, ...], options: ReportOptions) -> Iterator[Brief]:
    """Yield the records of the chosen tasks and protocols; trivial predictors are a floor of all.

    Raises:
        BenchmarkError: no record is of such a task or protocol.
    """
    tasks = {record.spec.task for record in records}
    protocols = {record.spec.protocol for record in records} - {TRIVIAL.name}
    for names, known, what in (
        (options.tasks, tasks, 'task'),
        (options.protocols, protocols, 'protocol'),
    ):
        for name in names:
            if records and name not in known:
                raise unknown_name(f'{what} with records', name, sorted(known))
    for record in records:
        is_shown = record.spec.protocol in (*(options.protocols or protocols), TRIVIAL.name)
        if is_shown and record.spec.task in (options.tasks or tasks):
            yield record


def _not_run(board: Board, options: ReportOptions) -> tuple[TaskFacts, ...]:
    """Return the tasks that the suite asks for on a board and that have no record there."""
    if options.tasks:
        return ()
    there = {column.task.name for column in board.columns}
    asked = [t for t in options.asked.get(board.protocol, ()) if t.name not in there]
    return tuple(sorted(asked, key=lambda task: task.order))


def _baselines(
    board: Board, records: tuple[Brief, ...], options: ReportOptions
) -> tuple[Baseline, ...]:
    """Return the published rows with a value in a column of the board."""
    if options.baselines is None:
        return ()
    there = {column.task.name for column in board.columns}
    asked = {task.name: task for some in options.asked.values() for task in some}
    rows = read_baselines(options.baselines, board.protocol, asked | task_facts(records))
    return tuple(row for row in rows if there & row.values.keys())


def _content(
    store: ResultStore,
    suite: str,
    records: Iterable[Brief],
    options: ReportOptions,
    whole: Mapping[str, RunRecord],
) -> Content:
    every = tuple(records)
    records = tuple(_asked_for(every, options))
    names = _chosen(options.backbones, backbone_facts(records))
    if names:
        kept = {*names, *(r.spec.backbone for r in records if r.spec.protocol == TRIVIAL.name)}
        records = tuple(record for record in records if record.spec.backbone in kept)
    runs = newest(records)
    if not runs:
        known = ', '.join(store.suites()) or 'none'
        raise BenchmarkError(
            f"{store.runs_folder(suite)}: no records of suite '{suite}' (suites with records: "
            f"{known}); run 'tbench run --suite {suite}' first"
        )
    chosen = tuple(itertools.chain.from_iterable(runs.values()))
    groups = options.groups or {}
    tasks = {
        name: replace(task, group=groups.get(name, task.group))
        for name, task in task_facts(chosen).items()
    }
    backbones = {
        id_: replace(facts, label=names.get(id_) or facts.label)
        for id_, facts in backbone_facts(chosen).items()
    }
    boards = flagged(build_boards(runs, tasks, backbones))
    boards = tuple(
        replace(
            board,
            not_run=_not_run(board, options),
            baselines=_baselines(board, every, options),
        )
        for board in with_set_aside(boards, set_aside(records, runs))
    )
    return Content(store, suite, runs, tasks, backbones, boards, options, whole)


def _md(content: Content) -> dict[str, str]:
    (name,) = _FILES['md'](slug(content.suite))
    reference = content.options.reference
    return {name: markdown(content.cited, content.boards, content.findings, reference)}


def _csv(content: Content) -> dict[str, str]:
    lines = tidy_rows(content.runs, content.tasks, content.backbones)
    texts = wide_csv(content.boards, content.findings), long_csv(lines, content.aside)
    return dict(zip(_FILES['csv'](slug(content.suite)), texts, strict=True))


def _tex(content: Content) -> dict[str, str]:
    (name,) = _FILES['tex'](slug(content.suite))
    reference = content.options.reference
    return {name: latex(content.suite, content.boards, content.findings, reference)}


def _paper(content: Content) -> dict[str, str]:
    texts = (
        paper_markdown(content.cited, content.boards, PAPER, content.options.reference),
        paper_latex(content.suite, content.boards, PAPER, content.options.reference),
    )
    return dict(zip(_FILES['paper'](slug(content.suite)), texts, strict=True))


def _json(content: Content) -> dict[str, str]:
    (name,) = _FILES['json'](slug(content.suite))
    return {name: report_json(content.suite, content.boards, content.findings)}


def _html(content: Content) -> dict[str, str | Path]:
    (name,) = _FILES['html'](slug(content.suite))
    history = content.options.history
    read = reader(content.store, content.suite, content.whole)
    scale = content.options.normaliser or read_normaliser()
    films = content.options.films or {}
    pairs = pair_views(content.runs, content.boards, read, normaliser=scale, films=films)
    beside = [
        [
            example_sentences(content.runs, board, c, read, films.get(c.task.name, ''))
            for c in board.columns
        ]
        for board in content.boards
    ]
    made = page(
        content.store,
        content.suite,
        content.records(),
        content.boards,
        content.findings,
        content.backbones,
        history=None if history is None else read_nights(history),
        pairs=pairs,
        beside=beside,
        pictures=content.options.pictures,
        heading=content.cited,
        home=content.options.home,
    )
    return {name: made.text, **made.files}


_FILES: Mapping[str, Callable[[str], tuple[str, ...]]] = {
    'md': lambda stem: (f'{stem}.md',),
    'csv': lambda stem: (f'{stem}.csv', f'{stem}.long.csv'),
    'tex': lambda stem: (f'{stem}.tex',),
    'paper': lambda stem: (f'{stem}.paper.md', f'{stem}.paper.tex'),
    'json': lambda stem: (f'{stem}.json',),
    'html': lambda stem: (f'{stem}.html',),
}
"""The names of each format's files, from the suite's name."""

FORMATS: Mapping[str, Callable[[Content], Mapping[str, str | Path]]] = {
    'md': _md,
    'csv': _csv,
    'tex': _tex,
    'paper': _paper,
    'json': _json,
    'html': _html,
}
"""How each format is made."""
