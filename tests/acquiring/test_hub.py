"""Files of the Hub: a pinned revision, a token that stays with the Hub, the usual transfer."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from benchmark.acquiring.declared import RemoteFile, read_distribution
from benchmark.acquiring.hub import find_on_hub
from benchmark.acquiring.transfer import Patience, fetch, probe
from benchmark.errors import DataError, DeclarationError
from tests.acquiring.test_declared import TEXT
from tests.support.faulty_server import Fault, Server

pytest.importorskip('huggingface_hub')

COMMIT = '0123456789abcdef0123456789abcdef01234567'
ADDRESS = f'hf://datasets/lab/birds@{COMMIT}/data/train one.zip'
ASKED = f'datasets/lab/birds/resolve/{COMMIT}/data/train%20one.zip'
CONTENT = random.Random(4).randbytes(90_000)
QUICK = Patience(timeout=1, pauses=(0, 0))


@pytest.fixture
def hub(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """Return a server that sends files of the Hub on to a store, as the Hub does."""
    monkeypatch.setenv('HF_ENDPOINT', f'http://127.0.0.1:{server.port}/')
    monkeypatch.setenv('HF_TOKEN_PATH', str(tmp_path / 'no-token'))
    monkeypatch.setattr('huggingface_hub.constants.HF_TOKEN_PATH', str(tmp_path / 'no-token'))
    monkeypatch.delenv('HF_TOKEN', raising=False)
    monkeypatch.delenv('HUGGING_FACE_HUB_TOKEN', raising=False)
    server.files['store/1'] = CONTENT
    server.files[ASKED] = b''
    server.moved[ASKED] = server.address('store/1')
    return server


def file() -> RemoteFile:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return RemoteFile('train.zip', (ADDRESS,), checksum=digest, source='test')


def test_a_cut_file_of_the_hub_goes_on_at_its_last_byte(hub: Server, tmp_path: Path) -> None:
    hub.faults = [Fault('cut', 30_000)]
    fetch(file(), tmp_path, patience=QUICK)
    assert (tmp_path / 'train.zip').read_bytes() == CONTENT
    assert hub.asked == [
        ('GET', ASKED, ''), ('GET', 'store/1', ''),
        ('GET', ASKED, 'bytes=30000-'), ('GET', 'store/1', 'bytes=30000-'),
    ]  # fmt: skip


def test_the_token_goes_to_the_hub_and_not_to_the_store(
    hub: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.guarded[ASKED] = 'secret'
    with pytest.raises(DataError) as told:
        fetch(file(), tmp_path, patience=QUICK)
    assert 'answers 401' in str(told.value)
    assert f'accept the terms on http://127.0.0.1:{hub.port}/datasets/lab/birds' in str(told.value)
    is_alive, said = probe(ADDRESS, QUICK)
    assert not is_alive
    assert 'set HF_TOKEN' in said
    hub.tokens.clear()
    monkeypatch.setenv('HF_TOKEN', 'secret')
    fetch(file(), tmp_path, patience=QUICK)
    assert hub.tokens == [(ASKED, 'Bearer secret'), ('store/1', '')]
    assert probe(ADDRESS, QUICK) == (True, '90,000 bytes')


def test_other_addresses_are_none_of_the_hub(hub: Server) -> None:
    assert find_on_hub('https://huggingface.co/datasets/lab/birds/resolve/main/x.zip') is None


@pytest.mark.parametrize(
    'address',
    [
        'hf://datasets/lab/birds@main/x.zip',
        f'hf://datasets/lab/birds@{COMMIT[:7]}/x.zip',
        'hf://datasets/lab/birds/x.zip',
        f'hf://models/lab/birds@{COMMIT}/x.zip',
        f'hf://datasets/lab/birds@{COMMIT}/',
    ],
)
def test_a_revision_that_can_move_is_refused(address: str, tmp_path: Path) -> None:
    (tmp_path / 'x.py').write_text(TEXT.replace('https://x/a.zip', address).replace('{more}', ''))
    with pytest.raises(DeclarationError, match='COMMIT being all 40 digits of a revision'):
        read_distribution(tmp_path / 'x.py')


def test_a_pinned_address_is_accepted(tmp_path: Path) -> None:
    (tmp_path / 'x.py').write_text(TEXT.replace('https://x/a.zip', ADDRESS).replace('{more}', ''))
    assert read_distribution(tmp_path / 'x.py').files[0].addresses == (ADDRESS,)
