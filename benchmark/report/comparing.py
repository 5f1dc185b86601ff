"""Compare two backbones from the records of a suite."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from benchmark.errors import BenchmarkError, unknown_name
from benchmark.report.data.boards import build_boards, with_set_aside
from benchmark.report.data.facts import TRIVIAL, backbone_facts, task_facts
from benchmark.report.data.normaliser import read_normaliser
from benchmark.report.formats.duel import BackboneComparison
from benchmark.report.inference.duels import Evidence, Reading, chosen_backbone, duels, evidence_of
from benchmark.report.text.sentences import set_aside_notes
from benchmark.results.briefs import Brief
from benchmark.results.counting import Runs, newest, set_aside
from benchmark.results.index import read_briefs
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, read_record


def compare_backbones(
    store: ResultStore,
    suite: str,
    pair: tuple[str, str],
    *,
    protocols: Sequence[str] = (),
    tasks: Sequence[str] = (),
    films: Mapping[str, str] | None = None,
) -> BackboneComparison:
    """Return the comparison of two backbones on the tasks of a suite.

    Args:
        store: where the records are.
        suite: name of the suite.
        pair: A and B, each an id, a title or a part of one that no other has.
        protocols: those to compare under; all that both have unless given.
        tasks: those to compare on; all unless given.
        films: regular expressions by task; see :func:`benchmark.report.inference.duels.duels`.

    Raises:
        UnknownNameError: a backbone, protocol or task has no record.
        BenchmarkError: there is nothing to compare.
    """
    briefs = read_briefs(store, suite)
    if not briefs:
        raise unknown_name(
            'suite', suite, store.suites(), where=f'in the records of {store.results}'
        )
    counted = newest(briefs)
    runs = _asked(counted, protocols, tasks)
    chosen = [item for records in runs.values() for item in records]
    facts, backbones = task_facts(chosen), backbone_facts(chosen)
    labels = {
        key.backbone: backbones[key.backbone].label for key in runs if key.protocol != TRIVIAL
    }
    a, b = (chosen_backbone(name, labels) for name in pair)
    if a == b:
        raise BenchmarkError(f"'{pair[0]}' and '{pair[1]}' are both {a}: name two backbones")
    aside = set_aside(briefs, counted)
    boards = with_set_aside(build_boards(runs, facts, backbones), aside)
    found = duels(
        runs,
        boards,
        (a, b),
        reader(store, suite),
        normaliser=read_normaliser(),
        films=films,
    )
    found = [duel for duel in found if duel.tasks]
    if not found:
        raise BenchmarkError(
            f'{labels[a]} and {labels[b]} have no task with a score under the same protocol: see '
            f'`tbench report --suite {suite}`'
        )
    notes = [
        f'{board.protocol}: {note}' for board in boards for note in set_aside_notes(board, (a, b))
    ]
    return BackboneComparison(suite, labels[a], labels[b], (a, b), tuple(found), tuple(notes))


def reader(store: ResultStore, suite: str, whole: Mapping[str, RunRecord] | None = None) -> Reading:
    """Return what reads the evidence of a record of a suite by its place, each once.

    ``whole`` are records that were read before, by place.
    """
    folder, known = store.runs_folder(suite), whole or {}

    @functools.cache
    def read(path: str) -> Evidence:
        record = known.get(path) or read_record(folder / path)
        place = store.outcomes_path(record)
        return evidence_of(record, store.outcomes(record), str(place))

    return read


def _asked(runs: Runs, protocols: Iterable[str], tasks: Iterable[str]) -> Runs:
    """Return the runs of the protocols and tasks that are asked for, trivial ones included.

    Raises:
        UnknownNameError: one of them has no record.
    """
    known = {'protocol': {k.protocol for k in runs} - {TRIVIAL}, 'task': {k.task for k in runs}}
    wanted = {'protocol': set(protocols), 'task': set(tasks)}
    for what, names in wanted.items():
        for name in sorted(names - known[what]):
            raise unknown_name(f'{what} of the records', name, known[what])
    allowed = wanted['protocol'] or known['protocol']
    found: dict[object, Sequence[Brief]] = {
        key: items
        for key, items in runs.items()
        if key.protocol in (*allowed, TRIVIAL) and key.task in (wanted['task'] or known['task'])
    }
    return found  # type: ignore[return-value]
