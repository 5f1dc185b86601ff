"""Transfers that break, lie or end at a log-in: a file arrives right or not at all."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.acquiring.declared import RemoteFile
from benchmark.acquiring.transfer import PART, Patience, fetch, probe
from benchmark.errors import DataError
from tests.support.faulty_server import Fault, Server

CONTENT = random.Random(3).randbytes(300_000)
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(timeout=0.3, pauses=(0, 0))


def offered(server: Server, *names: str, **more: object) -> RemoteFile:
    """Return a file that the server has under each of the names."""
    for name in names or ('a.bin',):
        server.files[name] = CONTENT
    addresses = tuple(map(server.address, names or ('a.bin',)))
    return replace(RemoteFile('a.bin', addresses, checksum=MD5, source='test'), **more)  # type: ignore[arg-type]


def got(file: RemoteFile, folder: Path, recorded: str = '') -> str:
    return fetch(file, folder, recorded=recorded, patience=QUICK)


def asked(server: Server) -> list[str]:
    return [span for _, _, span in server.asked]


def test_a_file_arrives_whole_and_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    file = offered(server)
    assert got(file, tmp_path) == SHA
    assert [path.name for path in tmp_path.iterdir()] == ['a.bin']
    assert got(file, tmp_path) == SHA
    assert len(server.asked) == 1


def test_a_cut_transfer_goes_on_from_its_last_byte(server: Server, tmp_path: Path) -> None:
    server.faults = [Fault('cut', 100_000), Fault('cut', 50_000)]
    got(offered(server), tmp_path)
    assert asked(server) == ['', 'bytes=100000-', 'bytes=150000-']
    assert (tmp_path / 'a.bin').read_bytes() == CONTENT


def test_another_process_goes_on_where_the_last_one_died(server: Server, tmp_path: Path) -> None:
    file = offered(server)
    server.always['a.bin'] = Fault('cut', 0)
    server.faults = []
    (tmp_path / f'a.bin{PART}').write_bytes(CONTENT[:7000])
    with pytest.raises(DataError, match=r'cut after 7000 of .*after 3 tries'):
        got(file, tmp_path)
    assert not (tmp_path / 'a.bin').exists()
    server.always.clear()
    server.asked.clear()
    got(file, tmp_path)
    assert asked(server) == ['bytes=7000-']
    assert (tmp_path / 'a.bin').read_bytes() == CONTENT


def test_a_server_without_ranges_is_asked_for_everything(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    server.faults = [Fault('cut', 100_000)]
    got(offered(server), tmp_path)
    assert (tmp_path / 'a.bin').read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    changed = CONTENT[::-1]
    server.faults = [Fault('cut', 100_000)]
    file = offered(server, checksum=hashlib.sha256(changed).hexdigest())
    server.always = {}
    with pytest.raises(DataError, match='its sha256 is'):
        got(file, tmp_path)  # continued, of the old version, wrong
    server.files['a.bin'] = CONTENT
    (tmp_path / f'a.bin{PART}').write_bytes(CONTENT[:5000])
    server.files['a.bin'] = changed
    assert got(file, tmp_path) == file.checksum
    assert (tmp_path / 'a.bin').read_bytes() == changed


def test_without_a_checksum_only_one_version_is_continued(server: Server, tmp_path: Path) -> None:
    file = offered(server, checksum='')
    server.faults = [Fault('cut', 100_000), Fault('gone')]
    with pytest.raises(DataError, match='404'):
        got(file, tmp_path)
    server.files['a.bin'] = CONTENT[::-1]
    got(file, tmp_path)
    assert asked(server)[-1] == 'bytes=100000-'  # the tag had changed: all of it came
    assert (tmp_path / 'a.bin').read_bytes() == CONTENT[::-1]
    server.tags = False
    server.asked.clear()
    (tmp_path / 'a.bin').unlink()
    (tmp_path / f'a.bin{PART}').write_bytes(b'of no known version')
    got(file, tmp_path)
    assert asked(server) == ['']


@pytest.mark.parametrize(
    ('kind', 'said'),
    [
        ('forbidden', 'answers 403'),
        ('gone', 'answers 404'),
        ('busy', 'answers 503'),
        ('login', 'a web page comes in place of the file, from .*/login'),
        ('page', 'it is a web page, as of a log-in'),
        ('wrong', f'its md5 is .* must be {MD5}'),
        ('longer', 'its md5 is'),
        ('shorter', 'its md5 is'),
        ('stall', 'timed out'),
    ],
)
def test_a_bad_address_is_told_and_the_next_mirror_helps(
    server: Server, tmp_path: Path, kind: str, said: str
) -> None:
    file = offered(server, 'bad', 'good')
    server.always['bad'] = Fault(kind)
    with pytest.raises(DataError, match=said) as told:
        got(replace(file, addresses=file.addresses[:1]), tmp_path)
    assert file.addresses[0] in str(told.value)
    assert not (tmp_path / 'a.bin').exists()
    assert got(file, tmp_path) == SHA
    assert (tmp_path / 'a.bin').read_bytes() == CONTENT


def test_a_declared_size_is_held_against_the_servers(server: Server, tmp_path: Path) -> None:
    file = offered(server, checksum='', size=len(CONTENT))
    server.always['a.bin'] = Fault('longer')
    with pytest.raises(DataError, match=r'has 300004 bytes there, 300000 are declared'):
        got(file, tmp_path)


def test_a_first_copy_is_remembered_and_a_later_one_compared(
    server: Server, tmp_path: Path
) -> None:
    file = offered(server, checksum='')
    recorded = got(file, tmp_path / 'one')
    server.files['a.bin'] = CONTENT[::-1]
    with pytest.raises(DataError, match='its recorded sha256 is'):
        got(file, tmp_path / 'two', recorded)


def test_a_file_put_there_by_hand_is_verified(server: Server, tmp_path: Path) -> None:
    file = offered(server)
    (tmp_path / 'a.bin').write_bytes(b'something else')
    with pytest.raises(DataError, match=r'its md5 is .* delete it and run the command again'):
        got(file, tmp_path)
    assert not server.asked


def test_a_hundred_faults_let_no_wrong_file_through(server: Server, tmp_path: Path) -> None:
    draw = random.Random(18)
    kinds = ('cut', 'cut', 'cut', 'wrong', 'busy', 'page', 'login', 'forbidden', 'shorter')
    injected = continued = 0
    round_ = 0
    while injected < 100:
        round_ += 1
        folder = tmp_path / str(round_)
        file = offered(server, 'x', 'y', 'z', size=len(CONTENT))
        server.asked.clear()
        server.faults = [
            Fault(draw.choice(kinds), draw.randrange(1, len(CONTENT))) for _ in range(4)
        ]
        before = len(server.faults)
        for _ in range(6):
            had = (folder / f'a.bin{PART}').stat().st_size if _part(folder) else 0
            count = len(server.asked)
            try:
                got(file, folder)
            except DataError:
                assert not (folder / 'a.bin').exists()
                continue
            finally:
                if had:
                    assert asked(server)[count] == f'bytes={had}-'
                    continued += 1
            break
        injected += before - len(server.faults)
        assert (folder / 'a.bin').read_bytes() == CONTENT
        assert [path.name for path in folder.iterdir()] == ['a.bin']
        continued += sum(span != '' for span in asked(server))
    assert continued > 20


def test_a_process_that_is_killed_leaves_what_the_next_one_continues(
    server: Server, tmp_path: Path
) -> None:
    draw = random.Random(19)
    file = offered(server, size=len(CONTENT))
    server.always['a.bin'] = Fault('slow')
    part, place = tmp_path / f'a.bin{PART}', tmp_path / 'a.bin'
    continued = 0
    for _ in range(12):
        had, count = part.stat().st_size if part.is_file() else 0, len(server.asked)
        child = multiprocessing.get_context('fork').Process(target=got, args=(file, tmp_path))
        child.start()
        child.join(draw.uniform(0.05, 0.3))
        child.kill()
        child.join()
        if place.is_file():
            assert place.read_bytes() == CONTENT
            place.rename(part)
            part.write_bytes(CONTENT[: draw.randrange(len(CONTENT))])
        elif part.is_file():
            assert CONTENT.startswith(part.read_bytes())
        if had and len(server.asked) > count:
            assert asked(server)[count] == f'bytes={had}-'
            continued += 1
    server.always.clear()
    got(file, tmp_path)
    assert place.read_bytes() == CONTENT
    assert continued > 3


def _part(folder: Path) -> bool:
    return (folder / f'a.bin{PART}').is_file()


def test_probing_downloads_nothing(server: Server) -> None:
    file = offered(server, 'a.bin', 'bad')
    server.always['bad'] = Fault('login')
    assert probe(file.addresses[0], QUICK) == (True, '300,000 bytes')
    is_alive, detail = probe(file.addresses[1], QUICK)
    assert not is_alive
    assert 'web page' in detail
    assert probe(server.address('nowhere'), QUICK) == (False, 'the server answers 404 Not Found')
    assert probe('http://127.0.0.1:9/x', QUICK)[0] is False
    assert {span for method, _, span in server.asked if method == 'GET'} <= {'', 'bytes=0-0'}
