"""One board of the cells that run: on a terminal while they do, from wherever it is asked for."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import api
from benchmark.cli.printing import say
from benchmark.cli.terminal import printable
from benchmark.errors import BenchmarkError
from benchmark.launching.progress import RUNNING, duration
from benchmark.launching.status import CampaignStatus, CellStatus, State

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

_PAUSE = 1.0
"""Seconds between two looks, at least; a look may take a tenth of the time."""

_FAILED_SHOWN = 5
_FRAME = 6
"""Lines of a terminal that the heading, the failed ones and the prompt may need."""

_BAR = 20
_WRONG = ('WARNING', 'FAILED: ', 'failed: ', 'skipped: ')


def is_terminal() -> bool:
    """Whether a board can be drawn on standard output."""
    return sys.stdout.isatty() and os.environ.get('TERM', '') not in ('', 'dumb')


@contextlib.contextmanager
def showing(
    work: Path, *, is_quiet: bool = False, has_terminal: bool = True
) -> Iterator[Callable[[str], None]]:
    """Yield what says a line, and show a board of this process's cells below the lines.

    In a log or a pipe there are lines alone; with ``is_quiet`` those of what is wrong.

    Args:
        work: the work folder of the campaigns.
        is_quiet: say nothing but what is wrong, and draw nothing.
        has_terminal: whether the terminal is free; cells that run in this process need it.
    """
    if is_quiet:
        yield _say_what_is_wrong
    elif has_terminal and is_terminal():
        with _Board(lambda: _own(api.campaigns(work))) as board:
            yield board.say
    else:
        yield say


def _say_what_is_wrong(line: str) -> None:
    if any(word in line for word in _WRONG):
        say(line)


def _own(found: Sequence[CampaignStatus]) -> list[CampaignStatus]:
    """Return the campaigns that this process takes part in."""
    process = f'{os.getpid()} on {socket.gethostname()}'
    return [c for c in found if process in (name for name, _ in c.processes)]


def watch_board(look: Callable[[], Sequence[CampaignStatus]], pause: float) -> None:
    """Show a board until nothing runs any more; its last state stays on the terminal.

    Args:
        look: returns the campaigns to show.
        pause: seconds between two looks.
    """
    with _live(is_transient=False) as live:
        while True:
            found = look()
            live.update(render(found, live.console), refresh=True)
            if not any(campaign.is_alive for campaign in found):
                return
            time.sleep(pause)


def _live(*, is_transient: bool) -> Live:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    return Live(console=console, auto_refresh=False, transient=is_transient)


class _Board:
    """A board that is drawn anew by a thread, below the lines that are said."""

    def __init__(self, look: Callable[[], Sequence[CampaignStatus]]) -> None:
        self._look = look
        self._live = _live(is_transient=True)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw, name='board', daemon=True)

    def __enter__(self) -> _Board:
        self._live.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(_PAUSE)
        self._live.stop()

    def say(self, line: str) -> None:
        """Print a line above the board, which shows by itself how far cells are."""
        if not line.startswith(RUNNING):
            self._live.console.print(printable(line), soft_wrap=True)

    def _draw(self) -> None:
        pause = _PAUSE
        while not self._ended.wait(pause):
            started = time.monotonic()
            # a file that is half written is read at the next look
            with contextlib.suppress(BenchmarkError, OSError):
                self._live.update(render(self._look(), self._live.console), refresh=True)
            pause = max(_PAUSE, 10 * (time.monotonic() - started))


def render(campaigns: Sequence[CampaignStatus], console: Console) -> RenderableType:
    """Return the board: a heading, the cells that run and those that failed, per campaign.

    Args:
        campaigns: what is shown.
        console: where, for the height that there is.
    """
    from rich.console import Group

    room = max(3, console.height - _FRAME - 2 * len(campaigns))
    return Group(*(part for campaign in campaigns for part in _parts(campaign, room)))


def _parts(campaign: CampaignStatus, room: int) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(_heading(campaign), style='bold', no_wrap=True, overflow='ellipsis')
    running = [cell for cell in campaign.cells if cell.state is State.RUNNING]
    if running:
        yield _table(running[:room])
    if len(running) > room:
        yield Text(f'  and {len(running) - room} more that run')
    failed = [cell for cell in campaign.cells if cell.state is State.FAILED]
    for cell in failed[-_FAILED_SHOWN:]:
        line = f'  failed  {_name(cell)}: {printable(" ".join(cell.detail.split()))}'
        yield Text(line, style='red', no_wrap=True, overflow='ellipsis')
    if len(failed) > _FAILED_SHOWN:
        yield Text(f'  and {len(failed) - _FAILED_SHOWN} more that failed', style='red')


def _heading(campaign: CampaignStatus) -> str:
    counts = ', '.join(f'{count} {state}' for state, count in campaign.counts.items())
    left = '' if campaign.left is None else f', about {duration(campaign.left)} left'
    state = '' if campaign.is_alive else ' (not running)'
    return f'{printable(campaign.suite)}{state}  {counts}{left}'


def _name(cell: CellStatus) -> str:
    spec = cell.spec
    return printable(f'{spec.task}  {spec.backbone}  {spec.protocol}  seed {spec.seed}')


def _table(cells: Sequence[CellStatus]) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow='ellipsis', no_wrap=True, ratio=1, min_width=12)
    table.add_column(width=_BAR)
    for _ in range(4):
        table.add_column(justify='right', no_wrap=True)
    for cell in cells:
        share = cell.share
        bar = ProgressBar(total=1.0, completed=share or 0.0, width=_BAR)
        loss = '' if cell.loss is None else f'loss {cell.loss:.4g}'
        speed = '' if cell.images_per_second is None else f'{cell.images_per_second:.1f} pictures/s'
        table.add_row(
            Text(f'  {_name(cell)}'),
            bar,
            Text(printable(cell.detail)),
            Text(loss),
            Text(speed),
            Text(_time(cell)),
        )
    return table


def _time(cell: CellStatus) -> str:
    spent = '' if cell.seconds is None else duration(cell.seconds)
    return spent if cell.left is None else f'{spent}, {duration(cell.left)} left'
