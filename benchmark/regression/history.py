"""The scores of earlier nights, in one file that the report's history page reads as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, RecordError
from benchmark.regression.cells import Headline
from benchmark.results.forms import is_number, parse_json
from benchmark.results.store import write_atomically
from benchmark.specs import CellKey

SCHEMA = 1


@dataclass(frozen=True)
class CellHistory:
    """A cell over the nights: its scores and the verdict, by night.

    Attributes:
        metric: its headline metric.
        baseline: scores of the baseline in canonical units.
        scores: by night, in canonical units.
        verdicts: by night.
    """

    metric: Headline
    baseline: tuple[float, ...] = ()
    scores: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """Nights by name, sorted (a date as in ``2031-05-04``), and the cells."""

    suite: str
    nights: tuple[str, ...] = ()
    cells: Mapping[CellKey, CellHistory] = field(default_factory=dict)

    def before(self, night: str, cell: CellKey) -> dict[str, tuple[float, ...]]:
        """Return the scores of ``cell`` in the nights before ``night``, oldest first."""
        found = self.cells.get(cell)
        if found is None:
            return {}
        return {name: found.scores[name] for name in sorted(found.scores) if name < night}

    def with_night(self, night: str, cells: Mapping[CellKey, CellHistory]) -> History:
        """Return the history with the scores and verdicts of ``night`` put in its place.

        ``cells`` hold that night alone, and the baseline of now.
        """
        merged = dict(self.cells)
        for cell in self.cells.keys() | cells.keys():
            old, new = self.cells.get(cell), cells.get(cell)
            if new is None:
                assert old is not None
                merged[cell] = replace(
                    old, scores=_without(old.scores, night), verdicts=_without(old.verdicts, night)
                )
            elif old is None or old.metric.key != new.metric.key:
                merged[cell] = new
            else:
                merged[cell] = replace(
                    new,
                    scores={**old.scores, **new.scores},
                    verdicts={**old.verdicts, **new.verdicts},
                )
        nights = tuple(sorted({*self.nights, night}))
        return History(self.suite, nights, {cell: merged[cell] for cell in sorted(merged)})


def _without(values: Mapping[str, Any], night: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != night}


def write_history(path: Path, history: History) -> None:
    """Write ``history`` atomically as JSON.

    Raises:
        RecordError: the file cannot be written.
    """
    content = {
        'schema': SCHEMA,
        'suite': history.suite,
        'nights': list(history.nights),
        'cells': [_plain(cell, found) for cell, found in history.cells.items()],
    }
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False) + '\n')


def _plain(cell: CellKey, found: CellHistory) -> dict[str, Any]:
    return {
        **cell._asdict(),
        'metric': found.metric._asdict(),
        'baseline': list(found.baseline),
        'scores': {night: list(found.scores[night]) for night in sorted(found.scores)},
        'verdicts': {night: found.verdicts[night] for night in sorted(found.verdicts)},
    }


def read_history(path: Path, suite: str) -> History:
    """Return the history of ``suite`` in ``path``.

    Raises:
        RecordError: the file cannot be read, or is of another schema version or suite.
    """
    try:
        content = parse_json(path.read_text(encoding='utf-8'))
        if content['schema'] != SCHEMA:
            raise ValueError(f'schema is {content["schema"]!r}, this version reads {SCHEMA}')
        if content['suite'] != suite:
            raise ValueError(f"it holds suite '{content['suite']}', not '{suite}'")
        cells = dict(_cell(item) for item in content['cells'])
        return History(suite, tuple(sorted(map(_text, content['nights']))), cells)
    except (OSError, *UNFIT) as error:
        raise RecordError(f'{path}: no history of nights ({error})') from None


def _cell(item: Mapping[str, Any]) -> tuple[CellKey, CellHistory]:
    cell = CellKey(*(_text(item[key]) for key in CellKey._fields))
    return cell, CellHistory(
        metric=_headline(item['metric']),
        baseline=_numbers(item['baseline']),
        scores={night: _numbers(values) for night, values in item['scores'].items()},
        verdicts={night: _text(verdict) for night, verdict in item['verdicts'].items()},
    )


def _headline(said: Mapping[str, Any]) -> Headline:
    found = Headline(**said)
    for text in (found.key, found.title, found.unit):
        _text(text)
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f'a name is {value!r:.60}, must be a text')
    return value


def _numbers(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list) or not all(map(is_number, values)):
        raise TypeError(f'scores are {values!r:.60}, must be a list of numbers')
    return tuple(map(float, values))
