"""Bring records up to date: contents of data in place of names and sizes, accepted configurations.

    python tools/migrate_records.py quick study tests/real_mini/suite.py --data-root data

Records of schema 2 and before know their data by names and sizes. Where those are still the same,
the record gets the digest of the contents, a new fingerprint and a new file name; the old ones
stay in its provenance. ``tbench run`` does the same for the cells that it finds done.

Then every record is compared with the configuration that is compiled for its cell today. Where
they differ in what identifies a run, the differences are shown. If a person knows that a change
alters no number, ``--accept KEY`` writes today's configuration into the records that differ in
keys of this name alone (dotted, ``*`` stands for anything); no other record is touched.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.catalog import find_backbone
from benchmark.compiling import names_and_sizes
from benchmark.errors import BenchmarkError
from benchmark.hashing import canonical_json
from benchmark.launching.campaign import Campaign
from benchmark.launching.executors.base import Executor
from benchmark.launching.executors.local import LocalExecutor
from benchmark.launching.features import inspect_all
from benchmark.planning import Request, ResolvedInputs
from benchmark.planning.contents import DataReader
from benchmark.planning.data import locate
from benchmark.protocols import TRIVIAL, load_protocol
from benchmark.regression.cells import differences
from benchmark.results.identity import identifying, recorded_fingerprint
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore, read_record
from benchmark.results.upgrades import NAMES_AND_SIZES
from benchmark.specs import Backbone, RunSpec, Task
from benchmark.world import ensure_world

Records = dict[Path, RunRecord]


def main(arguments: Sequence[str] | None = None) -> int:
    """Migrate the records of the named suites and return 1 where differences are left."""
    options = _options(arguments)
    store = ResultStore(options.results, options.work_dir)
    requests = {request.suite.name: request for request in map(Request.read, options.suites)}
    reader = DataReader(options.work_dir / 'cache' / 'data', say=print)
    is_settled = True
    with LocalExecutor(1, 'cpu') as executor:
        for folder in store.suites():
            request = _request_for(folder, requests)
            if request is None:
                print(f'{folder}: no suite named for these records; left alone')
                continue
            campaign = Campaign(request, store, options.data_root, say=print)
            _give_contents(campaign, reader, folder)
            is_settled &= _compare(campaign, folder, executor, options.accept)
    return 0 if is_settled else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('suites', nargs='+', metavar='SUITE')
    parser.add_argument('--results', type=Path, default=Path('results'))
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs'))
    parser.add_argument(
        '--data-root', type=Path, default=Path(os.environ.get('TBENCH_DATA', 'data'))
    )
    parser.add_argument('--accept', nargs='+', default=(), metavar='KEY')
    return parser.parse_args(arguments)


def _request_for(folder: str, requests: dict[str, Request]) -> Request | None:
    """Return the request of the suite for whose records, or its variants', a folder is."""
    names = [name for name in requests if folder == name or folder.startswith(f'{name}-')]
    return requests[max(names, key=len)] if names else None


def _records(store: ResultStore, folder: str) -> Records:
    return {path: read_record(path) for path in sorted(store.runs_folder(folder).rglob('*.json'))}


def _folder_of(campaign: Campaign, task: Task) -> Path:
    if task.source.provider:
        return ensure_world(campaign.data_root) / task.source.root
    return locate(task, campaign.data_root)


def _give_contents(campaign: Campaign, reader: DataReader, folder: str) -> None:
    """Give records whose data have the same names and sizes as before the digest of contents."""
    tasks = {task.name: task for task in campaign.request.tasks}
    counts = {'now known by contents': 0, 'whose data are not those here': 0}
    for path, record in _records(campaign.store, folder).items():
        task = tasks.get(record.spec.task)
        said = record.provenance
        if task is None or said.get('data_level') != NAMES_AND_SIZES:
            continue
        data = _folder_of(campaign, task)
        if names_and_sizes(data, task.tree) != said.get('data_manifest'):
            counts['whose data are not those here'] += 1
            continue
        digest, level = reader.manifest(task, data).digest, campaign.level.value
        mark = recorded_fingerprint(record.config, record.task, {**said, 'data_manifest': digest})
        campaign.store.adopt(path, record, mark, digest, level)
        counts['now known by contents'] += 1
    print(f'{folder}: ' + ', '.join(f'{count} records {what}' for what, count in counts.items()))


def _compare(campaign: Campaign, folder: str, executor: Executor, accepted: Sequence[str]) -> bool:
    """Show how records differ from what is compiled today; return whether none does any more."""
    records = _records(campaign.store, folder)
    compiled = _compiled(campaign, [record.spec for record in records.values()], executor)
    seen: dict[tuple[str, ...], list[str]] = {}
    for path, record in records.items():
        today = compiled.get(record.spec)
        if today is None:
            continue
        before, after = identifying(record.config), identifying(today)
        if canonical_json(before) == canonical_json(after):
            continue
        lines = tuple(differences(_plain(before), _plain(after)))
        if accepted and all(_is_accepted(line, accepted) for line in lines):
            mark = recorded_fingerprint(today, record.task, record.provenance)
            changed = replace(record, config=today)
            said = changed.provenance
            place = campaign.store.adopt(
                path, changed, mark, said['data_manifest'], said['data_level']
            )
            print(f'{folder}: {place.name} has the configuration of today')
        else:
            seen.setdefault(lines, []).append(path.name)
    for lines, names in seen.items():
        print(f'{folder}: {len(names)} records, {names[0]} the first, differ from today in')
        for line in lines:
            print(f'    {line}')
    return not seen


def _plain(config: object) -> dict[str, object]:
    found: dict[str, object] = json.loads(canonical_json(config))
    return found


def _is_accepted(line: str, accepted: Sequence[str]) -> bool:
    key = line.partition(': ')[0]
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in accepted)


def _compiled(
    campaign: Campaign, specs: Sequence[RunSpec], executor: Executor
) -> dict[RunSpec, dict[str, object]]:
    """Return the configuration that is compiled today for each of ``specs`` that has one."""
    request = campaign.request
    own = {backbone.id: backbone for backbone in request.backbones}
    names = {spec.backbone for spec in specs if spec.protocol != TRIVIAL.name}
    backbones = tuple(_found(own, sorted(names)))
    protocols = tuple(load_protocol(name) for name in sorted({spec.protocol for spec in specs}))
    campaign.request = replace(request, backbones=backbones, protocols=protocols)
    folders = {task.name: _folder_of(campaign, task) for task in request.tasks}
    inspected = inspect_all(
        backbones, campaign.store.work / 'cache', executor, refuse=lambda name, error: print(error)
    )
    resolved = ResolvedInputs(folders, dict.fromkeys(folders, ''), inspected)
    compiler = campaign.compiler(resolved, executor.device)
    found: dict[RunSpec, dict[str, object]] = {}
    known = {*inspected, *(spec.backbone for spec in specs if spec.protocol == TRIVIAL.name)}
    for spec in specs:
        if spec.task not in folders or spec.backbone not in known:
            continue
        try:
            found[spec] = compiler.cell(spec).config
        except BenchmarkError as error:
            print(f'{spec.id}: {error}')
    return found


def _found(own: Mapping[str, Backbone], names: Sequence[str]) -> Iterator[Backbone]:
    for name in names:
        try:
            yield own[name] if name in own else find_backbone(name)
        except BenchmarkError as error:
            print(f'{name}: {error}')


if __name__ == '__main__':
    raise SystemExit(main())
