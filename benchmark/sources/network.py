"""Fetching of published weights; fails at once, with the remedy, if there is no network."""

from __future__ import annotations

import contextlib
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator

from huggingface_hub import constants

from benchmark.errors import CheckpointError

_LONGEST = 160


@contextlib.contextmanager
def fetching(backbone: str, *, remedy: str = '') -> Iterator[None]:
    """Turn any failure to fetch ``backbone`` into one line with the remedy.

    Args:
        backbone: its id.
        remedy: what to do without network, unless a file of weights is enough.

    Raises:
        CheckpointError: the enclosed block failed.
    """
    try:
        with _offline_when_unreachable():
            yield
    except CheckpointError:
        raise
    except Exception as error:  # libraries and their hub clients raise many unrelated types
        with_file = f'give a file as {backbone}@CHECKPOINT, or {backbone}+random for random weights'
        raise CheckpointError(
            f'{backbone}: the published weights cannot be fetched ({one_line(error)}); without '
            f'network, {remedy or with_file}'
        ) from None


def one_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its type where it has none.

    A long one ends after a word.
    """
    text = str(error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    if len(line) <= _LONGEST:
        return line
    words, space, _ = line[:_LONGEST].rpartition(' ')
    return f'{words if space else line[:_LONGEST]} ...'


@contextlib.contextmanager
def _offline_when_unreachable() -> Iterator[None]:
    """Make the hub client use its cache, not retry for a minute, when there is no network."""
    was_offline = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = was_offline or not is_reachable(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = was_offline


def is_reachable(address: str) -> bool:
    """Whether the server of a web address answers, or a proxy is configured."""
    if urllib.request.getproxies():
        return True
    parts = urllib.parse.urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port or 443), timeout=5).close()
    except OSError:
        return False
    return True
