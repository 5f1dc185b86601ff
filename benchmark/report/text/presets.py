"""Tables in the shape of arXiv 2205.13543: one per group of tasks, architectures as blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmark.report.data.boards import Board, Row
from benchmark.report.data.facts import BackboneFacts

_FAMILIES = ('supervised', 'distilled', 'contrastive', 'mim', 'none')


@dataclass(frozen=True)
class Preset:
    """A table of the paper: its name, title, and the groups of tasks that are its columns."""

    name: str
    title: str
    groups: tuple[str, ...]

    def table(self, board: Board) -> Board | None:
        """Return the part of ``board`` that this table shows; ``None`` without such tasks.

        Rows are in blocks of one architecture, within a block by pretraining family as the paper
        has them: supervised first, masked last.
        """
        places = [i for i, c in enumerate(board.columns) if c.task.group in self.groups]
        if not places:
            return None
        rows = [
            replace(row, cells=tuple(row.cells[i] for i in places), mean_rank=None)
            for row in sorted(board.rows, key=_block_order)
        ]
        columns = tuple(board.columns[i] for i in places)
        shown = tuple(row for row in rows if any(cell.scores for cell in row.cells))
        if not shown:
            return None
        return Board(board.protocol, columns, shown, set_aside=board.set_aside)


PAPER = (
    Preset('semantic', 'Semantic and fine-grained tasks', ('semantic', 'fine-grained')),
    Preset('geometric-motion', 'Geometric and motion tasks', ('geometric-motion',)),
    Preset('combined', 'Combined tasks', ('combined',)),
)
"""The three tables of the paper, in its order."""


def block(backbone: BackboneFacts) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """Return what backbones of one block of rows share: architecture class and maps."""
    return backbone.architecture, backbone.shape


def _block_order(row: Row) -> tuple[object, ...]:
    backbone = row.backbone
    family = backbone.family
    place = _FAMILIES.index(family) if family in _FAMILIES else len(_FAMILIES)
    size = backbone.parameters or 0
    return (*block(backbone), place, backbone.data, size, backbone.label, backbone.id)


def pretraining(backbone: BackboneFacts) -> str:
    """Return how a backbone was pretrained, as ``'ImageNet-1k mim (MAE)'``."""
    family, method = backbone.family, backbone.method
    if method.lower() in ('', family.lower()):
        how = family
    elif method.lower().startswith(family.lower()):
        how = method
    else:
        how = f'{family} ({method})'
    return ('; ' if ',' in backbone.data else ' ').join(filter(None, [backbone.data, how]))
