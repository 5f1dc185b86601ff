"""All that the leaderboards of a suite allow to say, as plain data for tables and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.report.data.boards import Board, Row
from benchmark.report.data.grids import build_grid
from benchmark.report.data.normaliser import Normaliser, Scale, read_normaliser
from benchmark.report.inference.agreements import Agreement, agreements
from benchmark.report.inference.comparisons import Comparisons, Diagram, compare, diagram
from benchmark.report.inference.contrasts import Contrast, contrasts
from benchmark.report.inference.standings import Aggregate, standings


@dataclass(frozen=True)
class Economy:
    """What a backbone is and took, for plots of score against cost; ``None`` where unknown.

    Attributes:
        backbone: its id.
        parameters: how many it has.
        flops: operations for a picture.
        seconds: of training, summed over the board's tasks, mean over seeds; known only for
            complete rows that all ran on one device.
        memory_mb: largest peak in MiB.
        device: where the runs were made.
    """

    backbone: str
    parameters: int | None
    flops: float | None
    seconds: float | None
    memory_mb: float | None
    device: str


@dataclass(frozen=True)
class BoardFindings:
    """The aggregates of one leaderboard.

    Attributes:
        protocol: that of the leaderboard.
        standings: by backbone, of the rows without a gap.
        gaps: what the others lack, by backbone.
        scales: the normaliser's by task.
        unscaled: tasks that have none.
        comparisons: all pairs of the best; ``None`` where nothing can be compared.
        diagram: critical differences of mean ranks; ``None`` likewise.
        contrasts: masked against supervised pretraining, by group.
        economies: cost by backbone.
    """

    protocol: str
    standings: Mapping[str, Aggregate]
    gaps: Mapping[str, str]
    scales: Mapping[str, Scale]
    unscaled: tuple[str, ...]
    comparisons: Comparisons | None
    diagram: Diagram | None
    contrasts: tuple[Contrast, ...]
    economies: Mapping[str, Economy]


@dataclass(frozen=True)
class Findings:
    """The aggregates of all leaderboards, in their order, and how alike protocols rank."""

    normaliser: Normaliser
    boards: tuple[BoardFindings, ...]
    agreements: tuple[Agreement, ...]


def find(boards: Iterable[Board], normaliser: Normaliser | None = None) -> Findings:
    """Return what ``boards`` allow to say; equal boards give equal findings to the last bit.

    Raises:
        DeclarationError: the normaliser that comes with the project is unreadable.
    """
    boards, scale = tuple(boards), normaliser or read_normaliser()
    return Findings(scale, tuple(_board(board, scale) for board in boards), agreements(boards))


def _board(board: Board, normaliser: Normaliser) -> BoardFindings:
    found = {column.task.name: normaliser.scale(column) for column in board.columns}
    scales = {task: scale for task, scale in found.items() if scale is not None}
    grid = build_grid(board)
    scaled = grid.on_scale(scales)
    ranked = standings(grid, scaled)
    return BoardFindings(
        protocol=board.protocol,
        standings=ranked,
        gaps={row.backbone.id: gap(row) for row in board.rows if not row.is_complete},
        scales=scales,
        unscaled=tuple(task for task, scale in found.items() if scale is None),
        comparisons=compare(grid, scaled, ranked),
        diagram=diagram(grid),
        contrasts=contrasts(board, scales),
        economies={row.backbone.id: economy(row) for row in board.rows},
    )


def gap(row: Row) -> str:
    """Return which tasks a row lacks scores on; empty for a complete one."""
    lacking = [cell.task for cell in row.cells if not cell.is_complete]
    return f'{len(lacking)} of {len(row.cells)} tasks incomplete: {", ".join(lacking)}' * bool(
        lacking
    )


def economy(row: Row) -> Economy:
    """Return what a row's backbone is and took."""
    costs = [cost for cell in row.cells for cost in cell.costs.values()]
    devices = {cost.device for cost in costs}
    seconds = [cell.seconds for cell in row.cells if cell.seconds is not None]
    is_known = row.is_complete and len(devices) == 1 and len(seconds) == len(row.cells)
    # nan alone differs from itself
    memory = [cost.memory_mb for cost in costs if cost.memory_mb == cost.memory_mb]
    return Economy(
        backbone=row.backbone.id,
        parameters=row.backbone.parameters,
        flops=row.backbone.flops,
        seconds=sum(seconds) if is_known else None,
        memory_mb=max(memory, default=None),
        device=next(iter(devices)) if len(devices) == 1 else '',
    )
