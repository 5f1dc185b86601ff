"""Archives: whole or refused, merged and never overwritten."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark import api
from benchmark.cli.main import main
from benchmark.compiling.facts import suite_facts
from benchmark.errors import RecordError
from benchmark.results.records import Status
from benchmark.results.sharing import MANIFEST, ImportOutcome, export_suite, import_archive
from benchmark.results.store import ResultStore
from benchmark.results.suites import SuiteFacts
from benchmark.specs import RunSpec
from tests.support.record_builders import full_record

OLD = Path(__file__).parent / 'golden' / 'schema1'
Files = dict[str, bytes]


@pytest.fixture
def ours(tmp_path: Path) -> ResultStore:
    store = ResultStore(tmp_path / 'ours', tmp_path / 'work')
    for seed in range(3):
        store.save(full_record(RunSpec('parts', 'vit-s-mae', 'finetune', seed)))
    return store


@pytest.fixture
def theirs(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / 'theirs', tmp_path / 'work')


@pytest.fixture
def archive(ours: ResultStore, tmp_path: Path) -> Path:
    assert export_suite(ours, 'quick', tmp_path / 'a.zip') == 3
    return tmp_path / 'a.zip'


def read(archive: Path) -> Files:
    with zipfile.ZipFile(archive) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def write(archive: Path, files: Files, *, seal: bool = True) -> None:
    """Write ``files``; ``seal`` makes the manifest right again."""
    if seal:
        manifest = json.loads(files[MANIFEST])
        manifest['files'] = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in files.items()
            if name != MANIFEST
        }
        files = {**files, MANIFEST: json.dumps(manifest).encode()}
    with zipfile.ZipFile(archive, 'w') as packed:
        for name, data in files.items():
            packed.writestr(name, data)


class TestRoundTrip:
    def test_records_arrive_byte_by_byte(
        self, ours: ResultStore, theirs: ResultStore, archive: Path
    ) -> None:
        imported = import_archive(theirs, archive)
        assert {item.outcome for item in imported} == {ImportOutcome.ADDED}
        assert list(theirs.records('quick')) == list(ours.records('quick'))
        for item in imported:
            twin = ours.results / item.path.relative_to(theirs.results)
            assert item.path.read_bytes() == twin.read_bytes()

    def test_equal_records_give_an_equal_archive(
        self, ours: ResultStore, archive: Path, tmp_path: Path
    ) -> None:
        shutil.copytree(ours.results, tmp_path / 'copy')
        export_suite(ResultStore(tmp_path / 'copy', tmp_path), 'quick', tmp_path / 'b.zip')
        assert (tmp_path / 'b.zip').read_bytes() == archive.read_bytes()

    def test_again_nothing_is_left_to_add(self, theirs: ResultStore, archive: Path) -> None:
        import_archive(theirs, archive)
        assert {item.outcome for item in import_archive(theirs, archive)} == {ImportOutcome.PRESENT}

    def test_records_of_an_older_version_travel_as_they_are(
        self, theirs: ResultStore, tmp_path: Path
    ) -> None:
        count = export_suite(ResultStore(OLD, tmp_path), 'real-mini', tmp_path / 'old.zip')
        assert len(import_archive(theirs, tmp_path / 'old.zip')) == count == 4
        assert len(list(theirs.records('real-mini'))) == 4

    def test_only_what_belongs_is_packed(self, ours: ResultStore, tmp_path: Path) -> None:
        (ours.runs_folder('quick') / 'parts' / 'weights.pth').write_bytes(b'x')
        export_suite(ours, 'quick', tmp_path / 'b.zip')
        assert all(name == MANIFEST or name.endswith('.json') for name in read(tmp_path / 'b.zip'))


@pytest.fixture
def facts() -> SuiteFacts:
    suite = api.get_suite('quick')
    tasks = [api.get_task(name) for name in ('world-depth', 'world-pose')]
    found = suite_facts(suite, tasks)
    return replace(found, films={'world-pose': r'^(film\d+)_'}, groups={'world-pose': 'mine'})


def with_outcomes(store: ResultStore, seed: int) -> Path:
    """Save a record with outcomes of its test examples, and return their file."""
    content = f'outcomes of seed {seed}'.encode()
    digest = hashlib.sha256(content).hexdigest()
    item = full_record(RunSpec('parts', 'vit-s-mae', 'knn', seed))
    item = replace(item, proof={**item.proof, 'outcomes': {'sha256': digest}})
    store.save(item)
    place = store.outcomes_path(item)
    assert place is not None
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


class TestBesideRecords:
    def test_outcomes_and_what_the_suite_declares_arrive(
        self, ours: ResultStore, theirs: ResultStore, tmp_path: Path, facts: SuiteFacts
    ) -> None:
        place = with_outcomes(ours, 7)
        assert export_suite(ours, 'quick', tmp_path / 'b.zip', facts) == 4
        assert len(import_archive(theirs, tmp_path / 'b.zip')) == 4
        there = theirs.results / place.relative_to(ours.results)
        assert there.read_bytes() == place.read_bytes()
        assert theirs.suite_facts('quick') == facts

    def test_an_archive_of_an_archive_is_the_same(
        self, ours: ResultStore, theirs: ResultStore, tmp_path: Path, facts: SuiteFacts
    ) -> None:
        with_outcomes(ours, 7)
        export_suite(ours, 'quick', tmp_path / 'b.zip', facts)
        import_archive(theirs, tmp_path / 'b.zip')
        export_suite(theirs, 'quick', tmp_path / 'c.zip')
        assert (tmp_path / 'c.zip').read_bytes() == (tmp_path / 'b.zip').read_bytes()

    def test_records_that_are_there_gain_their_outcomes(
        self, ours: ResultStore, theirs: ResultStore, tmp_path: Path
    ) -> None:
        place = with_outcomes(ours, 7)
        theirs.save(next(r for r in ours.records('quick') if r.spec.seed == 7))
        export_suite(ours, 'quick', tmp_path / 'b.zip')
        import_archive(theirs, tmp_path / 'b.zip')
        assert (theirs.results / place.relative_to(ours.results)).is_file()

    def test_other_facts_of_a_suite_are_a_conflict_and_stay(
        self, ours: ResultStore, theirs: ResultStore, tmp_path: Path, facts: SuiteFacts
    ) -> None:
        export_suite(ours, 'quick', tmp_path / 'b.zip', facts)
        import_archive(theirs, tmp_path / 'b.zip')
        export_suite(ours, 'quick', tmp_path / 'c.zip', replace(facts, version=9))
        last = import_archive(theirs, tmp_path / 'c.zip')[-1]
        assert last.outcome is ImportOutcome.CONFLICT
        assert last.path == theirs.suite_path('quick')
        assert theirs.suite_facts('quick') == facts

    def test_archives_of_version_1_are_read(self, theirs: ResultStore, archive: Path) -> None:
        files = read(archive)
        manifest = {**json.loads(files[MANIFEST]), 'format': 1}
        write(archive, {**files, MANIFEST: json.dumps(manifest).encode()})
        assert len(import_archive(theirs, archive)) == 3

    @pytest.mark.parametrize(
        'change',
        [
            {'films': {'world-pose': r'^((a+)+)$'}},
            {'films': {'world-pose': r'^(.*).*.*x'}},
            {'films': {'world-pose': 'film'}},
            {'films': {'world-pose': '('}},
            {'films': {'world-pose': '(' + 'a' * 300 + ')'}},
            {'asked': {'knn': ['other']}},
            {'tasks': {'world-pose': {'kind': 5}}},
            {'groups': []},
            {'version': '1'},
            {'format': 9},
            {'name': 'other'},
        ],
        ids=lambda change: '-'.join(change),
    )
    def test_facts_that_cannot_be_meant_are_refused(
        self,
        ours: ResultStore,
        theirs: ResultStore,
        tmp_path: Path,
        facts: SuiteFacts,
        change: dict[str, object],
    ) -> None:
        export_suite(ours, 'quick', tmp_path / 'b.zip', facts)
        files = read(tmp_path / 'b.zip')
        name = 'suites/quick.json'
        said = {**json.loads(files[name]), **change}
        write(tmp_path / 'b.zip', {**files, name: json.dumps(said).encode()})
        with pytest.raises(RecordError, match=r'b\.zip') as caught:
            import_archive(theirs, tmp_path / 'b.zip')
        assert '\n' not in str(caught.value)
        assert not theirs.results.exists()

    def test_outcomes_of_no_record_and_of_another_name_are_refused(
        self, ours: ResultStore, theirs: ResultStore, tmp_path: Path
    ) -> None:
        place = with_outcomes(ours, 7)
        export_suite(ours, 'quick', tmp_path / 'b.zip')
        files = read(tmp_path / 'b.zip')
        name = place.relative_to(ours.results).as_posix()
        for damaged in (
            {**files, name: b'other'},
            {**files, f'outcomes/ab/{"ab" * 32}.npz': b'more'},
        ):
            write(tmp_path / 'c.zip', damaged)
            with pytest.raises(RecordError, match='is of no record of the archive'):
                import_archive(theirs, tmp_path / 'c.zip')
        assert not theirs.results.exists()


class TestMerging:
    @pytest.mark.parametrize(
        ('change', 'part'),
        [
            ({'scores': {'mIoU': 1.0}}, 'mIoU is 1.0 here, 46.3 in the archive'),
            ({'cost': {'train_seconds': 9.0}}, 'the scores are equal, these differ: cost'),
            ({'status': Status.FAILED, 'error': 'x'}, 'the one here is failed, the other ok'),
        ],
    )
    def test_a_conflict_is_shown_and_the_others_arrive(
        self, theirs: ResultStore, archive: Path, change: dict[str, object], part: str
    ) -> None:
        other = replace(full_record(RunSpec('parts', 'vit-s-mae', 'finetune', 1)), **change)  # type: ignore[arg-type]
        path = theirs.save(other)
        before = path.read_bytes()
        imported = import_archive(theirs, archive)
        assert sorted(item.outcome for item in imported) == ['added', 'added', 'conflict']
        (conflict,) = (item for item in imported if item.outcome is ImportOutcome.CONFLICT)
        assert conflict.path == path
        assert part in conflict.detail
        assert path.read_bytes() == before
        assert len(list(theirs.records('quick'))) == 3


def _truncated(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-200])


def _flipped(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 0xFF
    archive.write_bytes(bytes(data))


def _emptied(archive: Path) -> None:
    archive.write_bytes(b'')


def _no_zip(archive: Path) -> None:
    archive.write_text('hello')


def _without_manifest(archive: Path) -> None:
    files = read(archive)
    del files[MANIFEST]
    write(archive, files, seal=False)


def _with_one_missing(archive: Path) -> None:
    files = read(archive)
    del files[sorted(files)[-1]]
    write(archive, files, seal=False)


def _with_one_more(archive: Path) -> None:
    write(archive, {**read(archive), 'runs/quick/more.json': b'{}'}, seal=False)


def _with_other_content(archive: Path) -> None:
    files = read(archive)
    name = sorted(files)[-1]
    write(archive, {**files, name: files[name].replace(b'46.3', b'64.3')}, seal=False)


def _with_no_record(archive: Path) -> None:
    write(archive, {**read(archive), 'runs/quick/parts/x.json': b'{"schema": 1}'})


def _misplaced(archive: Path) -> None:
    files = read(archive)
    name = sorted(files)[-1]
    files['runs/quick/other/x.json'] = files.pop(name)
    write(archive, files)


def _leading_out(name: str) -> Callable[[Path], None]:
    def damage(archive: Path) -> None:
        files = read(archive)
        files[name] = files.pop(sorted(files)[-1])
        write(archive, files)

    return damage


def _of_another_suite(archive: Path) -> None:
    files = read(archive)
    manifest = {**json.loads(files[MANIFEST]), 'suite': 'other'}
    write(archive, {**files, MANIFEST: json.dumps(manifest).encode()})


def _of_another_format(archive: Path) -> None:
    files = read(archive)
    manifest = {**json.loads(files[MANIFEST]), 'format': 9}
    write(archive, {**files, MANIFEST: json.dumps(manifest).encode()})


def _with_paths_in_the_spec(archive: Path) -> None:
    files = read(archive)
    name = sorted(files)[-1]
    content = json.loads(files[name])
    content['spec']['task'] = 5
    write(archive, {**files, name: json.dumps(content).encode()})


@pytest.mark.parametrize(
    'damage',
    [
        _truncated, _flipped, _emptied, _no_zip, _without_manifest, _with_one_missing,
        _with_one_more, _with_other_content, _with_no_record, _misplaced, _of_another_suite,
        _of_another_format, _with_paths_in_the_spec,
        _leading_out('../../outside.json'), _leading_out('/tmp/outside.json'),
        _leading_out('runs\\..\\..\\outside.json'), _leading_out('runs/../../outside.json'),
    ],
    ids=lambda damage: damage.__qualname__.strip('_'),
)  # fmt: skip
def test_a_damaged_archive_is_refused_whole(
    theirs: ResultStore, archive: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(archive)
    before = {path for path in tmp_path.rglob('*') if path.is_file()}
    with pytest.raises(RecordError, match=r'a\.zip') as caught:
        import_archive(theirs, archive)
    assert '\n' not in str(caught.value)
    assert {path for path in tmp_path.rglob('*') if path.is_file()} == before


def test_an_entry_that_occurs_twice_is_refused(theirs: ResultStore, archive: Path) -> None:
    files = read(archive)
    name = sorted(files)[-1]
    with (
        zipfile.ZipFile(archive, 'a') as packed,
        pytest.warns(UserWarning, match='Duplicate name'),
    ):
        packed.writestr(name, files[name])
    with pytest.raises(RecordError, match='occurs twice'):
        import_archive(theirs, archive)


def test_a_misplaced_record_is_not_exported(ours: ResultStore, tmp_path: Path) -> None:
    path = next(ours.runs_folder('quick').rglob('*.json'))
    path.rename(path.with_name('renamed.json'))
    with pytest.raises(RecordError, match=r'renamed\.json: this record belongs at'):
        export_suite(ours, 'quick', tmp_path / 'b.zip')
    assert not (tmp_path / 'b.zip').exists()


def test_the_commands(
    ours: ResultStore, theirs: ResultStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = str(tmp_path / 'c.zip')
    assert main(['export', 'quick', archive, '--results', str(ours.results)]) == 0
    assert '3 records of suite quick' in capsys.readouterr().out
    merge = ['import', archive, '--results', str(theirs.results)]
    assert main(merge) == 0
    assert '3 added, 0 already there, 0 conflict' in capsys.readouterr().out
    theirs.save(replace(next(theirs.records('quick')), error='other'))
    assert main(merge) == 1
    assert 'the one here was kept' in capsys.readouterr().out
    assert main(['export', 'nothing', archive, '--results', str(ours.results)]) == 2
    assert "no records of suite 'nothing' (suites with records: quick)" in capsys.readouterr().err
    assert main(['import', str(tmp_path / 'none.zip'), '--results', 'x']) == 2


def test_a_bomb_is_refused_before_it_unfolds(
    theirs: ResultStore, archive: Path, tmp_path: Path
) -> None:
    files = read(archive)
    name = next(name for name in files if name != MANIFEST)
    with zipfile.ZipFile(tmp_path / 'bomb.zip', 'w', zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(MANIFEST, files[MANIFEST])
        packed.writestr(name, b' ' * (20 << 20))
    with pytest.raises(RecordError, match='unfolds to 20971520 bytes from'):
        import_archive(theirs, tmp_path / 'bomb.zip')
    assert not theirs.results.exists()


def test_a_manifest_of_endless_depth_is_one_line(
    theirs: ResultStore, archive: Path, tmp_path: Path
) -> None:
    deep = ('[' * 100_000 + ']' * 100_000).encode()
    with zipfile.ZipFile(tmp_path / 'deep.zip', 'w', zipfile.ZIP_STORED) as packed:
        packed.writestr(MANIFEST, deep)
    with pytest.raises(RecordError, match='nested too deep'):
        import_archive(theirs, tmp_path / 'deep.zip')
