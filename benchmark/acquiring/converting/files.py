"""Reading and writing that all converters share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, DataError
from benchmark.hashing import by_hash


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, *UNFIT) as error:
        raise DataError(f'{path}: not readable as JSON ({error})') from None


def write_text(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f'.{path.name}.draft')
    draft.write_text(text, encoding='utf-8')
    draft.replace(path)


def write_lines(path: Path, rows: Iterable[object]) -> int:
    """Write one line per row and return how many."""
    texts = [f'{row}\n' for row in rows]
    write_text(path, ''.join(texts))
    return len(texts)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file as a whole or not at all."""
    write_text(path, json.dumps(content))


def folders(root: Path) -> list[Path]:
    """Return the folders right below ``root``, sorted.

    Raises:
        DataError: nothing was found.
    """
    found = sorted(path for path in root.glob('*') if path.is_dir())
    if not found:
        raise DataError(f'{root}: holds no folders')
    return found


def halved(names: Iterable[str], share: float) -> tuple[list[str], list[str]]:
    """Return about ``share`` of the names, those whose SHA-256 is lowest, and the others.

    Raises:
        DataError: there are fewer than two names.
    """
    ranked = by_hash(names)
    if len(ranked) < 2:
        raise DataError(f'{len(ranked)} are too few to be split in two')
    count = min(max(round(share * len(ranked)), 1), len(ranked) - 1)
    return ranked[:count], ranked[count:]
