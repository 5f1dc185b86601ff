"""Which checkpoints lie below a folder, which of them are complete, and of which step they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, CheckpointError
from benchmark.hashing import fingerprint
from benchmark.weight_files import ADAPTER, DISTRIBUTED, INDEX, WHOLE

SUFFIXES = ('.safetensors', '.pth', '.pt', '.ckpt', '.bin', '.tar')
"""How the names of files end that may hold weights."""

_FOLDERS = (*WHOLE, *(f'{name}{INDEX}' for name in WHOLE), ADAPTER, DISTRIBUTED)
"""Files by which a folder is known as one checkpoint."""

_BESIDE = re.compile(
    r'optim|scheduler|scaler|rng_state|random_states|training_args|trainer_state|\.(tmp|part)', re.I
)
_STEP = re.compile(r'(?:global[-_]?)?(?:step|iter(?:ation)?)s?[-_=]?(\d+)', re.I)
_EPOCH = re.compile(r'(?:epoch|ep|checkpoint|ckpt)[-_=]?(\d+)', re.I)
_LAST = re.compile(r'(\d+)$')


@dataclass(frozen=True)
class Seen:
    """A checkpoint as it was seen in the folder: a file, or a folder of files.

    Attributes:
        path: what ``ARCH@PATH`` takes.
        state: what changes with its content: size and time of change of each file.
    """

    path: Path
    state: tuple[tuple[str, int, int], ...]

    @property
    def digest(self) -> str:
        """A hash of the state, short enough to be listed."""
        return fingerprint(self.state)[:16]


@dataclass
class Looks:
    """Looks at a folder again and again; what did not change from one look to the next is stable.

    Attributes:
        folder: what is looked at, with all folders below.
        marker: a checkpoint counts once a file of its name with this ending is there, or, for a
            folder, a file of this name in it; empty where none is needed.
    """

    folder: Path
    marker: str = ''
    _before: dict[Path, Seen] = field(default_factory=dict)

    def look(self) -> tuple[list[Seen], int]:
        """Return the checkpoints that have not changed since the last look, and how many have."""
        now = {seen.path: seen for seen in self._all()}
        stable = [seen for path, seen in now.items() if self._before.get(path) == seen]
        self._before = now
        return stable, len(now) - len(stable)

    def _all(self) -> Iterator[Seen]:
        for path in _checkpoints(self.folder):
            try:
                if not self.marker or _marked(path, self.marker):
                    yield Seen(path, _state(path))
            except FileNotFoundError:  # it was removed meanwhile
                continue


def _checkpoints(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith('.') or _BESIDE.search(entry.name):
            continue
        if entry.is_dir():
            if any((entry / name).is_file() for name in _FOLDERS):
                yield entry
            else:
                yield from _checkpoints(entry)
        elif entry.suffix in SUFFIXES and entry.is_file():
            yield entry


def _marked(path: Path, marker: str) -> bool:
    return (path / marker).exists() if path.is_dir() else Path(f'{path}{marker}').exists()


def _state(path: Path) -> tuple[tuple[str, int, int], ...]:
    files = sorted(p for p in path.rglob('*') if p.is_file()) if path.is_dir() else [path]
    stats = [(file.relative_to(path.parent).as_posix(), file.stat()) for file in files]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def step_in_name(path: Path, folder: Path) -> int | None:
    """Return the step that a checkpoint's name says, or that of a folder between it and ``folder``.

    A number after ``step`` or ``iter`` counts first, then one after ``epoch``, ``checkpoint`` or
    ``ckpt``, then one at the end of the name.

    >>> step_in_name(Path('runs/epoch=3-step=500.ckpt'), Path('runs'))
    500
    >>> step_in_name(Path('runs/iter_200-0a1b2c3d.pth'), Path('runs'))
    200
    >>> step_in_name(Path('runs/last.pth'), Path('runs')) is None
    True
    """
    inside = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
    names = [inside.name if path.is_dir() else inside.stem, *reversed(inside.parts[:-1])]
    for name in names:
        for pattern in (_STEP, _EPOCH, _LAST):
            if found := pattern.search(name):
                return int(found[1])
    return None


def step_in_file(path: Path, key: str) -> int:
    """Return the step under a dotted key of a weights file, or in the header of a safetensors file.

    Raises:
        CheckpointError: the file cannot be read, or has no whole number there.
    """
    facts: Mapping[str, Any] = _header(path) if path.suffix == '.safetensors' else {}
    if not facts:
        from benchmark.openmmlab.checkpoints import read_contents
        from benchmark.weight_files import locate_weights

        facts = read_contents(locate_weights(path)).facts
    value = facts.get(key)
    try:
        return int(str(value))
    except ValueError:
        known = ', '.join(sorted(facts)[:8]) or 'no facts'
        raise CheckpointError(
            f'{path}: has no step under --step-key {key} (found: {known}); name another key'
        ) from None


def _header(path: Path) -> dict[str, Any]:
    """Return the facts in the header of a safetensors file.

    Raises:
        CheckpointError: it is not a whole header.
    """
    try:
        with path.open('rb') as file:
            size = int.from_bytes(file.read(8), 'little')
            if size > path.stat().st_size:
                raise ValueError('its header is longer than the file')
            facts: dict[str, Any] = dict(json.loads(file.read(size)).get('__metadata__') or {})
    except (OSError, *UNFIT) as error:
        raise CheckpointError(f'{path}: not a readable safetensors file ({error})') from None
    return facts
