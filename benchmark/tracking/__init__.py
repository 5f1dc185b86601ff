"""Where curves and scores are shown while cells run: trackers by name, ours and those of others.

A tracker is found by the entry-point group ``transferbench.trackers``: a callable that takes
:class:`~benchmark.tracking.base.Home` and returns a :class:`~benchmark.tracking.base.Tracker`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmark.errors import BenchmarkError, EnvironmentProblem
from benchmark.plugins import OURS, Plugins
from benchmark.tracking.base import Home, MakeTracker, Subject, TrackedRun, Tracker
from benchmark.tracking.feed import CurvesOnly, Feed, Result, Tracking

__all__ = [
    'TRACKERS', 'CurvesOnly', 'Feed', 'Home', 'MakeTracker', 'Result', 'Subject', 'TrackedRun',
    'Tracker', 'Tracking', 'open_tracking',
]  # fmt: skip


def _own() -> dict[str, str]:
    return {
        'mlflow': f'{__name__}.mlflow:MlflowTracker',
        'tensorboard': f'{__name__}.tensorboard:TensorboardTracker',
        'trackio': f'{__name__}.trackio:TrackioTracker',
        'wandb': f'{__name__}.wandb:WandbTracker',
    }


def _problem(part: object) -> str:
    return '' if callable(part) else f'it is a {type(part).__name__}, must be callable'


TRACKERS: Plugins[MakeTracker] = Plugins('trackers', 'tracker', _own, _problem)


@contextlib.contextmanager
def open_tracking(
    wanted: str | Tracker | Sequence[str | Tracker],
    folder: Path,
    say: Callable[[str], None],
    *,
    is_named: bool = True,
) -> Iterator[Tracking | None]:
    """Yield what feeds the trackers that are asked for, ``None`` where there are none.

    Args:
        wanted: names, or trackers, or one of them.
        folder: where they keep their files unless their own settings say otherwise.
        say: receives one line per tracker: where it writes, and that it failed.
        is_named: whether it is said where they write.

    Raises:
        UnknownNameError: there is no such tracker.
        EnvironmentProblem: its library is not installed, or it cannot be opened here.
    """
    listed: Sequence[str | Tracker] = [wanted] if isinstance(wanted, str | Tracker) else wanted
    made = {_name(which): _make(which, folder) for which in listed}
    if not made:
        yield None
        return
    for name, tracker in made.items() if is_named else ():
        say(f'tracked by {name}: {tracker.place}')
    tracking = Tracking(made, say)
    try:
        yield tracking
    finally:
        tracking.close()


def _name(which: str | Tracker) -> str:
    return which if isinstance(which, str) else type(which).__name__


def _make(which: str | Tracker, folder: Path) -> Tracker:
    if not isinstance(which, str):
        return which
    make = TRACKERS.load(which)
    place = (folder / which).resolve()
    try:
        return make(Home(place))
    except ImportError as error:
        extra = f"pip install '.[{which}]'" if TRACKERS.package(which)[0] == OURS else 'install it'
        raise EnvironmentProblem(
            f'--track {which}: its library cannot be imported ({error}); {extra}, or leave the '
            'tracker out'
        ) from None
    except BenchmarkError:
        raise
    except Exception as error:  # a client library fails in any way
        said = ' '.join(str(error).split())
        raise EnvironmentProblem(
            f'--track {which}: cannot be opened ({type(error).__name__}: {said}); leave the '
            'tracker out, or mend what it says'
        ) from None
