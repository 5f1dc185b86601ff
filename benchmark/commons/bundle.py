"""Write a bundle: the records of a suite that are handed in, and what is needed to check them.

A bundle is a ZIP file or a folder. ``bundle.json`` lists every other file with its SHA-256;
``records/`` holds the records, each with its compiled configuration, environment and proof, and
``outcomes/`` what was found of every test example.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark import __version__
from benchmark.catalog import find_task, shipped_tasks
from benchmark.errors import RecordError
from benchmark.hashing import slug
from benchmark.protocols import TRIVIAL, load_protocol
from benchmark.results.counting import counted_records
from benchmark.results.records import RunRecord
from benchmark.results.sharing import zipped
from benchmark.results.store import ResultStore, write_atomically
from benchmark.results.titles import find_id
from benchmark.specs import RunSpec, Suite

SCHEMA = 1
"""The version of the layout and the manifest."""

MANIFEST = 'bundle.json'


def declared(suite: Suite) -> dict[str, Any]:
    """Return what a suite declares, as JSON data: which runs a whole bundle has.

    ``tasks`` maps each task to its version, ``protocols`` each protocol to the tasks that have
    cells of it.

    Raises:
        BenchmarkError: a task or protocol of the suite is unknown.
    """
    shipped = shipped_tasks()  # all at once: each look-up would read them all
    tasks = [
        shipped.get(entry) or find_task(entry, relative_to=suite.path.parent)
        for entry in suite.tasks
    ]
    return {
        'name': suite.name,
        'title': suite.title,
        'version': suite.version,
        'seeds': list(suite.seeds),
        'one_seed': sorted(suite.one_seed),
        'tasks': {task.name: task.version for task in tasks},
        'protocols': {
            name: [task.name for task in tasks if load_protocol(name).suits(task)]
            for name in suite.protocols
        },
    }


def wanted_seeds(block: Mapping[str, Any], protocol: str, task: str) -> tuple[int, ...]:
    """Return the seeds of a cell of a suite, from what :func:`declared` returned."""
    if protocol == TRIVIAL.name:
        return (0,)
    seeds = tuple(block['seeds'])
    return seeds[:1] if task in block['one_seed'] else seeds


def belongs(block: Mapping[str, Any], spec: RunSpec) -> bool:
    """Whether a run is one of those that a suite declares, whatever its backbone."""
    tasks = block['protocols'].get(spec.protocol, ())
    return spec.task in tasks and spec.seed in wanted_seeds(block, spec.protocol, spec.task)


def record_place(record: RunRecord) -> str:
    """Return where a record lies in a bundle."""
    spec = record.spec
    return f'records/{slug(spec.task)}/{spec.id}--{record.fingerprint[:10]}.json'


def outcomes_place(digest: str) -> str:
    """Return where outcomes per test example lie in a bundle."""
    return f'outcomes/{digest[:2]}/{digest}.npz'


def bundle_files(
    store: ResultStore,
    suite: Suite,
    *,
    backbones: Iterable[str] = (),
    is_partial: bool = False,
    now: datetime | None = None,
) -> dict[str, bytes]:
    """Return the files of the bundle of a suite by their place in it.

    Args:
        store: where the records are.
        suite: whose declared runs are taken; other records of that name are left out.
        backbones: those that are handed in, by id or title; all unless given.
        is_partial: whether whole cells may be missing.
        now: when the bundle is made; now unless given.

    Raises:
        BenchmarkError: there are no such records, or one cannot be read.
    """
    block = declared(suite)
    records = [r for r in counted_records(store.records(suite.name)) if belongs(block, r.spec)]
    records = _of_backbones([r for r in records if r.is_ok], tuple(backbones))
    if not records:
        known = ', '.join(store.suites()) or 'none'
        raise RecordError(
            f'{store.runs_folder(suite.name)}: no finished run of {suite.citation} to submit '
            f'(suites with records: {known}); run `tbench run --suite {suite.name}` first'
        )
    files: dict[str, bytes] = {}
    for record in records:
        files[record_place(record)] = record.to_json().encode()
        content, path = store.outcomes(record), store.outcomes_path(record)
        if content is not None and path is not None:
            files[outcomes_place(path.stem)] = content
    manifest = {
        'schema': SCHEMA,
        'release': __version__,
        'made': (now or datetime.now(UTC)).isoformat(timespec='seconds'),
        'suite': block,
        'is_partial': is_partial,
        'weights': {r.spec.backbone: r.provenance.get('weights') for r in records},
        'data': {r.spec.task: r.provenance.get('data_manifest') for r in records},
        'files': {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    return {MANIFEST: text.encode(errors='replace'), **files}


def _of_backbones(records: list[RunRecord], named: tuple[str, ...]) -> list[RunRecord]:
    """Return the records of the named backbones, and the trivial ones."""
    if not named:
        return records
    titles = {
        r.spec.backbone: str(r.backbone.get('title') or r.spec.backbone)
        for r in records
        if r.spec.protocol != TRIVIAL.name
    }
    chosen = {find_id(name, titles, 'backbone with records') for name in named}
    return [r for r in records if r.spec.backbone in chosen or r.spec.protocol == TRIVIAL.name]


def write_bundle(files: Mapping[str, bytes], out: Path) -> None:
    """Write a bundle as a ZIP file where ``out`` ends in ``.zip``, else as a folder.

    Raises:
        RecordError: it cannot be written, or a folder of that name is not empty.
    """
    if out.suffix.lower() == '.zip':
        write_atomically(out, zipped(files))
        return
    if out.is_dir() and any(out.iterdir()):
        raise RecordError(f'{out}: the folder is not empty; name a new one, or a file FILE.zip')
    for name, data in files.items():
        write_atomically(out / name, data)
