"""Accept or refuse a bundle, with reasons: complete, consistent, and recomputed where possible."""

from __future__ import annotations

import functools
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmark.catalog import shipped_suites
from benchmark.commons.bundle import (
    belongs,
    bundle_files,
    declared,
    record_place,
    wanted_seeds,
    write_bundle,
)
from benchmark.commons.reading import Bundle, open_bundle
from benchmark.commons.reasons import Badge, Problem, Reason, Refused, lowest
from benchmark.commons.records import CLOCKS, Checked, check_record
from benchmark.errors import RecordError
from benchmark.protocols import TRIVIAL, takes_no_seed
from benchmark.results.counting import draws_weights
from benchmark.results.identity import experiment_mark
from benchmark.results.records import RunRecord, from_json
from benchmark.results.store import ResultStore
from benchmark.results.upgrades import SCHEMA
from benchmark.specs import CellKey, RunSpec, Suite

_SHOWN = 20


@dataclass(frozen=True)
class Verdict:
    """Whether a bundle is accepted.

    Attributes:
        bundle: its path.
        suite: the suite as results cite it, such as ``'quick@2'``; empty where it is unknown.
        problems: why it is refused; empty where it is accepted.
        badges: how far each run was checked.
        missing: cells that the suite declares and a partial bundle lacks.
        notes: what a reader should know of an accepted bundle.
    """

    bundle: Path
    suite: str = ''
    problems: tuple[Problem, ...] = ()
    badges: Mapping[RunSpec, Badge] = field(default_factory=dict)
    missing: tuple[CellKey, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems

    @property
    def badge(self) -> Badge:
        """The badge that all its runs have earned."""
        return lowest(list(self.badges.values()))

    def lines(self) -> list[str]:
        """Return the verdict, its reasons and what is known of the runs as lines for a person."""
        if self.problems:
            shown = [f'  {problem}' for problem in self.problems[:_SHOWN]]
            more = len(self.problems) - len(shown)
            return [f'REFUSED {self.bundle}', *shown, *([f'  and {more} more'] if more else [])]
        counts = Counter(self.badges.values())
        said = ', '.join(f'{counts[badge]} {badge}' for badge in Badge if counts[badge])
        lines = [
            f'accepted {self.bundle}: {self.suite}, {len(self.badges)} runs, {self.badge} ({said})'
        ]
        if self.missing:
            lines.append(
                f'  partial: {len(self.missing)} cells are missing, {self.missing[0]} first'
            )
        return lines + [f'  {note}' for note in self.notes]


def verify_bundle(path: Path, *, own: ResultStore | None = None, tolerance: float = 0.0) -> Verdict:
    """Return whether a bundle is accepted, and why not.

    Args:
        path: a ZIP file or a folder of ``tbench submit``.
        own: records of the same suite that the reader ran; runs that agree are ``re-run``.
        tolerance: by how much a score may differ from that of a run of the reader.

    Raises:
        RecordError: there is no such file or folder.
    """
    try:
        with open_bundle(path) as bundle:
            return examine(path, bundle, own=own, tolerance=tolerance)
    except Refused as error:
        return Verdict(path, problems=(error.problem,))


def submit(
    store: ResultStore,
    suite: Suite,
    out: Path,
    *,
    backbones: Iterable[str] = (),
    is_partial: bool = False,
) -> Verdict:
    """Write the bundle of a suite, a ZIP file or a folder, and return the verdict on it.

    Nothing stays of a bundle that would be refused.

    Args:
        store: where the records and outcomes are.
        suite: whose declared runs are handed in.
        out: the file ``FILE.zip``, or the folder, to write.
        backbones: those that are handed in, by id or title; all unless given.
        is_partial: whether whole cells may be missing.

    Raises:
        BenchmarkError: there are no such records, one cannot be read, or the bundle would be
            refused, with the first reasons.
    """
    files = bundle_files(store, suite, backbones=backbones, is_partial=is_partial)
    with tempfile.TemporaryDirectory(prefix='tbench-submit-') as name:
        draft = Path(name) / 'bundle'
        write_bundle(files, draft)
        verdict = verify_bundle(draft)
    if not verdict.is_accepted:
        shown = [f'not submitted, {problem}' for problem in verdict.problems[:_SHOWN]]
        more = len(verdict.problems) - len(shown)
        raise SubmissionError(*shown, *([f'and {more} more reasons'] if more else []))
    write_bundle(files, out)
    return replace(verdict, bundle=out)


class SubmissionError(RecordError):
    """Records that make no bundle, with every reason in a line of its own."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        """Return all reasons in one line."""
        return '; '.join(self.problems)


def examine(
    path: Path, bundle: Bundle, *, own: ResultStore | None = None, tolerance: float = 0.0
) -> Verdict:
    """Return the verdict on an open bundle; see :func:`verify_bundle`.

    Args:
        path: where the bundle is, for messages.
        bundle: what is in it.
        own: records of runs of your own; ``None`` if there are none.
        tolerance: by how much a score may differ from theirs.
    """
    problems, notes = [*_suite_problems(bundle)], [*_suite_notes(bundle)]
    now = datetime.now(UTC)
    if bundle.made > now + CLOCKS:
        problems.append(
            Problem(Reason.TIME, 'bundle.json', f'created at {bundle.made}, which is in the future')
        )
    ledger = _Ledger(bundle)
    mine = {} if own is None else _own_runs(own, str(bundle.suite['name']))
    weights = _known_weights(mine.values())
    for place in bundle.records:
        try:
            record = read_record_of(bundle, place)
        except Refused as error:
            problems.append(error.problem)
            continue
        checked = check_record(record, bundle.outcomes, min(bundle.made, now))
        found = [*checked.problems, *ledger.add(record, checked)]
        found += _other_weights(record, weights)
        badge = checked.badge
        if (again := mine.get((record.spec, record.fingerprint))) is not None:
            badge = Badge.RERUN
            found += _differences(record, again, tolerance)
        problems += [Problem(reason, place, text) for reason, text in found]
        ledger.badges[record.spec] = badge
    missing, gaps = ledger.gaps()
    problems += gaps
    suite = f'{bundle.suite["name"]}@{bundle.suite["version"]}'
    return Verdict(path, suite, tuple(problems), dict(ledger.badges), tuple(missing), tuple(notes))


def read_record_of(bundle: Bundle, place: str) -> RunRecord:
    """Return the record at ``place`` in a bundle.

    Raises:
        Refused: it is unreadable, of another schema, or not where it belongs.
    """
    data = (bundle.folder / place).read_bytes()
    try:
        schema = orjson.loads(data).get('schema')
    except (orjson.JSONDecodeError, AttributeError) as error:
        is_number = any(word in data for word in (b'NaN', b'Infinity'))
        reason = Reason.NOT_FINITE if is_number else Reason.UNREADABLE
        raise Refused(Problem(reason, place, f'not JSON ({error})')) from None
    if schema != SCHEMA:
        text = f'schema {schema!r}, this release reads {SCHEMA}'
        raise Refused(Problem(Reason.SCHEMA, place, text))
    try:
        record = from_json(data, Path(place))
    except RecordError as error:
        said = str(error).removeprefix(f'{place}: ')
        raise Refused(Problem(Reason.UNREADABLE, place, said)) from None
    if place != record_place(record):
        raise Refused(Problem(Reason.PLACE, place, f'its record belongs at {record_place(record)}'))
    return record


@functools.cache
def _released(suite: str) -> Mapping[str, Any] | None:
    """Return what this release declares of a suite; ``None`` where it has none of that name."""
    try:
        return declared(shipped_suites()[suite])
    except KeyError:
        return None


def _suite_problems(bundle: Bundle) -> Iterator[Problem]:
    """Yield where a bundle says something else of a suite than this release."""
    said, known = bundle.suite, _released(str(bundle.suite['name']))
    if known is None:
        return
    if said['version'] != known['version']:
        text = f'{said["name"]}@{said["version"]}, this release has @{known["version"]}'
        yield Problem(Reason.SUITE, 'bundle.json', text)
        return
    for key in ('seeds', 'one_seed', 'tasks', 'protocols'):
        if said[key] != known[key]:
            text = f"'{key}' of {said['name']} are {str(said[key])[:80]}, not as declared"
            reason = Reason.TASK if key == 'tasks' else Reason.SUITE
            yield Problem(reason, 'bundle.json', text)


def _suite_notes(bundle: Bundle) -> Iterator[str]:
    if _released(str(bundle.suite['name'])) is None:
        yield (
            'this release has no suite of that name: completeness is judged by the declaration in '
            'the bundle'
        )


def _own_runs(store: ResultStore, suite: str) -> dict[tuple[RunSpec, str], RunRecord]:
    return {(r.spec, r.fingerprint): r for r in store.records(suite) if r.is_ok}


def _known_weights(runs: Iterable[RunRecord]) -> dict[str, set[Any]]:
    """Return the hashes of the weights of each backbone in runs of the reader."""
    found: dict[str, set[Any]] = {}
    for record in runs:
        found.setdefault(record.spec.backbone, set()).add(record.provenance.get('weights'))
    return found


def _other_weights(
    record: RunRecord, known: Mapping[str, set[Any]]
) -> Iterator[tuple[Reason, str]]:
    allowed, used = known.get(record.spec.backbone), record.provenance.get('weights')
    if allowed is not None and used not in allowed:
        yield (
            Reason.WEIGHTS,
            f'{str(used)[:10]}; your own runs of {record.spec.backbone} have others',
        )


def _differences(
    record: RunRecord, again: RunRecord, tolerance: float
) -> Iterator[tuple[Reason, str]]:
    theirs, ours = record.scores.get(record.primary), again.scores.get(record.primary)
    if theirs is None or ours is None:
        return
    if abs(theirs - ours) > tolerance + 1e-6 * max(1.0, abs(ours)):
        yield Reason.RERUN, f"'{record.primary}' is {theirs:g}, a run of your own gave {ours:g}"


class _Ledger:
    """What the records of a bundle say together."""

    def __init__(self, bundle: Bundle) -> None:
        self.badges: dict[RunSpec, Badge] = {}
        self._bundle = bundle
        self._cells: dict[CellKey, set[int]] = {}
        self._drawn: set[str] = set()
        self._said: dict[tuple[str, ...], Any] = {}

    def add(self, record: RunRecord, checked: Checked) -> Iterator[tuple[Reason, str]]:
        """Yield where a record contradicts the bundle or the records before it."""
        suite, spec = self._bundle.suite, record.spec
        if record.suite != suite['name']:
            yield Reason.SUITE, f"the record is of suite '{record.suite}'"
        elif not belongs(suite, spec):
            yield Reason.SUITE, f'{spec.cell} with seed {spec.seed} is not a run of the suite'
        if spec in self.badges:
            yield Reason.REPEATED, f'{spec.cell} with seed {spec.seed} is there twice'
        self._cells.setdefault(spec.cell, set()).add(spec.seed)
        if draws_weights(record.spec.backbone, record.backbone):
            self._drawn.add(spec.backbone)
        if not record.is_ok:
            return
        if (version := record.task.get('version')) != suite['tasks'].get(spec.task):
            yield Reason.TASK, f'version {version}, the bundle has {suite["tasks"].get(spec.task)}'
        for reason, what, key, value in (*self._listed(record), *_shared(record, checked)):
            known = self._said.setdefault((what, *key), value)
            if known != value:
                yield reason, f'{what} are not those of the other records of {" / ".join(key)}'

    def _listed(self, record: RunRecord) -> Iterator[_Fact]:
        """Yield what the manifest lists of a record's weights and data."""
        manifest, spec = self._bundle.manifest, record.spec
        for reason, what, name, value in (
            (Reason.WEIGHTS, 'weights', spec.backbone, record.provenance.get('weights')),
            (Reason.MIXED, 'data', spec.task, record.provenance.get('data_manifest')),
        ):
            # the list is said first, so that it is what records are held against
            self._said.setdefault((what, name), manifest[what].get(name))
            yield reason, what, (name,), value

    def gaps(self) -> tuple[list[CellKey], list[Problem]]:
        """Return the cells that are missing from a partial bundle, and all other gaps."""
        missing: list[CellKey] = []
        problems: list[Problem] = []
        for cell, seeds in _wanted(self._bundle.suite, self._cells):
            is_fixed = takes_no_seed(cell.protocol) and cell.backbone not in self._drawn
            wanted = seeds[:1] if is_fixed else seeds
            lacking = sorted(set(wanted) - self._cells.get(cell, set()))
            if not lacking:
                continue
            if cell not in self._cells and self._bundle.manifest['is_partial']:
                missing.append(cell)
                continue
            said = 'no run' if cell not in self._cells else f'no run with seed {lacking[0]}'
            problems.append(Problem(Reason.MISSING, str(cell), said))
        return missing, problems


_Fact = tuple[Reason, str, tuple[str, ...], Any]
"""A reason to refuse, what must be equal, among which records, and its value."""


def _shared(record: RunRecord, checked: Checked) -> Iterator[_Fact]:
    """Yield what a record must have in common with others."""
    spec = record.spec
    mark = experiment_mark(record.config, record.task, record.provenance)
    yield Reason.MIXED, 'settings', tuple(spec.cell), mark
    metrics = [(m.get('key'), m.get('unit')) for m in record.task.get('metrics') or ()]
    yield Reason.MIXED, 'metrics', (spec.task,), metrics
    if checked.examples is not None:
        yield Reason.OUTCOMES, 'test examples', (spec.task,), checked.examples


def _wanted(
    suite: Mapping[str, Any], there: Iterable[CellKey]
) -> Iterator[tuple[CellKey, tuple[int, ...]]]:
    """Yield the cells that the backbones of a bundle should have, and their seeds.

    A protocol with any run of a backbone should have all its tasks. Trivial predictors may be
    left out.
    """
    pairs = dict.fromkeys((cell.protocol, cell.backbone) for cell in there)
    for protocol, backbone in pairs:
        if protocol == TRIVIAL.name:
            continue
        for task in suite['protocols'].get(protocol, ()):
            yield CellKey(protocol, task, backbone), wanted_seeds(suite, protocol, task)
