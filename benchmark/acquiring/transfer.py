"""Fetch one file: continue where it was cut, verify it, go to the next mirror when it is wrong.

Plain ``urllib``: pooch, the usual library for this, can neither continue a cut transfer nor try
mirrors nor hold a length against the declared one, which leaves only its comparison of checksums.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from benchmark.acquiring.declared import RemoteFile
from benchmark.acquiring.hub import find_on_hub
from benchmark.errors import UNFIT, DataError

PART = '.part'
"""What the name of a file ends with until it is whole and verified."""

_CHUNK = 1 << 18
_SNIFFED = 512
_PAGES = (b'<!doctype html', b'<html')


class Progress(Protocol):
    """Is told how far a file is."""

    def start(self, name: str, done: int, total: int) -> None:
        """A file begins, or begins anew, at ``done`` of ``total`` bytes (0: not known)."""

    def advance(self, name: str, count: int) -> None:
        """``count`` more bytes arrived."""

    def stop(self, name: str) -> None:
        """The file is finished or given up."""


class Silent:
    """Progress that nobody watches."""

    def start(self, name: str, done: int, total: int) -> None:
        """Say nothing."""

    def advance(self, name: str, count: int) -> None:
        """Say nothing."""

    def stop(self, name: str) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Patience:
    """How long a transfer waits and how often it tries.

    Attributes:
        timeout: seconds without a byte after which a connection counts as dead.
        pauses: seconds before each further try that follows one in which nothing arrived.
    """

    timeout: float = 60
    pauses: tuple[float, ...] = (1, 5, 20)


class _Wrong(Exception):
    """The address does not give the file: another try there is of no use."""


class _Cut(Exception):
    """The transfer broke off: another try may continue it."""


def fetch(
    file: RemoteFile,
    folder: Path,
    *,
    recorded: str = '',
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> str:
    """Bring ``file`` into ``folder`` under its name and return its SHA-256.

    A file that is there already is verified and not asked for. What has arrived so far lies under
    a name that ends in ``.part``; the final name appears when everything is verified.

    Args:
        file: its name, addresses, size and checksum.
        folder: where it goes.
        recorded: SHA-256 of an earlier copy, for files whose checksum no source states.
        progress: is told how far it is.
        patience: how long to wait, how often to try.

    Raises:
        DataError: no address gives the file; names each with its reason.
    """
    place = folder / file.name
    if place.is_file():
        return verified(file, place, recorded)
    folder.mkdir(parents=True, exist_ok=True)
    transfer = _Transfer(file, place, recorded, progress or Silent(), patience or Patience())
    reasons = []
    try:
        for address in file.addresses:
            try:
                return transfer.run(address)
            except _Wrong as error:
                reasons.append(f'{address}: {error}')
    finally:
        transfer.progress.stop(file.name)
    tried = '; '.join(reasons) or 'it has no address'
    raise DataError(
        f'{file.name}: could not be fetched ({tried}); get it by hand, put it into {folder} '
        'and run the command again'
    )


def verified(file: RemoteFile, place: Path, recorded: str = '') -> str:
    """Return the SHA-256 of a file that is what its declaration says.

    Raises:
        DataError: it has another size or checksum, or is a page in place of an archive.
    """
    problem, digest = _judged(file, place, recorded)
    if problem:
        raise DataError(f'{place}: {problem}; delete it and run the command again')
    return digest


def _judged(file: RemoteFile, place: Path, recorded: str) -> tuple[str, str]:
    """Return what is wrong with a file, empty for nothing, and its SHA-256."""
    size = place.stat().st_size
    if not size:
        return 'it is empty', ''
    if file.size and size != file.size:
        return f'it has {size} bytes, {file.size} are declared', ''
    with place.open('rb') as opened:
        if opened.read(_SNIFFED).lstrip().lower().startswith(_PAGES):
            return 'it is a web page, as of a log-in, not the file', ''
    digests = _digests(place, {'sha256', file.algorithm or 'sha256'})
    wanted, found = file.checksum or recorded, digests[file.algorithm or 'sha256']
    if wanted and found != wanted:
        kind = file.algorithm or 'recorded sha256'
        return f'its {kind} is {found}, must be {wanted}', ''
    return '', digests['sha256']


def _digests(place: Path, algorithms: set[str]) -> dict[str, str]:
    sums = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    with place.open('rb') as opened:
        while chunk := opened.read(_CHUNK):
            for digest in sums.values():
                digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in sums.items()}


class _Transfer:
    """A transfer in progress: the bytes that arrived, their address and version."""

    def __init__(
        self, file: RemoteFile, place: Path, recorded: str, progress: Progress, patience: Patience
    ) -> None:
        self.file = file
        self.place = place
        self.recorded = recorded
        self.progress = progress
        self.patience = patience
        self.part = place.with_name(place.name + PART)
        self.facts = place.with_name(place.name + PART + '.json')

    def run(self, address: str) -> str:
        """Fetch from one address and return the file's SHA-256.

        Raises:
            _Wrong: says why this address is of no use.
        """
        for _ in range(2):
            was_continued = self._filled(address)
            problem, digest = _judged(self.file, self.part, self.recorded)
            if not problem:
                self._finish()
                return digest
            self._forget()
            if not was_continued:
                raise _Wrong(problem)
            # the beginning may have been of another version: once more, all of it
        raise _Wrong(problem)

    def _finish(self) -> None:
        with self.part.open('rb') as opened:
            os.fsync(opened.fileno())
        self.part.replace(self.place)
        self.facts.unlink(missing_ok=True)

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.facts.unlink(missing_ok=True)

    def _filled(self, address: str) -> bool:
        """Fill the part until it is complete; return whether some of it was there before."""
        before = self._arrived(address)
        was_continued, idle = before > 0, 0
        while True:
            try:
                self._receive(address)
                return was_continued
            except _Cut as error:
                arrived = self._arrived(address)
                idle = 0 if arrived > before else idle + 1
                if idle > len(self.patience.pauses):
                    raise _Wrong(f'{error} (after {idle} tries)') from None
                before, was_continued = arrived, arrived > 0
                if idle:
                    time.sleep(self.patience.pauses[idle - 1])

    def _arrived(self, address: str) -> int:
        """Return how many bytes of the part can be continued from this address."""
        if not self.part.is_file():
            return 0
        known = self._known()
        is_same = known.get('address') == address and known.get('version')
        if not is_same and not self.file.checksum:
            self._forget()
            return 0
        return self.part.stat().st_size

    def _known(self) -> dict[str, Any]:
        try:
            found = json.loads(self.facts.read_text(encoding='utf-8'))
        except (OSError, *UNFIT):
            return {}
        return found if isinstance(found, dict) else {}

    def _receive(self, address: str) -> None:
        offset = self._arrived(address)
        if self.file.size and offset == self.file.size:
            return
        with self._answer(address, offset) as response:
            start = offset if response.status == http.client.PARTIAL_CONTENT else 0
            total = self._total(response, start)
            self._check(response, start, total)
            facts = {'address': address, 'version': _version(response)}
            self.facts.write_text(json.dumps(facts), encoding='utf-8')
            self.progress.start(self.file.name, start, total)
            with self.part.open('r+b' if start else 'wb') as out:
                out.seek(start)
                out.truncate()
                arrived = start + self._copied(response, out)
        if total and arrived != total:
            raise _Cut(f'cut after {arrived} of {total} bytes')

    @contextmanager
    def _answer(self, address: str, offset: int) -> Iterator[http.client.HTTPResponse]:
        headers = {'Accept-Encoding': 'identity'}
        if offset:
            headers['Range'] = f'bytes={offset}-'
            known = self._known()
            if known.get('address') == address and known.get('version'):
                headers['If-Range'] = known['version']
        request = _request(address, 'GET', **headers)
        try:
            response = urllib.request.urlopen(request, timeout=self.patience.timeout)
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refusal(address, error.code, error.reason) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Cut(f'no answer ({reason(error)})') from None
        with response:
            yield response

    def _refusal(self, address: str, code: int, said: str) -> Exception:
        if code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            self._forget()
            return _Cut('what had arrived does not fit the file there')
        text = f'the server answers {code} {said}{_advice(address, code)}'
        # too busy, or broken for the moment
        is_passing = code in {408, 425, 429} or code >= 500
        return _Cut(text) if is_passing else _Wrong(text)

    def _total(self, response: http.client.HTTPResponse, start: int) -> int:
        """Return the bytes of the whole file as the server states them, 0 if it does not."""
        if response.status == http.client.PARTIAL_CONTENT:
            given = response.headers.get('Content-Range', '')
            span, _, total = given.removeprefix('bytes ').partition('/')
            if span.partition('-')[0] != str(start):
                self._forget()
                raise _Cut(f'continued at {given!r}, {start} was asked for')
            return int(total) if total.isdigit() else 0
        length = response.headers.get('Content-Length', '')
        return int(length) if length.isdigit() else 0

    def _check(self, response: http.client.HTTPResponse, start: int, total: int) -> None:
        if response.headers.get_content_type() == 'text/html':
            raise _Wrong(f'a web page comes in place of the file, from {response.url}')
        if self.file.size and total and total != self.file.size:
            raise _Wrong(f'it has {total} bytes there, {self.file.size} are declared')

    def _copied(self, response: http.client.HTTPResponse, out: IO[bytes]) -> int:
        count = 0
        try:
            while chunk := response.read1(_CHUNK):
                out.write(chunk)
                count += len(chunk)
                self.progress.advance(self.file.name, len(chunk))
                if self.file.size and out.tell() > self.file.size:
                    raise _Wrong(f'more than the declared {self.file.size} bytes arrive')
        except (OSError, http.client.HTTPException) as error:
            raise _Cut(f'cut after {out.tell()} bytes ({reason(error)})') from None
        return count


def _version(response: http.client.HTTPResponse) -> str:
    """Return what tells one version of the file at an address from another; empty if nothing."""
    tag = response.headers.get('ETag', '')
    # a weak tag does not vouch for equal bytes
    return tag if tag and not tag.startswith('W/') else response.headers.get('Last-Modified', '')


def reason(error: Exception) -> str:
    """Return an error of a connection in one line."""
    inner = getattr(error, 'reason', None) or error
    return ' '.join(str(inner).split()) or type(inner).__name__


def probe(address: str, patience: Patience | None = None) -> tuple[bool, str]:
    """Return whether an address still gives a file, and what was found; nothing is downloaded.

    Servers that refuse to be asked about a file alone are asked for its first byte.
    """
    waits = (patience or Patience()).timeout
    asks: tuple[Callable[[], urllib.request.Request], ...] = (
        lambda: _request(address, 'HEAD'),
        lambda: _request(address, 'GET', Range='bytes=0-0'),
    )
    found = (False, '')
    for ask in asks:
        try:
            with urllib.request.urlopen(ask(), timeout=waits) as response:
                return _described(response)
        except urllib.error.HTTPError as error:
            error.close()
            said = f'{error.code} {error.reason}{_advice(address, error.code)}'
            found = False, f'the server answers {said}'
        except (OSError, http.client.HTTPException) as error:
            return False, f'no answer ({reason(error)})'
    return found


def _request(address: str, method: str, **headers: str) -> urllib.request.Request:
    hub = find_on_hub(address)
    request = urllib.request.Request(
        hub.address if hub else address,
        method=method,
        headers={'User-Agent': 'transferbench', **headers},
    )
    if hub and hub.token:
        # for the Hub alone, not for the store of files that it sends us on to
        request.add_unredirected_header('Authorization', f'Bearer {hub.token}')
    return request


def _advice(address: str, code: int) -> str:
    """Return what a person can do about a file of the Hub that the server refuses."""
    hub = find_on_hub(address) if code in {401, 403} else None
    if hub is None:
        return ''
    return f'; accept the terms on {hub.page} and set HF_TOKEN, or run `hf auth login`'


def _described(response: http.client.HTTPResponse) -> tuple[bool, str]:
    if response.headers.get_content_type() == 'text/html':
        return False, f'a web page comes in place of the file, from {response.url}'
    given = response.headers.get('Content-Range', '').rpartition('/')[2]
    length = given or response.headers.get('Content-Length', '')
    return True, f'{int(length):,} bytes' if length.isdigit() else 'size not stated'
