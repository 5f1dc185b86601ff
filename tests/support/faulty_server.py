"""A server on this machine that gives files, and misbehaves when it is told to."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOGIN = b'<!DOCTYPE html><html><body>Please log in</body></html>'


@dataclass
class Fault:
    """What goes wrong with one answer; ``at`` is a byte of the answer's body."""

    kind: str
    at: int = 0


@dataclass
class Server:
    """Files by name, faults to come (the first is used up by the next answer), and requests.

    ``guarded`` are the tokens that names ask for, ``moved`` the addresses that names send on to,
    ``tokens`` what came as authorization for each name.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    always: dict[str, Fault] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list)
    guarded: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    tags: bool = True
    port: int = 0

    def address(self, name: str) -> str:
        return f'http://127.0.0.1:{self.port}/{name}'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_: Server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def _answer(self, *, has_body: bool) -> None:
        self.close_connection = True
        world, name = self.server_, self.path.lstrip('/')
        world.asked.append((self.command, name, self.headers.get('Range', '')))
        if name == 'login':
            self._send(200, LOGIN, {'Content-Type': 'text/html; charset=utf-8'})
            return
        shown = self.headers.get('Authorization', '')
        world.tokens.append((name, shown))
        if name in world.guarded and shown != f'Bearer {world.guarded[name]}':
            self._send(401, b'who are you?', {})
            return
        if name in world.moved:
            self._send(302, b'', {'Location': world.moved[name]})
            return
        fault = world.always.get(name)
        if fault is None and world.faults and has_body:
            fault = world.faults.pop(0)
        kind = fault.kind if fault else ''
        if name not in world.files or kind == 'gone':
            self._send(404, b'not here', {})
        elif kind == 'forbidden':
            self._send(403, b'forbidden', {})
        elif kind == 'busy':
            self._send(503, b'later', {})
        elif kind == 'login':
            self._send(302, b'', {'Location': world.address('login')})
        elif kind == 'page':
            self._send(200, LOGIN, {'Content-Type': 'application/octet-stream'})
        else:
            self._give(world.files[name], fault, has_body=has_body)

    def _give(self, content: bytes, fault: Fault | None, *, has_body: bool) -> None:
        world, kind = self.server_, fault.kind if fault else ''
        tag = f'"{hash(content)}"'
        headers = {'ETag': tag} if world.tags else {}
        start = self._start(content, tag)
        body, status = content[start:], 206 if start else 200
        if start:
            headers['Content-Range'] = f'bytes {start}-{len(content) - 1}/{len(content)}'
        if kind == 'wrong':
            place = min(fault.at, len(body) - 1) if fault else 0
            body = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        if kind == 'longer':
            body = body + b'more'
        length = len(body) - (1 if kind == 'shorter' else 0)
        sent = body[: fault.at] if fault and kind in {'cut', 'stall'} else body[:length]
        if kind == 'slow' and has_body:
            self._trickle(status, sent, headers)
            return
        self._send(status, sent if has_body else b'', headers, length)
        if kind == 'stall':
            time.sleep(0.6)

    def _trickle(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send a body in thirty parts over a third of a second."""
        self._send(status, b'', headers, len(body))
        step = len(body) // 30 + 1
        for start in range(0, len(body), step):
            time.sleep(0.01)
            try:
                self.wfile.write(body[start : start + step])
                self.wfile.flush()
            except ConnectionError:
                return

    def _start(self, content: bytes, tag: str) -> int:
        world = self.server_
        wanted = re.fullmatch(r'bytes=(\d+)-\d*', self.headers.get('Range', ''))
        if wanted is None or not world.ranges or self.headers.get('If-Range', tag) != tag:
            return 0
        start = int(wanted[1])
        return start if start < len(content) else 0

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], length: int | None = None
    ) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header('Content-Length', str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except ConnectionError:
            pass


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server on a free port while the block lasts."""
    world = Server()
    handler: Callable[..., _Handler] = type('Handler', (_Handler,), {'server_': world})
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:  # type: ignore[arg-type]
        server.daemon_threads = True
        world.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        try:
            yield world
        finally:
            server.shutdown()
            thread.join()
