"""Text files in the encodings that editors and other systems write; no library is needed."""

from __future__ import annotations

from pathlib import Path

from benchmark import packed
from benchmark.errors import DataError


def read_text(path: str | Path) -> str:
    """Return a text in UTF-8, with or without a byte order mark, or in UTF-16 with one.

    Its lines end in a line feed, whether the file is of Unix, Windows or an old Mac.

    Raises:
        DataError: the file cannot be read, or is in another encoding.
    """
    try:
        data = packed.read_bytes(path)
        is_utf16 = data[:2] in (b'\xff\xfe', b'\xfe\xff')
        text = data.decode('utf-16' if is_utf16 else 'utf-8-sig')
        return text.replace('\r\n', '\n').replace('\r', '\n')
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror})') from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b'\n') + 1
        raise DataError(
            f'{path}, line {line}: not UTF-8 ({error.reason}); save the file as UTF-8'
        ) from None
