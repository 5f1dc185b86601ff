"""What the page draws, ready for its template: positions in percent, texts, classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmark.report.boards import Board, Cell, Column
from benchmark.report.facts import BackboneFacts
from benchmark.report.sentences import column_sentences, version_notes
from benchmark.report.units import NO_SCORE, heading, show, show_interval

_FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled', 'none')
_SPARE_COLOURS = 4


@dataclass(frozen=True)
class Scale:
    """A numeric axis on which the better side is always on the right."""

    low: float
    high: float
    is_flipped: bool

    def at(self, value: float) -> float:
        """Return the place of ``value`` in percent from the left, kept inside the axis."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        place = 1 - share if self.is_flipped else share
        return round(100 * min(1.0, max(0.0, place)), 2)

    def length(self, difference: float) -> float:
        """Return the length of a difference in percent of the axis."""
        return round(min(100.0, 100 * difference / ((self.high - self.low) or 1.0)), 2)

    @property
    def ends(self) -> tuple[float, float]:
        """The values at the left and the right end."""
        return (self.high, self.low) if self.is_flipped else (self.low, self.high)


class Interval(NamedTuple):
    """Where a mean, its whisker of one sd to both sides and each seed lie, in percent."""

    mean: float
    left: float
    width: float
    seeds: tuple[float, ...]


class CellView(NamedTuple):
    """A cell of a leaderboard; ``note`` is the number of its footnote, 0 for none."""

    anchor: str
    backbone: BackboneFacts
    family_class: str
    kind: str
    value: str
    mean: str
    sd: str
    text: str
    heat: float
    strip: Interval | None
    chart: Interval | None
    is_best: bool
    is_near_best: bool
    problem: str
    note: int


class ColumnView(NamedTuple):
    """A task of a leaderboard with its chart and what can be said about it."""

    column: Column
    heading: str
    left_end: str
    right_end: str
    threshold: float | None
    trivial: tuple[tuple[str, str, float], ...]
    sentences: tuple[str, ...]
    cells: tuple[CellView, ...]

    @property
    def best_first(self) -> tuple[CellView, ...]:
        """The cells, best mean first."""
        return tuple(sorted(self.cells, key=lambda cell: -cell.heat if cell.mean else 1.0))


class RowView(NamedTuple):
    """A backbone of a leaderboard."""

    backbone: BackboneFacts
    family_class: str
    cells: tuple[CellView, ...]
    mean_rank: str


class BoardView(NamedTuple):
    """A leaderboard; ``notes`` are its footnotes in the order of their numbers."""

    anchor: str
    protocol: str
    columns: tuple[ColumnView, ...]
    rows: tuple[RowView, ...]
    kinds: tuple[tuple[str, int], ...]
    trivial_depth: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def family_classes(backbones: Iterable[BackboneFacts]) -> dict[str, str]:
    """Return a CSS class for each pretraining family; families unknown here get spare colours."""
    families = sorted({backbone.family for backbone in backbones})
    others = [family for family in families if family not in _FAMILIES]
    spare = {family: f'family-{i % _SPARE_COLOURS}' for i, family in enumerate(others)}
    return {family: spare.get(family, f'family-{family}') for family in families}


def board_views(boards: Sequence[Board], classes: Mapping[str, str]) -> list[BoardView]:
    """Return a view of each board; the anchors of their cells differ."""
    return [_board(board, f'{i}', classes) for i, board in enumerate(boards, start=1)]


def _board(board: Board, anchor: str, classes: Mapping[str, str]) -> BoardView:
    notes = list(dict.fromkeys(c.problem for row in board.rows for c in row.cells if c.problem))
    columns = tuple(
        _column(board, index, f'cell-{anchor}-{index + 1}', classes, notes)
        for index in range(len(board.columns))
    )
    rows = tuple(
        RowView(
            row.backbone,
            classes[row.backbone.family],
            tuple(column.cells[i] for column in columns),
            '' if row.mean_rank is None else f'{row.mean_rank:.2f}',
        )
        for i, row in enumerate(board.rows)
    )
    return BoardView(
        anchor=anchor,
        protocol=board.protocol,
        columns=columns,
        rows=rows,
        kinds=board.kinds,
        trivial_depth=board.trivial_depth,
        notes=tuple(notes),
        warnings=tuple(version_notes(board)),
    )


def _column(
    board: Board, index: int, anchor: str, classes: Mapping[str, str], notes: list[str]
) -> ColumnView:
    column = board.columns[index]
    metric = column.task.primary
    drawing = _drawing(column, [row.cells[index] for row in board.rows], classes, notes)
    left, right = drawing.chart.ends
    threshold = column.judgement.threshold
    return ColumnView(
        column=column,
        heading=heading(metric),
        left_end=show(left, metric.unit),
        right_end=show(right, metric.unit),
        threshold=None if threshold is None else drawing.chart.length(threshold),
        trivial=tuple(
            (item.name, show(item.value, metric.unit), drawing.chart.at(item.value))
            for item in column.trivial
        ),
        sentences=tuple(column_sentences(board, index)),
        cells=tuple(
            _cell(row.cells[index], row.backbone, f'{anchor}-{place}', drawing)
            for place, row in enumerate(board.rows, start=1)
        ),
    )


class _Drawing(NamedTuple):
    """What all cells of a column share; the chart also has room for trivial predictors."""

    column: Column
    means: tuple[float, ...]
    strip: Scale
    chart: Scale
    classes: Mapping[str, str]
    notes: Sequence[str]


def _drawing(
    column: Column, cells: Sequence[Cell], classes: Mapping[str, str], notes: Sequence[str]
) -> _Drawing:
    is_flipped = not column.task.primary.higher_is_better
    values = _extremes(cells)
    floors = [item.value for item in column.trivial]
    return _Drawing(
        column=column,
        means=tuple(cell.mean for cell in cells if cell.mean is not None),
        strip=fitted(values, is_flipped=is_flipped),
        chart=fitted([*values, *floors], is_flipped=is_flipped),
        classes=classes,
        notes=notes,
    )


def fitted(values: Sequence[float], *, is_flipped: bool) -> Scale:
    """Return an axis over all ``values`` with a small margin; 0 to 1 where there are none."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.04 * (high - low)
    return Scale(low - margin, high + margin, is_flipped)


def _extremes(cells: Iterable[Cell]) -> list[float]:
    values: list[float] = []
    for cell in cells:
        values += cell.scores.values()
        if cell.mean is not None:
            values += [cell.mean - (cell.sd or 0.0), cell.mean + (cell.sd or 0.0)]
    return values


def _cell(cell: Cell, backbone: BackboneFacts, anchor: str, drawing: _Drawing) -> CellView:
    column = drawing.column
    unit = column.task.primary.unit
    return CellView(
        anchor=anchor,
        backbone=backbone,
        family_class=drawing.classes[backbone.family],
        kind=column.task.kind,
        value='' if cell.mean is None else repr(cell.mean),
        mean='' if cell.mean is None else show(cell.mean, unit),
        sd='' if cell.sd is None else show(cell.sd, unit),
        text=NO_SCORE if cell.mean is None else show_interval(cell.mean, cell.sd, unit),
        heat=_heat(cell.mean, column, drawing.means),
        strip=_interval(cell, drawing.strip),
        chart=_interval(cell, drawing.chart),
        is_best=cell.backbone in column.best,
        is_near_best=cell.backbone in column.near_best,
        problem=cell.problem,
        note=drawing.notes.index(cell.problem) + 1 if cell.problem else 0,
    )


def _heat(mean: float | None, column: Column, means: Sequence[float]) -> float:
    """Return 1 for the best mean down to 0 for the worst, paler where nothing differs clearly."""
    if mean is None:
        return 0.0
    target = (max if column.task.primary.higher_is_better else min)(means)
    span = max(max(means) - min(means), column.judgement.threshold or 0.0) or 1.0
    return round(1 - abs(mean - target) / span, 3)


def _interval(cell: Cell, scale: Scale) -> Interval | None:
    if cell.mean is None:
        return None
    sd = cell.sd or 0.0
    ends = sorted((scale.at(cell.mean - sd), scale.at(cell.mean + sd)))
    seeds = tuple(scale.at(value) for value in cell.scores.values())
    return Interval(scale.at(cell.mean), ends[0], round(ends[1] - ends[0], 2), seeds)
