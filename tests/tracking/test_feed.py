"""Points reach trackers once, whatever is resumed, and a bad tracker costs a line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import EnvironmentProblem, UnknownNameError
from benchmark.results.live import LIVE, LiveFile, LiveReader, last_point
from benchmark.tracking import Result, Subject, Tracking, open_tracking
from tests.support.trackers import Broken, Hanging, Noting, Refusing


def subject(folder: Path, **more: Any) -> Subject:
    return Subject('a--1', 'a', 'quick', folder, **more)


def steps(run: Any, name: str = 'train/loss') -> list[int]:
    return [step for step, values in run.points if name in values]


def test_points_are_read_once_and_half_a_line_waits(tmp_path: Path) -> None:
    file, reader = LiveFile(tmp_path, is_fresh=True), LiveReader(tmp_path)
    assert list(reader.points()) == []
    file.add(1, 4, {'loss': 2.0, 'lr': float('nan')})
    with (tmp_path / LIVE).open('a') as half:
        half.write('[2, 4, 1.0, {"lo')
    (point,) = reader.points()
    assert (point.step, point.total, dict(point.values)) == (1, 4, {'loss': 2.0})
    with (tmp_path / LIVE).open('a') as half:
        half.write('ss": 1.5}]\n')
    assert [point.step for point in reader.points()] == [2]
    assert last_point(tmp_path) == (2, 4, 1.0, {'loss': 1.5})
    assert last_point(tmp_path, since=3.0) is None
    LiveFile(tmp_path, is_fresh=True).add(1, 4, {})
    assert [point.step for point in reader.points()] == [1]
    LiveFile(tmp_path / 'absent', is_fresh=True).add(1, 4, {})  # nothing is raised


def test_a_training_that_is_resumed_goes_on_in_its_run_without_a_point_twice(
    tmp_path: Path,
) -> None:
    """The second process goes on from step 2, of which the first one had sent 3."""
    trackers = [Noting(), Noting()]
    for tracker, written in zip(trackers, ([1, 2, 3], [3, 4]), strict=True):
        file = LiveFile(tmp_path, is_fresh=written[0] == 1)
        for step in written:
            file.add(step, 4, {'loss': 1 / step})
        tracking = Tracking({'noting': tracker}, print, pause=0.01)
        tracking.follow(subject(tmp_path))
        while not tracker.runs or len(tracker.runs[0].points) < len(written) - (written[0] == 3):
            time.sleep(0.01)
        if written[0] == 3:
            tracking.finish(subject(tmp_path), Result(4, {'score/accuracy': 50.0}))
        tracking.close()
    first, second = (tracker.runs[0] for tracker in trackers)
    assert steps(first) == [1, 2, 3]
    assert first.ends == ['interrupted']
    assert second.known == 'run 0'
    assert steps(second) == [4]
    assert second.points[-1] == (4, {'score/accuracy': 50.0})
    assert second.ends == ['finished']
    assert [path.name for path in tmp_path.iterdir()] == [LIVE]


def test_numbers_of_a_step_are_sent_once_in_any_order_of_steps(tmp_path: Path) -> None:
    tracker = Noting()
    for order in ([30, 10], [10, 20, 30]):
        tracking = Tracking({'noting': tracker}, print, pause=0.01)
        for step in order:
            tracking.add(subject(tmp_path, goes_on=True), step, {'val/a': float(step)})
        tracking.finish(subject(tmp_path, goes_on=True), Result())
        tracking.close()
    assert [step for run in tracker.runs for step, _ in run.points] == [30, 10, 20]
    assert [run.known for run in tracker.runs] == ['', 'run 0']


def test_one_that_fails_is_named_once_and_the_others_go_on(tmp_path: Path) -> None:
    LiveFile(tmp_path, is_fresh=True).add(1, 2, {'loss': 1.0})
    lines: list[str] = []
    good = Noting()
    trackers = {'refusing': Refusing(), 'good': good, 'broken': Broken()}
    tracking = Tracking(trackers, lines.append, pause=0.01)
    for name in ('a', 'b'):
        tracking.finish(subject(tmp_path / name), Result(2, {'score/a': 1.0}))
    tracking.finish(subject(tmp_path), Result(2, {'score/a': 1.0}))
    tracking.close()
    assert sorted(line.partition(' failed')[0] for line in lines) == [
        'WARNING broken', 'WARNING refusing'
    ]  # fmt: skip
    assert any('(OSError: no network at scalars); the records are not' in line for line in lines)
    assert len(good.runs) == 3


def test_one_that_hangs_does_not_hold_the_run_up(tmp_path: Path) -> None:
    lines: list[str] = []
    tracking = Tracking({'slow': Hanging()}, lines.append, pause=0.01, patience=0.05)
    started = time.monotonic()
    tracking.finish(subject(tmp_path), Result(2, {'score/a': 1.0}))
    tracking.close()
    assert time.monotonic() - started < 2
    (line,) = lines
    assert line.startswith('slow: still busy after 0.05 s')


def test_a_library_that_is_missing_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__('sys').modules, 'wandb', None)
    with (
        pytest.raises(EnvironmentProblem, match=r"--track wandb: .* pip install '\.\[wandb\]'"),
        open_tracking(['wandb'], tmp_path, print),
    ):
        pass
    with (
        pytest.raises(UnknownNameError, match="unknown tracker 'wanb'; did you mean 'wandb'"),
        open_tracking('wanb', tmp_path, print),
    ):
        pass
    with open_tracking((), tmp_path, print) as nothing:
        assert nothing is None
    assert not list(tmp_path.iterdir())
