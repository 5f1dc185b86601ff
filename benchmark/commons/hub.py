"""Scores in the form of ``.eval_results/*.yaml``, which model repositories of the Hub show.

The form is that of ``docs/hub/eval-results.md`` in github.com/huggingface/hub-docs: a list with
``dataset`` (``id`` of a benchmark's data set, ``task_id``), ``value`` and, all optional, ``date``,
``source`` (``url``, ``name``), ``evaluation_framework`` and ``notes``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import BenchmarkError, RecordError
from benchmark.hashing import slug
from benchmark.protocols import TRIVIAL
from benchmark.results.counting import counted_records
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, write_atomically
from benchmark.results.titles import find_id
from benchmark.specs import Suite

FRAMEWORK = 'transferbench'
"""What results name as the framework that made them."""


class Place(NamedTuple):
    """Where scores come from: the benchmark's data set on the Hub, and a page with the evidence."""

    dataset: str
    source: str = ''


def write_eval_results(
    store: ResultStore,
    suite: Suite,
    out: Path,
    place: Place,
    *,
    backbones: Iterable[str] = (),
) -> list[Path]:
    """Write ``BACKBONE/.eval_results/SUITE-PROTOCOL.yaml`` files below ``out``; return their paths.

    A value is the mean over seeds of a task's headline metric, as tables show it.

    Args:
        store: where the records are.
        suite: the suite.
        out: folder with a folder per backbone, to be copied into its model repository.
        place: what the entries refer to.
        backbones: those that are written, by id or title; all unless given.

    Raises:
        BenchmarkError: the name of the data set is not ``OWNER/NAME``, or there are no records.
    """
    if place.dataset.count('/') != 1 or not all(place.dataset.split('/')):
        raise BenchmarkError(
            f"--eval-results {place.dataset!r}: must be the data set's OWNER/NAME on the Hub, as "
            'in my-lab/transferbench'
        )
    found: dict[tuple[str, str], dict[str, list[RunRecord]]] = {}
    for record in _chosen(store, suite, tuple(backbones)):
        spec = record.spec
        found.setdefault((spec.backbone, spec.protocol), {}).setdefault(spec.task, []).append(
            record
        )
    paths = []
    for (backbone, protocol), cells in found.items():
        path = out / slug(backbone) / '.eval_results' / f'{slug(f"{suite.name}-{protocol}")}.yaml'
        write_atomically(path, yaml_of(suite, protocol, cells.values(), place))
        paths.append(path)
    return paths


def _chosen(store: ResultStore, suite: Suite, named: tuple[str, ...]) -> list[RunRecord]:
    records = [
        r
        for r in counted_records(store.records(suite.name))
        if r.is_ok and r.spec.protocol != TRIVIAL.name
    ]
    if not records:
        raise RecordError(f'{store.runs_folder(suite.name)}: no finished run of {suite.citation}')
    if not named:
        return records
    titles = {r.spec.backbone: str(r.backbone.get('title') or r.spec.backbone) for r in records}
    wanted = {find_id(name, titles, 'backbone with records') for name in named}
    return [r for r in records if r.spec.backbone in wanted]


def yaml_of(suite: Suite, protocol: str, cells: Iterable[list[RunRecord]], place: Place) -> str:
    """Return the entries of one protocol as YAML; texts are quoted as in JSON, which YAML reads.

    Args:
        suite: the suite of the scores.
        protocol: the one that the entries are of.
        cells: the cells of a backbone under it.
        place: names of the data set on the Hub and of the evidence.
    """
    lines: list[str] = []
    for records in cells:
        first = records[0]
        scores = [record.scores[record.primary] for record in records]
        seeds = f'{len(scores)} seed{"s" if len(scores) > 1 else ""}'
        notes = f'{suite.citation}, {protocol}, {first.primary}, mean of {seeds}'
        ended = max(record.finished for record in records).date().isoformat()
        lines += [
            '- dataset:',
            f'    id: {json.dumps(place.dataset)}',
            f'    task_id: {json.dumps(first.spec.task)}',
            f'  value: {sum(scores) / len(scores):.6g}',
            f'  date: {json.dumps(ended)}',
            *_source(place.source),
            f'  evaluation_framework: {FRAMEWORK}',
            f'  notes: {json.dumps(notes)}',
        ]
    return '\n'.join(lines) + '\n'


def _source(url: str) -> list[str]:
    return ['  source:', f'    url: {json.dumps(url)}', '    name: Leaderboard'] if url else []
