"""Names and hashes of content: what makes two things one and the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from benchmark.errors import DataError

_SLUG_LENGTH = 56


def slug(text: str) -> str:
    """Return ``text`` as a file name: safe characters, and a hash where any was replaced."""
    safe = re.sub(r'[^A-Za-z0-9._+-]+|-{2,}', '_', text).strip('_.')
    if safe == text and len(safe) <= _SLUG_LENGTH:
        return safe
    return f'{safe[:_SLUG_LENGTH]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}'


def fingerprint(content: object) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of ``content``."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def canonical_json(content: object) -> str:
    """Return JSON with sorted keys and no spaces; tuples become lists, NaN is refused."""
    return json.dumps(
        content, sort_keys=True, separators=(',', ':'), ensure_ascii=False, allow_nan=False
    )


def by_hash(names: Iterable[str]) -> list[str]:
    """Return names in the order of their SHA-256, in which some of them are chosen."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        with path.open('rb') as file:
            return hashlib.file_digest(file, 'sha256').hexdigest()
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror})') from None
