"""Outcomes per test example as a file: compressed arrays, the same bytes for the same outcomes."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import UNFIT, RecordError
from benchmark.statistics.outcomes import FORMS, Form, arrays_of

FORMAT = 1
"""The version that is written."""

MOST_BYTES = 256 * 2**20
"""Bytes that the arrays of a file may unfold to."""

_ABOUT = 'about'


@dataclass(frozen=True)
class Measured:
    """A metric's outcomes, and the name of each example where it is known."""

    form: Form
    names: tuple[str, ...] = ()


def pack(outcomes: Mapping[str, Measured]) -> bytes:
    """Return outcomes by metric as the content of a file; an array of several is kept once."""
    arrays: dict[str, NDArray[Any]] = {}
    places: dict[int, str] = {}
    texts: dict[tuple[str, ...], str] = {}

    def kept(array: NDArray[Any]) -> str:
        if id(array) not in places:
            places[id(array)] = f'a{len(arrays)}'
            arrays[places[id(array)]] = array
        return places[id(array)]

    about: dict[str, Any] = {'format': FORMAT, 'metrics': {}}
    for key, item in outcomes.items():
        said = {f.name: getattr(item.form, f.name) for f in fields(item.form)}  # type: ignore[arg-type]
        numbers = {name: value for name, value in said.items() if not isinstance(value, np.ndarray)}
        held = {name: kept(array) for name, array in arrays_of(item.form).items()}
        entry = {'form': type(item.form).name, 'numbers': numbers, 'arrays': held}  # type: ignore[attr-defined]
        if item.names:
            if item.names not in texts:
                text = np.frombuffer('\n'.join(item.names).encode(errors='replace'), np.uint8)
                texts[item.names] = f'n{len(texts)}'
                arrays[texts[item.names]] = text
            entry['names'] = texts[item.names]
        about['metrics'][key] = entry
    header = np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8)
    buffer = io.BytesIO()
    content: dict[str, Any] = {_ABOUT: header, **arrays}
    np.savez_compressed(buffer, **content)
    return buffer.getvalue()


def unpack(content: bytes, place: str) -> dict[str, Measured]:
    """Return outcomes by metric; a metric of a form that is not known here is left out.

    Args:
        content: what the file holds.
        place: its path, for errors.

    Raises:
        RecordError: the content is damaged, or larger than any outcomes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_BYTES:
                raise ValueError(f'it unfolds to more than {MOST_BYTES} bytes')
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            about = json.loads(arrays[_ABOUT].tobytes())
            if about['format'] != FORMAT:
                raise ValueError(f'format {about["format"]!r}, this version reads {FORMAT}')
            return {
                key: _measured(entry, arrays)
                for key, entry in about['metrics'].items()
                if entry['form'] in FORMS
            }
    except (OSError, *UNFIT, EOFError, zipfile.BadZipFile, zlib.error,
            NotImplementedError) as error:  # fmt: skip
        raise RecordError(f'{place}: no readable outcomes ({error})') from None


def _measured(entry: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Measured:
    held = {name: arrays[place] for name, place in entry['arrays'].items()}
    form = FORMS[entry['form']](**entry['numbers'], **held)
    names = entry.get('names')
    texts = tuple(arrays[names].tobytes().decode().split('\n')) if names else ()
    if len({len(texts) or form.count, form.count}) > 1:
        raise ValueError(f'{len(texts)} names of {form.count} examples')
    return Measured(form, texts)
