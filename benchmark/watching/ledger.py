"""What became of each checkpoint, in one file that is replaced whole at every change."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import UNFIT, DeclarationError, RecordError
from benchmark.results.store import write_atomically

_VERSION = 1


class State(enum.StrEnum):
    """What became of a checkpoint."""

    WAITING = 'waiting'
    EVALUATED = 'evaluated'
    UNREADABLE = 'unreadable'
    SKIPPED = 'skipped'


@dataclass(frozen=True)
class Score:
    """One number of a checkpoint.

    Attributes:
        task: name of the task.
        protocol: name of the protocol.
        seed: that of the run.
        metric: key of the metric.
        unit: its canonical unit.
        higher_is_better: its direction.
        value: in the canonical unit.
        split: ``'val'``, or ``'test'`` for the final test.
        example_error: standard error of the value over the examples of the split; ``None`` where
            their outcomes were not kept.
        examples: how many groups of examples it was estimated with; 0 where it is ``None``.
    """

    task: str
    protocol: str
    seed: int
    metric: str
    unit: str
    higher_is_better: bool
    value: float
    split: str = 'val'
    example_error: float | None = None
    examples: int = 0


@dataclass(frozen=True)
class Entry:
    """A checkpoint.

    Attributes:
        step: of the training.
        sha256: of its weights.
        name: of its file.
        path: where it was found.
        held: where it is kept for evaluation; empty where nothing is kept.
        state: what became of it.
        reason: why it is unreadable or skipped.
        backbone: the id under which its records are.
        scores: headline metrics on the validation splits.
        health: label-free measures by name.
        errors: a line for each cell that failed.
    """

    step: int
    sha256: str
    name: str
    path: str
    held: str = ''
    state: State = State.WAITING
    reason: str = ''
    backbone: str = ''
    scores: tuple[Score, ...] = ()
    health: Mapping[str, float | None] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[int, str]:
        """The identity of a checkpoint: step and content."""
        return self.step, self.sha256


class Ledger:
    """The entries of a folder of results, bound to the settings that they were evaluated by.

    Args:
        path: the file.
        settings: JSON data.

    Raises:
        DeclarationError: the file is bound to other settings.
        RecordError: it cannot be read.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self._path = path
        self._settings = json.loads(json.dumps(settings))
        self._entries: dict[tuple[int, str], Entry] = {}
        self.seen: dict[str, str] = {}
        self.final: Entry | None = None
        if path.exists():
            self._read()

    @property
    def entries(self) -> list[Entry]:
        """All entries by step."""
        return sorted(self._entries.values(), key=lambda entry: entry.step)

    def having(self, *states: State) -> list[Entry]:
        """Return the entries in one of ``states``, by step."""
        return [entry for entry in self.entries if entry.state in states]

    def knows(self, key: tuple[int, str]) -> bool:
        """Return whether there is an entry of this step and content."""
        return key in self._entries

    def put(self, *entries: Entry) -> None:
        """Add or replace entries, and write the file.

        Raises:
            RecordError: it cannot be written.
        """
        self._entries.update({entry.key: entry for entry in entries})
        self.write()

    def write(self) -> None:
        """Write the file.

        Raises:
            RecordError: it cannot be written.
        """
        write_atomically(self._path, json.dumps(self.plain(), indent=1, allow_nan=False) + '\n')

    def plain(self) -> dict[str, Any]:
        """Return the ledger as JSON data."""
        return {
            'version': _VERSION,
            'settings': self._settings,
            'seen': self.seen,
            'entries': [asdict(entry) for entry in self.entries],
            'final': asdict(self.final) if self.final else None,
        }

    def _read(self) -> None:
        try:
            content = json.loads(self._path.read_text(encoding='utf-8'))
            json.dumps(content, allow_nan=False)  # no number of ours is infinite
            kept = dict(content['settings'])
            found = [_entry(values) for values in content['entries']]
            self.seen = dict(content['seen'])
            self.final = _entry(content['final']) if content['final'] else None
        except (OSError, *UNFIT) as error:
            raise RecordError(
                f'{self._path}: cannot be read ({type(error).__name__}: {error}); move it away to '
                'start anew'
            ) from None
        for key in sorted(kept.keys() | self._settings.keys()):
            if kept.get(key) != self._settings.get(key):
                raise DeclarationError(
                    f'{self._path}: was started with other settings ({key} is {kept.get(key)!r} '
                    f'there, requested is {self._settings.get(key)!r}); choose another --out'
                )
        self._entries = {entry.key: entry for entry in found}


def _entry(values: Mapping[str, Any]) -> Entry:
    scores = tuple(Score(**score) for score in values['scores'])
    if type(values['step']) is not int or not isinstance(values['sha256'], str):
        raise TypeError(f'an entry is {values!r:.60}')
    return Entry(
        **{
            **values,
            'state': State(values['state']),
            'scores': scores,
            'errors': tuple(values['errors']),
        }
    )


def columns_of(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return the task and protocol of every headline score, in the order of their appearance."""
    return list(dict.fromkeys((s.task, s.protocol) for entry in entries for s in entry.scores))


def values_of(entry: Entry, column: tuple[str, str]) -> list[float]:
    """Return the scores of a checkpoint over seeds, of one task and protocol."""
    return [s.value for s in entry.scores if (s.task, s.protocol) == column]


class Band(NamedTuple):
    """A mean over seeds with its 95 % interval.

    ``over`` says what the interval repeats: ``'seeds'``, or ``'examples'`` of the split where the
    seeds say nothing; it is empty, and the ends ``None``, where neither is known. ``repeats`` is
    the number of seeds or groups of examples.
    """

    mean: float
    low: float | None
    high: float | None
    over: str
    repeats: int


def band_of(entry: Entry, column: tuple[str, str]) -> Band | None:
    """Return the mean of a checkpoint on one task by one protocol, with an interval.

    Student's t over seeds, as in the tables of a report. Where there is one seed, or all give the
    same score, the spread over seeds is unknown or none, and the interval is that over examples.
    ``None`` where there is no score.
    """
    from benchmark.statistics.linear import t_quantile
    from benchmark.statistics.means import t_interval

    found = [s for s in entry.scores if (s.task, s.protocol) == column]
    values = [score.value for score in found]
    given = t_interval(values)
    if given is None:
        return None
    if given.low is not None and min(values) < max(values):
        return Band(given.mean, given.low, given.high, 'seeds', given.n)
    first = found[0]
    if first.example_error is None:
        return Band(given.mean, None, None, '', given.n)
    half = first.example_error * float(t_quantile(first.examples - 1.0))
    return Band(given.mean, given.mean - half, given.mean + half, 'examples', first.examples)


def oriented(entry: Entry, column: tuple[str, str]) -> float:
    """Return the mean score over seeds such that higher is better; ``nan`` where there is none."""
    found = [s for s in entry.scores if (s.task, s.protocol) == column]
    if not found:
        return float('nan')
    mean = sum(score.value for score in found) / len(found)
    return mean if found[0].higher_is_better else -mean


def best_first(entries: Iterable[Entry]) -> list[Entry]:
    """Return evaluated checkpoints by their mean rank over tasks and protocols, the best first.

    Of equals the later step comes first; those without every score come last.
    """
    import numpy as np

    from benchmark.statistics.aggregates import ranks

    listed = list(entries)
    columns = columns_of(listed)
    if not columns:
        return sorted(listed, key=lambda entry: -entry.step)
    table = np.array([[oriented(entry, column) for column in columns] for entry in listed])
    has_all = np.isfinite(table).all(axis=1)
    filled = np.where(np.isfinite(table), table, -np.inf)
    places = ranks(filled.T).mean(axis=0)
    order = sorted(range(len(listed)), key=lambda i: (not has_all[i], places[i], -listed[i].step))
    return [listed[i] for i in order]


def without_file(entry: Entry) -> Entry:
    """Return the entry of a checkpoint whose files are gone."""
    return replace(entry, held='')
