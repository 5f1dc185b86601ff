"""What the figures share: colours and axes. matplotlib is imported when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# told apart by people with any colour vision (Okabe and Ito's palette)
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000')
ACCENT, FAINT, BASE = COLOURS[0], '#7f93a6', '#555555'

_WIDTH, _HEIGHT = 3.0, 2.3


def grid_of_axes(
    rows: int,
    columns: int,
    *,
    share_rows: bool = False,
    width: float = _WIDTH,
    height: float = _HEIGHT,
) -> tuple[Figure, Any]:
    """Return a figure and its axes (rows, columns); sizes are inches per panel.

    Args:
        rows: number of rows.
        columns: number of columns.
        share_rows: whether the panels of a row share their y axis.
        width: width of a panel in inches.
        height: height of a panel in inches.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns + 0.6, height * rows + 0.4), layout='constrained')
    axes = figure.subplots(rows, columns, squeeze=False, sharey='row' if share_rows else False)
    for ax in axes.flat:
        ax.spines[['top', 'right']].set_visible(False)
        ax.tick_params(labelsize=8)
    return figure, axes
