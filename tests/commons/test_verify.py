"""Bundles: whole ones are accepted with a badge, forged and broken ones refused by name."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.catalog import declare_suite, find_suite
from benchmark.cli.main import main
from benchmark.commons.bundle import MANIFEST, bundle_files, record_place, write_bundle
from benchmark.commons.reasons import Badge, Reason
from benchmark.commons.verifying import submit, verify_bundle
from benchmark.errors import BenchmarkError, UnknownNameError
from benchmark.results.records import RunRecord, Status, from_json
from benchmark.results.sharing import zipped
from benchmark.results.store import ResultStore
from benchmark.specs import CellKey, RunSpec
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcome_files import pack as pack_outcomes
from benchmark.statistics.outcomes import Ratios
from tests.support.bundles import RUNS, SEEDS, save_run, sealed, whole_store

Files = dict[str, bytes]


@pytest.fixture(scope='module')
def store(tmp_path_factory: pytest.TempPathFactory) -> ResultStore:
    root = tmp_path_factory.mktemp('store')
    return whole_store(ResultStore(root / 'results', root / 'work'))


@pytest.fixture(scope='module')
def whole(store: ResultStore) -> Files:
    return bundle_files(store, find_suite('quick'))


@pytest.fixture
def files(whole: Files) -> Files:
    return dict(whole)


def written(files: Files, path: Path) -> Path:
    path.write_bytes(zipped(files))
    return path


def resealed(files: Files, **changes: Any) -> Files:
    """Return files whose manifest lists them as they are now."""
    manifest = json.loads(files[MANIFEST])
    rest = {name: data for name, data in files.items() if name != MANIFEST}
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in rest.items()}
    manifest = {**manifest, 'files': listed, **changes}
    return {MANIFEST: json.dumps(manifest).encode(), **rest}


def first(files: Files, pattern: str = '') -> str:
    return next(name for name in sorted(files) if re.search(f'records/.*{pattern}', name))


def with_record(files: Files, change: Callable[[RunRecord], RunRecord], pattern: str = '') -> Files:
    """Return files with one record changed, at the place where it then belongs."""
    name = first(files, pattern)
    record = change(from_json(files[name], Path(name)))
    rest = {key: data for key, data in files.items() if key != name}
    return resealed({**rest, record_place(record): record.to_json().encode()})


def with_text(files: Files, old: str, new: str) -> Files:
    """Return files with the text of one record changed where it lies."""
    name = first(files)
    text = files[name].decode()
    assert old in text
    return resealed({**files, name: text.replace(old, new, 1).encode()})


def said(record: RunRecord, part: str, **changes: Any) -> RunRecord:
    return replace(record, **{part: {**getattr(record, part), **changes}})


def edited_score(files: Files) -> Files:
    return with_record(files, lambda r: replace(r, scores={r.primary: 99.0}))


def edited_score_and_what_the_evaluators_returned(files: Files) -> Files:
    return with_record(
        files, lambda r: replace(r, scores={r.primary: 99.0}, raw={r.primary: 99.0}), 'covered'
    )


def another_task_version(files: Files) -> Files:
    return with_record(files, lambda r: sealed(said(r, 'task', version=1)))


def a_missing_seed(files: Files) -> Files:
    gone = first(files, f'seed{SEEDS[0]}')
    return resealed({name: data for name, data in files.items() if name != gone})


def a_missing_task(files: Files) -> Files:
    gone = ('records/world-fine/', 'outcomes/')
    kept = {name: data for name, data in files.items() if not name.startswith(gone[0])}
    return resealed(kept)


def swapped_outcomes(files: Files) -> Files:
    one, other = (from_json(files[first(files, f'seed{n}')], Path('x')) for n in (0, 1))
    kept = {'outcomes': other.proof['outcomes']}
    assert one.proof['outcomes'] != other.proof['outcomes']
    return with_record(files, lambda r: said(r, 'proof', **kept), 'seed0')


def outcomes_of_other_pictures(files: Files) -> Files:
    def change(record: RunRecord) -> RunRecord:
        share = record.raw[record.primary] / 100
        hits = (np.arange(1000) < round(1000 * share)).astype(np.uint8)
        form = Ratios(hits, scale=100.0)
        content = pack_outcomes({record.primary: Measured(form)})
        digest = hashlib.sha256(content).hexdigest()
        files[f'outcomes/{digest[:2]}/{digest}.npz'] = content
        return said(record, 'proof', outcomes={'sha256': digest})

    return with_record(files, change, 'covered.*seed1')


def outcomes_that_are_a_pickle(files: Files) -> Files:
    buffer = io.BytesIO()
    np.savez(buffer, about=np.array([{'format': 1}], dtype=object))
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    files[f'outcomes/{digest[:2]}/{digest}.npz'] = content
    return with_record(files, lambda r: said(r, 'proof', outcomes={'sha256': digest}))


def a_repeated_row(files: Files) -> Files:
    record = from_json(files[first(files)], Path('x'))
    again = sealed(said(record, 'provenance', libraries={'torch': '2.14.0'}))
    return resealed({**files, record_place(again): again.to_json().encode()})


def a_seed_under_another_name(files: Files) -> Files:
    """The record of the first seed given as that of the last."""
    gone = first(files, f'seed{SEEDS[-1]}')
    record = from_json(files[first(files, 'seed0')], Path('x'))
    copy = replace(record, spec=replace(record.spec, seed=SEEDS[-1]))
    rest = {name: data for name, data in files.items() if name != gone}
    return resealed({**rest, record_place(copy): copy.to_json().encode()})


def an_edited_configuration(files: Files) -> Files:
    return with_record(files, lambda r: said(r, 'config', solver={'type': 'knn', 'k': 50}))


def an_edited_fingerprint(files: Files) -> Files:
    return with_record(files, lambda r: replace(r, fingerprint='f' * 64))


def edited_weights(files: Files) -> Files:
    return with_record(files, lambda r: said(r, 'proof', weights_sha256='0' * 64))


def other_weights_in_one_run(files: Files) -> Files:
    def change(record: RunRecord) -> RunRecord:
        record = said(record, 'proof', weights_sha256='0' * 64)
        return sealed(said(record, 'provenance', weights='0' * 64))

    return with_record(files, change)


def no_weights(files: Files) -> Files:
    def change(record: RunRecord) -> RunRecord:
        return sealed(said(said(record, 'proof', weights_sha256=None), 'provenance', weights=None))

    return with_record(files, change)


def a_truncated_record(files: Files) -> Files:
    name = first(files)
    return resealed({**files, name: files[name][:-200]})


def a_wrong_digest(files: Files) -> Files:
    name = first(files)
    return {**files, name: files[name] + b'\n'}


def an_extra_file(files: Files) -> Files:
    return {**files, 'records/world-fine/run.py': b'import os'}


def a_listed_extra_file(files: Files) -> Files:
    return resealed({**files, 'run.py': b'import os'})


def a_missing_file(files: Files) -> Files:
    name = first(files)
    return {key: data for key, data in files.items() if key != name}


def an_unknown_schema(files: Files) -> Files:
    return resealed(files, schema=99)


def a_record_of_an_unknown_schema(files: Files) -> Files:
    return with_text(files, '"schema": 3', '"schema": 99')


def a_score_that_is_no_number(files: Files) -> Files:
    name = first(files)
    text = re.sub(r'("scores": \{\s*"[^"]+": )[0-9.]+', r'\1NaN', files[name].decode())
    assert 'NaN' in text
    return resealed({**files, name: text.encode()})


def a_failed_run(files: Files) -> Files:
    return with_record(files, lambda r: replace(r, status=Status.FAILED, error='out of memory'))


def a_failed_run_given_as_ok(files: Files) -> Files:
    return with_record(files, lambda r: replace(r, scores={}, raw={}, proof={}, cost={}, error=''))


def two_mixed_bundles(files: Files) -> Files:
    """Seed 1 is that of another bundle, made with other libraries."""
    return with_record(
        files,
        lambda r: sealed(said(r, 'provenance', libraries={'torch': '2.6.0'})),
        'seed1',
    )


def other_data_in_one_run(files: Files) -> Files:
    return with_record(
        files, lambda r: sealed(said(r, 'provenance', data_manifest='d' * 64)), 'seed1'
    )


def an_end_before_the_start(files: Files) -> Files:
    return with_record(files, lambda r: said(r, 'provenance', finished='2026-02-01T10:00:05+00:00'))


def an_end_in_the_future(files: Files) -> Files:
    return with_record(files, lambda r: said(r, 'provenance', finished='2199-03-01T10:00:05+00:00'))


def another_suite(files: Files) -> Files:
    return with_record(files, lambda r: replace(r, suite='study'))


def a_suite_with_fewer_seeds(files: Files) -> Files:
    block = json.loads(files[MANIFEST])['suite']
    return resealed(files, suite={**block, 'seeds': [0]})


def another_version_of_the_suite(files: Files) -> Files:
    block = json.loads(files[MANIFEST])['suite']
    return resealed(files, suite={**block, 'version': 7})


def a_task_outside_of_the_suite(files: Files) -> Files:
    return with_record(files, lambda r: replace(r, spec=replace(r.spec, task='nyuv2')))


def a_record_in_a_wrong_place(files: Files) -> Files:
    name = first(files)
    rest = {key: data for key, data in files.items() if key != name}
    return resealed({**rest, 'records/elsewhere.json': files[name]})


def missing_outcomes(files: Files) -> Files:
    gone = next(name for name in files if name.startswith('outcomes/'))
    return resealed({name: data for name, data in files.items() if name != gone})


def no_manifest(files: Files) -> Files:
    return {name: data for name, data in files.items() if name != MANIFEST}


def a_better_direction(files: Files) -> Files:
    def change(record: RunRecord) -> RunRecord:
        metrics = [{**record.task['metrics'][0], 'higher_is_better': False}]
        return sealed(said(record, 'task', metrics=metrics))

    return with_record(files, change, 'covered')


FORGED: dict[Callable[[Files], Files], Reason] = {
    edited_score: Reason.SCORE,
    edited_score_and_what_the_evaluators_returned: Reason.OUTCOMES,
    a_better_direction: Reason.SCORE,
    another_task_version: Reason.TASK,
    a_missing_seed: Reason.MISSING,
    a_missing_task: Reason.MISSING,
    swapped_outcomes: Reason.OUTCOMES,
    outcomes_of_other_pictures: Reason.OUTCOMES,
    outcomes_that_are_a_pickle: Reason.OUTCOMES,
    missing_outcomes: Reason.OUTCOMES,
    a_repeated_row: Reason.REPEATED,
    a_seed_under_another_name: Reason.SEED,
    an_edited_configuration: Reason.FINGERPRINT,
    an_edited_fingerprint: Reason.FINGERPRINT,
    edited_weights: Reason.WEIGHTS,
    other_weights_in_one_run: Reason.WEIGHTS,
    no_weights: Reason.WEIGHTS,
    a_truncated_record: Reason.UNREADABLE,
    a_wrong_digest: Reason.DIGEST,
    an_extra_file: Reason.EXTRA_FILE,
    a_listed_extra_file: Reason.EXTRA_FILE,
    a_missing_file: Reason.MISSING_FILE,
    an_unknown_schema: Reason.SCHEMA,
    a_record_of_an_unknown_schema: Reason.SCHEMA,
    a_score_that_is_no_number: Reason.NOT_FINITE,
    a_failed_run: Reason.FAILED,
    a_failed_run_given_as_ok: Reason.FAILED,
    two_mixed_bundles: Reason.MIXED,
    other_data_in_one_run: Reason.MIXED,
    an_end_before_the_start: Reason.TIME,
    an_end_in_the_future: Reason.TIME,
    another_suite: Reason.SUITE,
    a_suite_with_fewer_seeds: Reason.SUITE,
    another_version_of_the_suite: Reason.SUITE,
    a_task_outside_of_the_suite: Reason.SUITE,
    a_record_in_a_wrong_place: Reason.PLACE,
    no_manifest: Reason.NO_MANIFEST,
}


@pytest.mark.parametrize('forge', FORGED, ids=lambda forge: forge.__name__)
def test_a_forged_bundle_is_refused_by_name(
    forge: Callable[[Files], Files], files: Files, tmp_path: Path
) -> None:
    verdict = verify_bundle(written(forge(files), tmp_path / 'a.zip'))
    assert FORGED[forge] in {problem.reason for problem in verdict.problems}
    assert verdict.lines()[0].startswith('REFUSED')


def raw_zip(files: Files, path: Path, *entries: tuple[zipfile.ZipInfo, bytes]) -> Path:
    path.write_bytes(zipped(files))
    with zipfile.ZipFile(path, 'a', zipfile.ZIP_DEFLATED) as packed:
        for entry, data in entries:
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return path


def only_reason(path: Path) -> tuple[Reason, str]:
    (problem,) = verify_bundle(path).problems
    return problem.reason, problem.text


@pytest.mark.parametrize('name', ['../outside.json', '/tmp/outside.json', 'records\\..\\x.json'])
def test_a_path_that_leads_out_is_refused(name: str, files: Files, tmp_path: Path) -> None:
    path = raw_zip(files, tmp_path / 'a.zip', (zipfile.ZipInfo(name), b'{}'))
    reason, text = only_reason(path)
    assert reason is Reason.UNPACKING
    assert 'leads out of the folder' in text
    assert [p.name for p in tmp_path.iterdir()] == ['a.zip']


def test_a_link_is_refused_in_an_archive_and_in_a_folder(files: Files, tmp_path: Path) -> None:
    entry = zipfile.ZipInfo('records/link.json')
    entry.external_attr = 0o120777 << 16
    assert (
        only_reason(raw_zip(files, tmp_path / 'a.zip', (entry, b'/etc/passwd')))[0] is Reason.LINK
    )
    folder = tmp_path / 'folder'
    write_bundle(files, folder)
    name = folder / first(files)
    name.rename(tmp_path / 'elsewhere.json')
    name.symlink_to(tmp_path / 'elsewhere.json')
    assert only_reason(folder)[0] is Reason.LINK


def test_a_file_that_is_there_twice_is_refused(files: Files, tmp_path: Path) -> None:
    name = first(files)
    with pytest.warns(UserWarning, match='Duplicate name'):
        path = raw_zip(files, tmp_path / 'a.zip', (zipfile.ZipInfo(name), files[name]))
    assert only_reason(path)[0] is Reason.REPEATED_FILE


def test_a_huge_file_is_refused_before_it_is_unpacked(files: Files, tmp_path: Path) -> None:
    entry = zipfile.ZipInfo('records/huge.json')
    path = raw_zip(files, tmp_path / 'a.zip', (entry, bytes(257 << 20)))
    assert path.stat().st_size < 2 << 20
    assert only_reason(path)[0] is Reason.TOO_LARGE


def test_a_bomb_of_many_files_is_refused(files: Files, tmp_path: Path) -> None:
    zeros = bytes(60 << 20)
    bombs = [(zipfile.ZipInfo(f'records/{n}.json'), zeros) for n in range(2)]
    reason, text = only_reason(raw_zip(files, tmp_path / 'a.zip', *bombs))
    assert reason is Reason.UNPACKING
    assert 'times its size' in text


@pytest.mark.parametrize('keep', [0, 40, -30])
def test_a_truncated_archive_is_refused(keep: int, files: Files, tmp_path: Path) -> None:
    (tmp_path / 'a.zip').write_bytes(zipped(files)[:keep])
    assert only_reason(tmp_path / 'a.zip')[0] is Reason.UNPACKING


@pytest.mark.parametrize('name', ['a.zip', 'folder'])
def test_a_whole_bundle_is_accepted_as_recomputed(
    name: str, store: ResultStore, tmp_path: Path
) -> None:
    out = tmp_path / name
    verdict = submit(store, find_suite('quick'), out)
    assert verdict.is_accepted
    again = verify_bundle(out)
    assert again == replace(verdict, bundle=out)
    assert (again.suite, again.badge) == ('quick@2', Badge.RECOMPUTED)
    assert len(again.badges) == RUNS


def test_without_outcomes_scores_are_self_reported(files: Files, tmp_path: Path) -> None:
    def change(record: RunRecord) -> RunRecord:
        return replace(record, proof={k: v for k, v in record.proof.items() if k != 'outcomes'})

    verdict = verify_bundle(written(with_record(files, change), tmp_path / 'a.zip'))
    assert verdict.is_accepted
    assert verdict.badge is Badge.SELF_REPORTED
    assert list(verdict.badges.values()).count(Badge.RECOMPUTED) == RUNS - 1


def test_runs_that_agree_with_own_ones_are_re_run_and_others_refused(
    files: Files, store: ResultStore, tmp_path: Path
) -> None:
    path = written(files, tmp_path / 'a.zip')
    assert verify_bundle(path, own=store).badge is Badge.RERUN
    own = ResultStore(tmp_path / 'own', tmp_path / 'work')
    record = next(iter(store.records('quick')))
    off = record.scores[record.primary] + 0.4
    own.save(replace(record, scores={record.primary: off}))
    (problem,) = verify_bundle(path, own=own).problems
    assert problem.reason is Reason.RERUN
    assert verify_bundle(path, own=own, tolerance=0.5).badges[record.spec] is Badge.RERUN


def test_weights_that_own_runs_do_not_know_are_refused(files: Files, tmp_path: Path) -> None:
    own = ResultStore(tmp_path / 'own', tmp_path / 'work')
    save_run(own, 'ours-mae', 'world-fine', 9, provenance={
        **from_bytes(files[first(files)]).provenance, 'weights': 'a' * 64
    })  # fmt: skip
    problems = verify_bundle(written(files, tmp_path / 'a.zip'), own=own).problems
    assert {p.reason for p in problems} == {Reason.WEIGHTS}
    assert 'your own runs of ours-mae have others' in problems[0].text


def test_a_partial_bundle_may_lack_cells_but_not_seeds(tmp_path: Path) -> None:
    store = ResultStore(tmp_path / 'results', tmp_path / 'work')
    for seed in SEEDS:
        save_run(store, 'ours-mae', 'world-fine', seed)
    with pytest.raises(BenchmarkError, match='missing run: world-covered · ours-mae · knn'):
        submit(store, find_suite('quick'), tmp_path / 'a.zip')
    assert not (tmp_path / 'a.zip').exists()
    verdict = submit(store, find_suite('quick'), tmp_path / 'a.zip', is_partial=True)
    assert verdict.missing[0] == CellKey('knn', 'world-covered', 'ours-mae')
    assert 'partial: 3 cells are missing' in verdict.lines()[1]
    store = ResultStore(tmp_path / 'fewer', tmp_path / 'work')
    save_run(store, 'ours-mae', 'world-fine', 1)
    with pytest.raises(BenchmarkError, match='knn: no run with seed 0'):
        submit(store, find_suite('quick'), tmp_path / 'b.zip', is_partial=True)


def test_a_run_that_no_seed_changes_is_asked_for_once(tmp_path: Path) -> None:
    store = ResultStore(tmp_path / 'results', tmp_path / 'work')
    save_run(store, 'ours-mae', 'world-fine', 0)
    verdict = submit(store, find_suite('quick'), tmp_path / 'a.zip', is_partial=True)
    assert not verdict.problems
    # weights that the seed draws
    store = ResultStore(tmp_path / 'drawn', tmp_path / 'work')
    save_run(store, 'ours-mae+reinit1', 'world-fine', 0)
    with pytest.raises(BenchmarkError, match='knn: no run with seed 1'):
        submit(store, find_suite('quick'), tmp_path / 'b.zip', is_partial=True)


def test_one_backbone_can_be_handed_in_alone(store: ResultStore, tmp_path: Path) -> None:
    verdict = submit(store, find_suite('quick@2'), tmp_path / 'a.zip', backbones=['ours mae'])
    assert {spec.backbone for spec in verdict.badges} == {'ours-mae'}
    with pytest.raises(UnknownNameError, match="unknown backbone with records 'nobody'"):
        submit(store, find_suite('quick'), tmp_path / 'b.zip', backbones=['nobody'])


@pytest.mark.parametrize('version', [0, '2', 1.5])
def test_a_version_of_a_suite_is_a_count(version: object) -> None:
    values = {'name': 'x', 'title': 'X', 'tasks': ('nyuv2',), 'protocols': ('knn',), 'seeds': (0,)}
    assert declare_suite({**values, 'version': 3}).citation == 'x@3'
    with pytest.raises(BenchmarkError, match='version'):
        declare_suite({**values, 'version': version})


def test_a_suite_is_named_with_its_version() -> None:
    assert find_suite('quick@2').citation == 'quick@2'
    with pytest.raises(UnknownNameError, match=r"suite 'quick@9': this release has quick@2"):
        find_suite('quick@9')


def test_the_commands_say_accepted_or_refused(
    store: ResultStore, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / 'good.zip', tmp_path / 'bad.zip'
    assert main(['submit', 'quick', str(good), '--results', str(store.results)]) == 0
    written(edited_score(files), bad)
    assert main(['verify', str(good)]) == 0
    assert f'accepted {good}: quick@2, {RUNS} runs, recomputed' in capsys.readouterr().out
    assert main(['verify', str(good), str(bad)]) == 1
    assert 'edited score: records/world-' in capsys.readouterr().out
    assert main(['verify', str(tmp_path / 'nowhere.zip')]) == 2


def test_a_bundle_is_never_written_into_a_folder_in_use(store: ResultStore, tmp_path: Path) -> None:
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'thesis.tex').write_text('x')
    with pytest.raises(BenchmarkError, match='the folder is not empty'):
        submit(store, find_suite('quick'), tmp_path / 'mine')


def test_a_suite_of_no_release_is_taken_as_the_bundle_says(files: Files, tmp_path: Path) -> None:
    block = {**json.loads(files[MANIFEST])['suite'], 'name': 'ours'}
    changed = {
        name: from_bytes(data).to_json().encode() if name.startswith('records/') else data
        for name, data in files.items()
    }
    verdict = verify_bundle(written(resealed(changed, suite=block), tmp_path / 'a.zip'))
    assert verdict.is_accepted
    assert 'no suite of that name' in verdict.lines()[-1]


def from_bytes(data: bytes) -> RunRecord:
    return replace(from_json(data, Path('x')), suite='ours')


def test_no_spec_is_lost(whole: Files) -> None:
    specs = {from_bytes(whole[n]).spec for n in whole if n.startswith('records/')}
    assert RunSpec('world-fine', 'ours-mae', 'knn', SEEDS[-1]) in specs
