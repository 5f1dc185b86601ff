"""Valid files of everything that the program reads, changed at random, and what it says of them."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
import os
import random
import re
import shutil
import signal
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from benchmark.cli.main import OUR_FAULT, WRONG_REQUEST, main
from benchmark.errors import BenchmarkError
from benchmark.results import index
from benchmark.results.index import read_briefs
from benchmark.results.leases import Observer, see
from benchmark.results.records import RunRecord
from benchmark.results.sharing import export_suite
from benchmark.results.store import ResultStore, read_if_there
from benchmark.specs import RunSpec
from tests.support.bundles import whole_store
from tests.support.record_builders import full_record

ROOT = Path(__file__).parents[2]
LIMIT = 20.0
"""Seconds of the processor after which an input hangs."""

FAULTS = ('fault', 'hang')


class Case(NamedTuple):
    """What became of one changed file: ``'read'``, ``'refused'``, or one of the faults."""

    source: str
    seed: int
    mutation: str
    result: str
    detail: str = ''


class Input(NamedTuple):
    """A file that the program reads.

    Attributes:
        make: fills a folder and returns the file to change.
        read: reads what is in that folder, as the program does.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], object]


def case(name: str, folder: Path, seed: int) -> Case:
    """Return what becomes of the input ``name`` with one or two changes, drawn by ``seed``."""
    source, draw = INPUTS[name], random.Random(f'{name} {seed}')
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = source.make(folder)
    done = [mutate(path, draw) for _ in range(draw.choice((1, 1, 2)))]
    result, detail = outcome(lambda: source.read(folder))
    return Case(name, seed, ' + '.join(done), result, detail)


def outcome(read: Callable[[], object]) -> tuple[str, str]:
    """Return whether ``read`` ends, is refused in one line, or is at fault, with what it says."""
    try:
        with _limited():
            read()
    except _Hang:
        return 'hang', f'still busy after {LIMIT:.0f} s of the processor'
    except BenchmarkError as error:
        lines = [str(problem) for problem in getattr(error, 'problems', (error,))]
        if not all(lines) or any('\n' in line for line in lines):
            return 'fault', f'more than a line: {lines}'
        return 'refused', lines[0]
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        return 'fault', f'{type(error).__name__}: {error!s:.200} ({at.filename}:{at.lineno})'
    return 'read', ''


class _Hang(BaseException):
    pass


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _Hang

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# changes

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, 10**400, 0.5, -0.0, 1e308, '', 'x', '../../x', '/'),
    *('a\0b', '\ud800', 'x' * 5000, '\x1b[2J', '<b>', '=1+1', [], {}, [[]], [None], {'': ''}),
    *({'a': {'b': []}}, 'nan', '2031-13-45', 'é', 'con', '.', '-1'),
)
_DEEP = 3000


def mutate(path: Path, draw: random.Random) -> str:
    """Change a file, and return the name of the change."""
    forms = [_change_bytes]
    if path.suffix in _FORMS:
        forms += [_FORMS[path.suffix]] * 3
    elif path.read_bytes()[:1] in (b'{', b'['):
        forms += [_change_json] * 3
    return draw.choice(forms)(path, draw)


def _change_bytes(path: Path, draw: random.Random) -> str:
    data = bytearray(path.read_bytes())
    at = draw.randrange(len(data) + 1)
    what = draw.choice(('flip', 'cut', 'drop', 'repeat', 'insert', 'empty', 'noise', 'letters'))
    if what == 'flip' and data:
        for _ in range(draw.choice((1, 3, 20))):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    elif what == 'cut':
        del data[at:]
    elif what == 'drop':
        del data[at : at + draw.choice((1, 10, 100))]
    elif what == 'repeat':
        data[at:at] = data[at : at + 50] * draw.choice((1, 40))
    elif what == 'insert':
        data[at:at] = draw.choice((b'\0', b'\xff\xfe', b'"', b"'", b'\\', b'\n' * 9, b'(' * 300))
    elif what == 'noise':
        data[at : at + 30] = draw.randbytes(30)
    elif what == 'letters':
        data = bytearray(data.decode('utf-8', 'replace').encode('utf-16'))
    else:
        data.clear()
    path.write_bytes(bytes(data))
    return f'bytes: {what}'


def _change_json(path: Path, draw: random.Random) -> str:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return _change_bytes(path, draw)
    text, what = _changed_json(content, draw)
    path.write_text(text, encoding='utf-8', errors='surrogatepass')
    return f'JSON: {what}'


def _changed_json(content: Any, draw: random.Random) -> tuple[str, str]:
    what = draw.choice(('value', 'value', 'value', 'key', 'lose', 'more', 'nan', 'deep', 'whole'))
    if what == 'whole':
        return json.dumps(draw.choice(_VALUES)), what
    holder = {'': copy.deepcopy(content)}
    places = list(_places(holder))
    inside, key = draw.choice(places)
    mark = 'hole-880326'
    if what == 'lose' and isinstance(inside, dict):
        del inside[key]
    elif what == 'key' and isinstance(inside, dict):
        inside[draw.choice(('', 'x', '../x', '__class__', '\ud800'))] = inside.pop(key)
    elif what == 'more' and isinstance(inside[key], list):
        inside[key] += [*copy.deepcopy(inside[key]), draw.choice(_VALUES)]
    elif what in ('nan', 'deep'):
        inside[key] = mark
    else:
        inside[key] = draw.choice(_VALUES)
    text = json.dumps(holder.get('', draw.choice(_VALUES)))
    hole = (
        draw.choice(('NaN', '-Infinity', '1e999')) if what == 'nan' else '[' * _DEEP + ']' * _DEEP
    )
    return text.replace(f'"{mark}"', hole), what


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with each of its keys."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _change_python(path: Path, draw: random.Random) -> str:
    """Replace a value of a declaration, or a name, or leave one out."""
    try:
        text = path.read_text()
        nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant | ast.Tuple)]
        words = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.keyword) and n.arg]
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return _change_bytes(path, draw)
    what = draw.choice(('value', 'value', 'name', 'lose', 'code', 'deep'))
    lines = text.splitlines(keepends=True)
    node: Any = draw.choice(words if what in ('name', 'lose') and words else nodes or [None])
    if node is None:
        return _change_bytes(path, draw)
    start, end = (
        len(''.join(lines[: row - 1]).encode()) + column
        for row, column in (
            (node.lineno, node.col_offset),
            (node.end_lineno, node.end_col_offset),
        )
    )
    code = ('__import__("os")', 'open("x")', '2**9**9', '"a" * 9', 'f"{1}"', 'lambda: 0', '[*()]')
    put = {
        'value': lambda: repr(draw.choice(_VALUES)),
        'name': lambda: draw.choice(('nane=1', '_x=2', 'type=3')),
        'lose': lambda: 'title="x"',
        'code': lambda: draw.choice(code),
        'deep': lambda: draw.choice(('-' * 900 + '1', '(' * 150 + ')' * 150, '[' * 900)),
    }[what]()
    data = text.encode()
    path.write_bytes(data[:start] + put.encode('utf-8', 'surrogatepass') + data[end:])
    return f'Python: {what}'


def _change_text(path: Path, draw: random.Random) -> str:
    """Replace a word or a line of a table or of TOML."""
    text = path.read_text(errors='replace')
    lines = text.splitlines()
    if not lines:
        return _change_bytes(path, draw)
    what = draw.choice(('word', 'word', 'word', 'line', 'swap', 'twice', 'quote'))
    row = draw.randrange(len(lines))
    words = list(re.finditer(r'[\w.+-]+', lines[row]))
    if what == 'word' and words:
        word = draw.choice(words)
        value = draw.choice(_VALUES)
        said = value if isinstance(value, str) else json.dumps(value)
        lines[row] = lines[row][: word.start()] + said + lines[row][word.end() :]
    elif what == 'line':
        del lines[row]
    elif what == 'swap':
        lines[row], lines[0] = lines[0], lines[row]
    elif what == 'quote':
        lines[row] += '"'
    else:
        lines.insert(row, lines[row])
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8', errors='surrogatepass')
    return f'text: {what}'


def _change_zip(path: Path, draw: random.Random) -> str:
    """Change a file of an archive, or its name, or which files there are."""
    try:
        with zipfile.ZipFile(path) as packed:
            files = [(name, packed.read(name)) for name in packed.namelist()]
    except Exception:  # changed before, in a way that nothing reads
        return _change_bytes(path, draw)
    if not files:
        return _change_bytes(path, draw)
    what = draw.choice(('content', 'content', 'content', 'name', 'lose', 'twice', 'fold', 'link'))
    at = draw.randrange(len(files))
    name, data = files[at]
    if what == 'content':
        if data[:1] == b'{' and draw.random() < 0.7:
            text, _ = _changed_json(json.loads(data), draw)
            files[at] = name, text.encode('utf-8', 'surrogatepass')
        else:
            files[at] = name, draw.randbytes(9) + data[: draw.randrange(len(data) + 1)]
    elif what == 'name':
        others = (f'../{name}', f'/tmp/{name}', f'{name}/', '', 'a\\b', f'runs/{name}', '\x1b', '.')
        files[at] = draw.choice(others), data
    elif what == 'lose':
        del files[at]
    elif what == 'twice':
        files.append((name, data))
    elif what == 'fold':
        files[at] = name, b' ' * 3_000_000
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
        for number, (other, content) in enumerate(files):
            entry = zipfile.ZipInfo(other or 'x')
            entry.compress_type = zipfile.ZIP_DEFLATED
            if what == 'link' and number == at:
                entry.external_attr = 0o120777 << 16
            with _no_warnings():
                packed.writestr(entry, content)
    return f'ZIP: {what}'


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


_FORMS: dict[str, Callable[[Path, random.Random], str]] = {
    '.json': _change_json,
    '.py': _change_python,
    '.toml': _change_text,
    '.csv': _change_text,
    '.txt': _change_text,
    '.zip': _change_zip,
}


# what is read


def _command(*arguments: object) -> int:
    """Return the exit code of a command that reads its request.

    Raises:
        BenchmarkError: it refuses the request.
    """
    told, out = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(out):
        try:
            code = main([str(word) for word in arguments])
        except SystemExit as error:
            code = int(error.code or 0)
    said = told.getvalue()
    if code == OUR_FAULT or 'Traceback' in said + out.getvalue():
        raise AssertionError(said.strip()[:400])
    if code == WRONG_REQUEST:
        lines = said.strip().splitlines()
        if not lines or not all(line.startswith('tbench: ') for line in lines):
            raise AssertionError(f'not a line of ours: {said.strip()[:300]}')
        raise BenchmarkError(lines[0])
    return code


def _of_text(name: str, text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return make


def _of_file(source: str, name: str = '') -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / (name or Path(source).name)
        for base in (ROOT / source).parent.glob('_*.py'):
            shutil.copy(base, folder)
        path.write_bytes((ROOT / source).read_bytes())
        return path

    return make


def _store(folder: Path) -> ResultStore:
    return ResultStore(folder / 'results', folder / 'work')


def _records(folder: Path) -> list[Path]:
    """Save records of two backbones as whole ones are, and return their files."""
    store = _store(folder)
    return [store.save(record) for record in _RECORDS()]


def _RECORDS() -> list[RunRecord]:  # noqa: N802
    found = []
    for number in range(4):
        spec = RunSpec('world-depth', f'b{number % 2}', 'finetune', number // 2)
        record = full_record(spec, fingerprint=f'{number:064x}')
        metric = {'key': 'rmse', 'unit': 'metre', 'higher_is_better': False, 'bounds': [0, None]}
        task = {
            **{'kind': 'depth', 'title': 'Depth', 'group': 'geometric-motion', 'version': 1},
            **{'head': 'linear', 'splits': {'train': 9, 'test': 9}, 'metrics': [metric]},
        }
        scores = {'rmse': 1.5 + number / 10}
        found.append(replace(record, task=task, primary='rmse', scores=scores, raw=dict(scores)))
    return found


def _record(folder: Path) -> Path:
    return _records(folder)[0]


def _report(folder: Path, *more: object) -> object:
    places = ('--results', folder / 'results', '--work-dir', folder / 'work')
    formats = ('--format', 'md', 'csv', 'tex', 'json', 'html')
    return _command('report', '--suite', 'quick', *places, '--out', folder / 'out', *formats, *more)


def _beside_records(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def both(folder: Path) -> Path:
        _records(folder)
        return make(folder)

    return both


def _regress(folder: Path, *more: object) -> object:
    places = ('--baseline', folder / 'base', '--candidate', folder / 'results')
    return _command('regress', *places, *more)


def _two_stores(folder: Path) -> Path:
    path = _record(folder)
    shutil.copytree(folder / 'results', folder / 'base')
    return path


def _history(folder: Path) -> Path:
    _two_stores(folder)
    path = folder / 'history.json'
    _regress(folder, '--history', path, '--append')
    return path


def _archive(folder: Path) -> Path:
    _records(folder)
    export_suite(_store(folder), 'quick', folder / 'a.zip')
    return folder / 'a.zip'


def _bundle(folder: Path) -> Path:
    from benchmark.catalog import find_suite
    from benchmark.commons.bundle import bundle_files, write_bundle

    store = whole_store(ResultStore(folder / 'results', folder / 'work'))
    write_bundle(bundle_files(store, find_suite('quick')), folder / 'bundle.zip')
    return folder / 'bundle.zip'


def _kept(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Return what makes a file by copying what was made once."""
    known: dict[str, bytes] = {}

    def copied(folder: Path) -> Path:
        if not known:
            path = make(folder)
            known['name'], known['data'] = path.name.encode(), path.read_bytes()
        path = folder / known['name'].decode()
        path.write_bytes(known['data'])
        return path

    return copied


def _campaign(folder: Path) -> Path:
    from benchmark.launching.ledger import Entry, open_ledger

    specs = [RunSpec('world-depth', 'b0', 'finetune', seed) for seed in range(3)]
    with open_ledger(_store(folder), 'quick', [Entry(spec, 'f' * 64) for spec in specs]):
        pass
    return next(folder.rglob('campaign.json'))


def _lease(folder: Path) -> Path:
    from benchmark.execution.locking import exclusive

    with exclusive(folder / 'cell'):
        path = next((folder / 'cell').glob('lease.*'))
        data = path.read_bytes()
    path.write_bytes(data)  # as it was while it was held
    return path


def _look_at_lease(folder: Path) -> object:
    from benchmark.execution.locking import exclusive, holder, holder_since, silence

    cell, observer = folder / 'cell', Observer()
    see(cell), observer.is_held(cell), observer.is_alive(cell), observer.expired(cell)
    if (sight := holder(cell)) is not None:
        float(silence(sight)), float(holder_since(cell) or 0.0)
    with exclusive(cell):
        return None


def _answer(folder: Path) -> Path:
    from benchmark.results.answers import keep_answer

    keep_answer(folder, {'raw': {'a': 1.0}, 'error': ''})
    return folder / 'measured.json'


def _read_answer(folder: Path) -> object:
    from benchmark.results.answers import kept_answer

    found = kept_answer(folder)
    assert found in (None, {'raw': {'a': 1.0}, 'error': ''}), 'another answer'
    return found


def _note(folder: Path) -> Path:
    from benchmark.results.reduced import write_note

    write_note(folder, 1, _record(folder))
    return folder / 'smaller.json'


def _read_note(folder: Path) -> object:
    from benchmark.results.reduced import read_note

    note = read_note(folder)
    return note and read_if_there(note.record)


def _checkpoint(folder: Path) -> Path:
    from benchmark.results.checkpoints import draft_of, keep

    draft_of(folder).write_bytes(b'weights' * 100)
    return keep(folder, 7)


def _read_checkpoint(folder: Path) -> object:
    from benchmark.results.checkpoints import newest_whole

    found = newest_whole(folder)
    assert found is None or found.read_bytes() == b'weights' * 100, 'a damaged one was taken'
    return found


def _index(folder: Path) -> Path:
    for path in _records(folder):
        os.utime(path, (1, 1))
    with _indexed():
        read_briefs(_store(folder), 'quick')
    return _store(folder).index_path('quick')


@contextlib.contextmanager
def _indexed() -> Iterator[None]:
    before, index.WORTHWHILE = index.WORTHWHILE, 1
    try:
        yield
    finally:
        index.WORTHWHILE = before


def _read_index(folder: Path) -> object:
    with _indexed():
        found = read_briefs(_store(folder), 'quick')
    assert {x.spec for x in found} == {record.spec for record in _RECORDS()}, 'other records'
    return found


def _outcomes(folder: Path) -> Path:
    import numpy as np

    from benchmark.statistics.outcome_files import Measured, pack
    from benchmark.statistics.outcomes import Ratios

    form = Ratios(np.array([1, 0, 1], np.uint8), scale=1.0)
    (folder / 'outcomes.zip').write_bytes(pack({'a': Measured(form, ('x', 'y', 'z'))}))
    return folder / 'outcomes.zip'


def _read_outcomes(folder: Path) -> object:
    from benchmark.statistics.outcome_files import unpack

    return unpack((folder / 'outcomes.zip').read_bytes(), 'outcomes.npz')


_SETTINGS = {'suite': 'quick', 'every': 5}


def _watch_ledger(folder: Path) -> Path:
    from benchmark.watching.ledger import Entry, Ledger, Score, State

    score = Score('t', 'knn', 0, 'accuracy', 'percent', True, 50.0)
    ledger = Ledger(folder / 'watch.json', _SETTINGS)
    ledger.put(
        Entry(5, 'f' * 64, 'a.pth', '/a.pth', state=State.EVALUATED, scores=(score,)),
        Entry(10, 'e' * 64, 'b.pth', '/b.pth', health={'rank': 3.0}),
    )
    return folder / 'watch.json'


def _read_watch(folder: Path) -> object:
    from benchmark.watching.ledger import Ledger

    ledger = Ledger(folder / 'watch.json', _SETTINGS)
    ledger.write()
    return ledger.plain()


def _safetensors(folder: Path) -> Path:
    head = json.dumps({'__metadata__': {'step': '7', 'x': 'y'}}).encode()
    (folder / 'w.safetensors').write_bytes(len(head).to_bytes(8, 'little') + head)
    return folder / 'w.safetensors'


def _pretraining(folder: Path) -> Path:
    (folder / 'mine.json').write_text(json.dumps({'name': 'mine', 'seconds': 3}))
    return _of_text('settings.json', json.dumps({'name': 'mine', 'seed': 0}))(folder)


def _read_pretraining(folder: Path) -> object:
    from benchmark.pretraining.folder import read_facts

    return read_facts(folder)


def _transformer(folder: Path) -> Path:
    config = {'model_type': 'vit', 'hidden_size': 8, 'architectures': ['ViTModel'], 'image_size': 8}
    _of_text('net/preprocessor_config.json', json.dumps({'image_mean': [0.5], 'image_std': [1]}))(
        folder
    )
    return _of_text('net/config.json', json.dumps(config))(folder)


def _shards(folder: Path) -> Path:
    for name in ('a.safetensors', 'b.safetensors'):
        (folder / name).write_bytes(b'\x02\0\0\0\0\0\0\0{}')
    content = {'metadata': {}, 'weight_map': {'x': 'a.safetensors', 'y': 'b.safetensors'}}
    return _of_text('model.safetensors.index.json', json.dumps(content))(folder)


def _read_shards(folder: Path) -> object:
    from benchmark.weight_files import locate_weights, weights_hash

    return weights_hash(locate_weights(folder / 'model.safetensors.index.json'))


def _adapter(folder: Path) -> Path:
    (folder / 'adapter_model.safetensors').write_bytes(b'\x02\0\0\0\0\0\0\0{}')
    content = {'base_model_name_or_path': 'someone/net', 'peft_type': 'LORA', 'r': 4}
    return _of_text('adapter_config.json', json.dumps(content))(folder)


def _read_adapter(folder: Path) -> object:
    from benchmark.weight_files import base_of

    return base_of(folder / 'adapter_model.safetensors')


def _hashed(folder: Path) -> Path:
    from benchmark.planning import contents
    from benchmark.planning.contents import remembered_hash

    path = _of_text('weights.pth', 'weights')(folder)
    before, contents._SETTLED = contents._SETTLED, -1
    remembered_hash(path, folder / 'cache')
    contents._SETTLED = before
    return next((folder / 'cache').rglob('*.json'))


def _read_hashed(folder: Path) -> object:
    import hashlib

    from benchmark.planning.contents import remembered_hash

    found = remembered_hash(folder / 'weights.pth', folder / 'cache')
    assert len(found) == 64, f'not a hash: {found}'
    return found == hashlib.sha256(b'weights').hexdigest()


def _checked(folder: Path) -> Path:
    content = {'faults': [], 'warnings': ['a: b'], 'sizes': {'train': 4}}
    return _of_text('checked.json', json.dumps(content))(folder)


def _read_checked(folder: Path) -> object:
    from benchmark.launching.datachecks import _read

    return _read(folder / 'checked.json')


def _inspected(folder: Path) -> Path:
    features = {'architecture': 'plain-vit', 'channels': [8], 'strides': [16], 'mean': [0.0] * 3,
                'std': [1.0] * 3, 'parameters': 9, 'depth': 2}  # fmt: skip
    content = {
        'features': features,
        'weights': 'f' * 64,
        'flops': 1.0,
        'elements': 1.0,
        'assumed': '',
    }
    return _of_text('inspected.json', json.dumps(content))(folder)


def _read_inspection(folder: Path) -> object:
    from benchmark.launching.features import _read_architecture, _read_cached

    return _read_cached(folder / 'inspected.json'), _read_architecture(folder / 'inspected.json')


def _downloads(folder: Path) -> Path:
    from benchmark.acquiring.declared import distributions
    from benchmark.acquiring.getting import Shelf

    shelf = Shelf(folder, next(iter(distributions().values())))
    shelf.downloads.mkdir(parents=True)
    shelf.remember(checksums={'a.zip': 'f' * 64}, counted={'t': 4})
    return next(shelf.downloads.iterdir())


def _read_downloads(folder: Path) -> object:
    from benchmark.acquiring.declared import distributions
    from benchmark.acquiring.getting import Shelf, is_there

    shelf = Shelf(folder, next(iter(distributions().values())))
    return shelf.remembered(), is_there(shelf, ())


def _spooled(folder: Path) -> Path:
    from benchmark.launching.executors.base import Job
    from benchmark.launching.spool import Spool

    spool = Spool(folder / 'spool')
    for name in ('open', 'taken', 'answers'):
        (folder / 'spool' / name).mkdir(parents=True)
    spool.put('one', Job('one', {'job': 'train'}, folder / 'log.txt', 60.0))
    spool.answer('two', {'raw': {}, 'error': ''})
    return folder / 'spool' / 'answers' / 'two'


def _read_spool(folder: Path) -> object:
    from benchmark.launching.spool import Spool

    spool = Spool(folder / 'spool')
    found = spool.answers()
    assert all(isinstance(answer, dict) for answer in found.values()), 'no answer'
    return found, spool.take('me')


def _spooled_job(folder: Path) -> Path:
    _spooled(folder)
    return folder / 'spool' / 'open' / 'one'


def _analysis(folder: Path) -> Path:
    source = sorted((ROOT / 'results' / 'analysis').glob('*/record.json'))
    place = folder / 'results' / 'analysis' / 'one'
    shutil.copytree(source[0].parent, place)
    _records(folder)
    return place / 'record.json'


def _options(folder: Path) -> Path:
    text = 'optim_wrapper.optimizer.lr=0.1\nmodel.head.layers=[1,2]\ntrain_cfg.max_iters=5\n'
    return _of_text('options.txt', text)(folder)


def _read_options(folder: Path) -> object:
    from benchmark.compiling.options import apply_options, parse_options

    text = (folder / 'options.txt').read_bytes().decode(errors='replace')
    options = parse_options([line for line in text.split('\n') if line])
    bare = {
        'optim_wrapper': {'optimizer': {'lr': 1.0}},
        'model': {'head': {'layers': [3]}},
        'train_cfg': {'max_iters': 3},
    }
    return apply_options(bare, options)


def _read(module: str, function: str, name: str) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        import importlib

        return getattr(importlib.import_module(module), function)(folder / name)

    return read


_BACKBONE = """backbone = dict(
    name='mine', title='Mine', source='timm:resnet18', random=True, mean=(123.675, 116.28, 103.53),
    std=(58.395, 57.12, 57.375), licence='MIT', reference='arXiv 2111.06377',
    pretraining=dict(method='MAE', family='mim', data='pictures', epochs=3, labels=False),
)
"""
_ACCEPTED = """[[shift]]
task = "world-*"
backbone = "*"
protocol = "finetune"
since = 2031-05-04
reason = "a new release of the library"
by = "me"
"""
_CANARIES = {'schema': 1, 'canaries': {'a': {'device': 'cpu', 'values': {'x': 1.0, 'y': None}}}}
_BASELINES = """backbone,task,value,citation,protocol
Theirs,world-depth,0.5,Someone 2024,finetune
"Others, large",world-depth,0.4,Someone 2025,
"""
_LABELS = 'file,class\na.png,x\nb.png,y\n'


def _published(folder: Path) -> Path:
    shutil.copytree(ROOT / 'results' / 'published', folder / 'published')
    found = sorted((folder / 'published').glob('*.csv'), key=lambda path: path.stat().st_size)
    for large in found[2:]:
        if large.name != 'sources.csv':
            large.unlink()
    return found[0]


INPUTS: dict[str, Input] = {
    'task': Input(
        _of_file('task_configs/segmentation/ade20k.py'),
        _read('benchmark.catalog.tasks', 'read_task', 'ade20k.py'),
    ),
    'suite': Input(
        _of_file('benchmark/suites/quick.py'),
        _read('benchmark.catalog.suites', 'read_suite', 'quick.py'),
    ),
    'backbone': Input(
        _of_text('mine.py', _BACKBONE),
        _read('benchmark.catalog.backbones', 'read_backbone', 'mine.py'),
    ),
    'distribution': Input(
        _of_file('benchmark/acquiring/distributions/ade20k.py'),
        _read('benchmark.acquiring.declared', 'read_distribution', 'ade20k.py'),
    ),
    'normaliser': Input(
        _of_file('benchmark/normalisers/standard.py'),
        _read('benchmark.report.data.normaliser', 'read_normaliser', 'standard.py'),
    ),
    'options': Input(_options, _read_options),
    'record, report': Input(_record, _report),
    'record, regress': Input(_two_stores, _regress),
    'archive': Input(
        _kept(_archive),
        lambda folder: _command('import', folder / 'a.zip', '--results', folder / 'theirs'),
    ),
    'bundle': Input(_kept(_bundle), lambda folder: _command('verify', folder / 'bundle.zip')),
    'history, regress': Input(
        _history, lambda f: _regress(f, '--history', f / 'history.json', '--append')
    ),
    'history, report': Input(_history, lambda f: _report(f, '--history', f / 'history.json')),
    'canaries': Input(
        _of_text('canaries.json', json.dumps(_CANARIES)),
        _read('benchmark.regression.canaries', 'read_canaries', 'canaries.json'),
    ),
    'accepted': Input(
        _of_text('accepted.toml', _ACCEPTED),
        _read('benchmark.regression.accepted', 'read_accepted', 'accepted.toml'),
    ),
    'baselines': Input(
        _beside_records(_of_text('lines.csv', _BASELINES)),
        lambda folder: _report(folder, '--baselines', folder / 'lines.csv'),
    ),
    'published': Input(
        _published, _read('benchmark.report.literature.reading', 'read_published', 'published')
    ),
    'analysis': Input(_analysis, _report),
    'labels': Input(
        _of_text('labels.csv', _LABELS),
        lambda folder: _labels(folder / 'labels.csv'),
    ),
    'campaign': Input(
        _campaign, lambda folder: _command('status', '--work-dir', folder / 'work', '--json')
    ),
    'cancel': Input(_campaign, lambda folder: _command('cancel', '--work-dir', folder / 'work')),
    'lease': Input(_lease, _look_at_lease),
    'answer': Input(_answer, _read_answer),
    'note': Input(_note, _read_note),
    'checkpoint': Input(_checkpoint, _read_checkpoint),
    'index': Input(_index, _read_index),
    'outcomes': Input(_outcomes, _read_outcomes),
    'watch': Input(_watch_ledger, _read_watch),
    'header': Input(
        _safetensors,
        lambda folder: _header(folder / 'w.safetensors'),
    ),
    'pretraining': Input(_pretraining, _read_pretraining),
    'transformer': Input(_transformer, lambda folder: _transformer_of(folder / 'net')),
    'shards': Input(_shards, _read_shards),
    'adapter': Input(_adapter, _read_adapter),
    'hash': Input(_hashed, _read_hashed),
    'data check': Input(_checked, _read_checked),
    'inspection': Input(_inspected, _read_inspection),
    'downloads': Input(_downloads, _read_downloads),
    'spool, answer': Input(_spooled, _read_spool),
    'spool, job': Input(_spooled_job, _read_spool),
}


def _labels(path: Path) -> object:
    from benchmark.pretraining.pictures import read_column

    return read_column(path, 'class')


def _header(path: Path) -> object:
    from benchmark.watching.looking import _header as header

    return header(path)


def _transformer_of(folder: Path) -> object:
    from benchmark.catalog import find_backbone

    return find_backbone(f'hf:{folder}')
