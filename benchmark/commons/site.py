"""A static site of leaderboards: the page of each suite, an index, pages of parts, and feeds."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from benchmark.catalog import find_suite, find_task
from benchmark.commons.reading import open_bundle
from benchmark.commons.reasons import Badge, Refused
from benchmark.commons.records import check_record
from benchmark.commons.standings import FIELDS, Standing, feed_row, standings
from benchmark.commons.verifying import examine, read_record_of
from benchmark.errors import RecordError, UnknownNameError, unknown_name
from benchmark.hashing import slug
from benchmark.report.data.facts import BackboneFacts
from benchmark.report.formats.tables import as_text
from benchmark.report.inference.flags import MARKS
from benchmark.report.writing import Content, ReportOptions, load_content, render
from benchmark.results.counting import counted_records
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, write_atomically
from benchmark.specs import RunSpec, Suite

FEED_SCHEMA = 1
"""Version of ``feed.json``; raised when a key changes its meaning or goes away."""

RULE = (
    'Backbones whose scores do not differ clearly over seeds share places: with "2 to 4, tie", one '
    'backbone is clearly better, and the place is anywhere from 2 to 4.'
)
_LEGEND = {
    'self-reported': 'the score is taken from the record',
    'recomputed': 'the score was recomputed from the stored outcomes of all test examples',
    're-run': 'the run was repeated by the publishers of this site',
}
_FORMATS = ('html', 'csv', 'json', 'md')


@dataclass(frozen=True)
class Site:
    """What was built.

    Attributes:
        index: the first page.
        pages: how many pages there are.
        size: bytes of all files.
        suites: the suites that are shown, as results cite them.
        notes: records that were left out, and why.
    """

    index: Path
    pages: int
    size: int
    suites: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return what was built as lines for a person."""
        said = f'{self.pages} pages, {self.size / 1e6:.1f} MB, {", ".join(self.suites)}'
        return [*self.notes, f'{self.index}: {said}']


@dataclass
class _Gathered:
    """Records of all sources in one store, how far each was checked, and what the bundles are."""

    store: ResultStore
    badges: dict[str, dict[RunSpec, Badge]] = field(default_factory=dict)
    titles: dict[str, tuple[str, int]] = field(default_factory=dict)
    bundles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, record: RunRecord, content: bytes | None, badge: Badge, source: Path) -> None:
        """Save a record with its outcomes, unless another source has that run with other scores."""
        known = self.store.find(record.suite, record.spec, record.fingerprint)
        if known is not None and known.scores != record.scores:
            self.notes.append(
                f'{source}: {record.spec.id} left out: an earlier source has the same run with '
                'other scores'
            )
            return
        self.store.save(record)
        path = self.store.outcomes_path(record)
        if content is not None and path is not None:
            write_atomically(path, content)
        earned = self.badges.setdefault(record.suite, {})
        order = list(Badge)
        earned[record.spec] = max(earned.get(record.spec, badge), badge, key=order.index)


def build_site(
    sources: Sequence[Path],
    out: Path,
    *,
    suites: Sequence[str] = (),
    title: str = 'Leaderboards',
    work: Path | None = None,
) -> Site:
    """Write a site into the folder ``out`` and return what was built.

    Args:
        sources: results folders and bundles.
        out: where to write; pages of an earlier site there are replaced.
        suites: names of those that are shown; all unless given.
        title: heading of the index.
        work: folder of drawn predictions, to show them too.

    Raises:
        BenchmarkError: a bundle is refused, there are no records, or one is unreadable.
    """
    with tempfile.TemporaryDirectory(prefix='tbench-site-') as name:
        gathered = _Gathered(ResultStore(Path(name) / 'results', work or Path(name) / 'work'))
        for source in sources:
            _gather(gathered, source)
        there = gathered.store.suites()
        for wanted in suites:
            if slug(wanted) not in there:
                raise unknown_name('suite with records', wanted, there)
        shown = [s for s in gathered.badges if not suites or s in suites]
        if not shown:
            raise RecordError(f'{sources[0]}: no records; give a results folder or a bundle')
        return _Builder(gathered, out, title).build(sorted(shown))


def _gather(gathered: _Gathered, source: Path) -> None:
    is_results = (source / 'runs').is_dir()
    if is_results:
        _gather_folder(gathered, source)
    else:
        _gather_bundle(gathered, source)


def _gather_folder(gathered: _Gathered, folder: Path) -> None:
    """Add the records that count of every suite in a results folder, and its analyses."""
    store = ResultStore(folder, folder)
    for suite in store.suites():
        for record in counted_records(store.records(suite)):
            badge = Badge.SELF_REPORTED
            content = store.outcomes(record)
            if record.is_ok and content is not None:
                held = content
                checked = check_record(record, lambda digest, held=held: held)
                badge = checked.badge if not checked.problems else badge
            gathered.add(record, content, badge, folder)
    analyses = folder / 'analysis'
    if analyses.is_dir():
        shutil.copytree(analyses, gathered.store.results / 'analysis', dirs_exist_ok=True)


def _gather_bundle(gathered: _Gathered, path: Path) -> None:
    """Add the records of a bundle that is accepted.

    Raises:
        RecordError: it is refused; the message has the first reason.
    """
    try:
        with open_bundle(path) as bundle:
            verdict = examine(path, bundle)
            if not verdict.is_accepted:
                raise RecordError(f'{path}: refused, {verdict.problems[0]}; see `tbench verify`')
            for place in bundle.records:
                record = read_record_of(bundle, place)
                said = record.proof.get('outcomes')
                content = None if said is None else bundle.outcomes(said['sha256'])
                gathered.add(record, content, verdict.badges[record.spec], path)
            suite = bundle.suite
            gathered.titles[suite['name']] = str(suite['title']), int(suite['version'])
            line = verdict.lines()[0].removeprefix(f'accepted {path}: ')
            partial = f'; {len(verdict.missing)} cells missing' if verdict.missing else ''
            gathered.bundles.append(f'{path.name}: {line}{partial}')
    except Refused as error:
        raise RecordError(f'{path}: refused, {error.problem}; see `tbench verify`') from None


class _Builder:
    """Writes the files of a site."""

    def __init__(self, gathered: _Gathered, out: Path, title: str) -> None:
        self._gathered = gathered
        self._out = out
        self._title = title
        self._pages = self._size = 0
        self._rows: list[Standing] = []
        self._facts: dict[str, BackboneFacts] = {}

    def build(self, suites: Sequence[str]) -> Site:
        """Write everything and return what was built."""
        lines = [self._suite(name) for name in suites]
        tasks = self._parts('tasks', lambda row: row.task, lambda row: row.task_title)
        backbones = self._parts('backbones', lambda row: row.backbone, lambda row: row.title)
        for kind, parts, others in (('task', tasks, backbones), ('backbone', backbones, tasks)):
            for name, part in parts.items():
                self._part(kind, name, part, others)
        self._page(
            'index.html',
            kind='index',
            title=self._title,
            home='',
            suites=lines,
            tasks=sorted(tasks.values(), key=lambda part: str(part['title'])),
            backbones=sorted(backbones.values(), key=lambda part: str(part['title'])),
            bundles=self._gathered.bundles,
        )
        self._feeds()
        # what a repository's pages serve as it is, names that start with an underscore too
        self._write('.nojekyll', '')
        cited = tuple(str(line['cited']) for line in lines)
        notes = tuple(self._gathered.notes)
        return Site(self._out / 'index.html', self._pages, self._size, cited, notes)

    def _suite(self, name: str) -> dict[str, object]:
        """Write the page and the tables of a suite; return its line of the index."""
        declared = _declared(name)
        title, version = self._gathered.titles.get(name, (name, 1))
        if declared is not None:
            title, version = declared.title, declared.version
        options = ReportOptions(
            groups=declared.groups if declared else None,
            films=_films(declared) if declared else None,
            version=version,
            home='../index.html',
        )
        content = load_content(self._gathered.store, name, options, has_evidence=True)
        folder = slug(name)
        files = render(content, _FORMATS)
        tables = [f'{folder}/{file}' for file in files if file.endswith(('.csv', '.json'))]
        for file, data in files.items():
            self._write(f'{folder}/{file}', data.read_bytes() if isinstance(data, Path) else data)
        self._pages += 1
        badges = self._gathered.badges[name]
        cited = f'{name}@{version}'
        self._rows += standings(cited, content.boards, badges)
        self._facts |= content.backbones
        return {
            'cited': cited,
            'title': title,
            'page': f'{folder}/{folder}.html',
            'checked': _checked(badges.values()),
            'files': tables,
            'analyses': [file for file in tables if '/analysis-' in file],
            **_counts(content),
        }

    def _parts(
        self, folder: str, name: Callable[[Standing], str], title: Callable[[Standing], str]
    ) -> dict[str, dict[str, Any]]:
        """Return the pages of backbones or tasks by name, with their rows."""
        found: dict[str, dict[str, Any]] = {}
        for row in self._rows:
            entry = {'page': f'{folder}/{slug(name(row))}.html', 'title': title(row), 'rows': []}
            found.setdefault(name(row), entry)['rows'].append(row)
        return found

    def _part(
        self,
        kind: str,
        name: str,
        part: Mapping[str, Any],
        others: Mapping[str, Mapping[str, Any]],
    ) -> None:
        rows: list[Standing] = [row for row in part['rows'] if row.mean is not None or row.problem]
        links = {
            row: f'../{others[row.backbone if kind == "task" else row.task]["page"]}'
            for row in rows
        }
        # rows come suite by suite and protocol by protocol
        groups = [
            (key, list(group))
            for key, group in groupby(rows, lambda row: (row.suite, row.protocol))
        ]
        facts = _described(self._facts[name]) if kind == 'backbone' else [name]
        self._page(
            part['page'],
            kind=kind,
            title=part['title'],
            home='../index.html',
            groups=groups,
            links=links,
            facts=facts,
            legend=_legend(rows),
            marks=_marks,
        )

    def _page(self, place: str, **values: Any) -> None:
        style = _asset('site.css')
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        text = _template().render(
            {'site': self._title, 'rule': RULE, 'style': Markup(style), 'style_hash': digest}
            | {'marks': _marks}
            | values
        )
        self._write(place, text)
        self._pages += 1

    def _feeds(self) -> None:
        rows = [feed_row(row) for row in self._rows]
        content = {'schema': FEED_SCHEMA, 'title': self._title, 'rows': rows}
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        self._write('feed.json', text + '\n')
        buffer = io.StringIO()
        lines = csv.writer(buffer, lineterminator='\n')
        lines.writerow(FIELDS)
        lines.writerows([as_text(value) for value in row.values()] for row in rows)
        self._write('feed.csv', buffer.getvalue())

    def _write(self, place: str, content: str | bytes) -> None:
        data = content.encode(errors='replace') if isinstance(content, str) else content
        write_atomically(self._out / place, data)
        self._size += len(data)


def _declared(name: str) -> Suite | None:
    try:
        return find_suite(name)
    except UnknownNameError:
        return None


def _films(suite: Suite) -> dict[str, str]:
    tasks = (find_task(name, relative_to=suite.path.parent) for name in suite.tasks)
    return {task.name: task.film for task in tasks if task.film}


def _checked(badges: Iterable[Badge]) -> str:
    counts = Counter(badges)
    return ', '.join(f'{counts[badge]} {badge}' for badge in Badge if counts[badge])


def _counts(content: Content) -> dict[str, int]:
    rows = {row.backbone.id for board in content.boards for row in board.rows}
    return {
        'backbones': len(rows),
        'tasks': len(content.tasks),
        'runs': sum(len(cell) for cell in content.runs.values()),
    }


def _described(facts: BackboneFacts) -> list[str]:
    """Return what a backbone is, as short lines."""
    pretraining = ', '.join(filter(None, (facts.method, facts.data)))
    size = f'{facts.parameters / 1e6:.1f} million parameters' if facts.parameters else ''
    network = ', '.join(filter(None, (facts.architecture, size, facts.source)))
    return [line for line in (facts.id, network, pretraining, facts.licence) if line]


def _marks(row: Standing) -> str:
    return ''.join(sign for flag, sign in MARKS.items() if flag in row.flags)


def _legend(rows: Iterable[Standing]) -> str:
    """Return what the badges and signs of some rows mean."""
    rows = list(rows)
    badges = {row.badge.value for row in rows if row.badge}
    flags = {flag for row in rows for flag in row.flags}
    said = [f'{name}: {text}' for name, text in _LEGEND.items() if name in badges]
    said += [f'{sign} {flag}' for flag, sign in MARKS.items() if flag in flags]
    return '; '.join(said) + '.' if said else ''


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_asset('page.html.j2'))


def _asset(name: str) -> str:
    return (resources.files('benchmark.commons') / 'pages' / name).read_text(encoding='utf-8')
